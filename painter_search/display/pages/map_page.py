"""The map of an index: the picture `map.png`, and the page `map.html` to explore it.

The cached map of a server keeps `map_content` on disk, so that its keys must not change.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from painter_search.analysis.config import MapConfig
from painter_search.analysis.projection import Projection, project_index
from painter_search.collection.dates.years import Years, read_years
from painter_search.common.files.atomic_io import check_writable
from painter_search.common.html_repr import html_picture, html_table
from painter_search.common.progress import track
from painter_search.display.pages.page import data_uri, open_template, write_page
from painter_search.display.palette import artist_colors, artist_shapes
from painter_search.display.plots import draw_map_picture
from painter_search.display.words.citation import citation_line
from painter_search.display.words.faithfulness import describe_faithfulness
from painter_search.index.manifest import CURRENT
from painter_search.index.painting_index import PaintingIndex

SYMBOLS = {"circle": "●", "square": "■", "triangle": "▲", "diamond": "◆"}
"""The shapes as characters."""
THUMBNAIL_PIXELS = 20_000_000
"""Pixels of all thumbnails together, about 8 MB: the fewer works, the larger their thumbnails."""
MIN_SIDE, MAX_SIDE = 64, 128
"""Sides of a thumbnail in pixels."""
SPRITES_PER_ROW = 16
"""Thumbnails in a row of a sprite sheet; a sheet has as many rows."""
SHEET = SPRITES_PER_ROW**2
"""Thumbnails on a sheet."""


@dataclass(frozen=True)
class MapFiles:
    """Where a map was written, and what it shows."""

    picture: Path
    page: Path
    index: str
    """The digest of the index."""
    works: int
    artists: int
    total: int
    """Works in the index; a map of fewer shows a sample."""
    trustworthiness: float
    """How far neighbours on the map are neighbours in style among the works shown, 0 to 1; `nan` for a handful."""
    kept: float
    """Share of each work's nearest among the works shown that are among the nearest on the map."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `map --json` prints them."""
        return {**asdict(self), "picture": self.picture.as_posix(), "page": self.page.as_posix()}

    def _repr_html_(self) -> str:
        caption = f"{self.works:,} of {self.total:,} works by {self.artists:,} artists"
        return html_table((caption,), [[html_picture(self.picture.read_bytes(), 900, caption)], [self.page]])


def draw_map(config: MapConfig | None = None) -> MapFiles:
    """Lay the works of an index out by similarity and write `map.png` and `map.html`.

    Args:
        config: Which index, the folder for the files, how many works at most, and the seed. Default: `MapConfig()`, the
            current index in `index/` and this folder.

    Returns:
        The paths of the two files, what they show, and how faithful the map is.

    Raises:
        PainterSearchError: There is no index, it is damaged, or it holds a single work.
        OSError: The files cannot be written.

    Example:
        >>> files = draw_map(MapConfig(index=Path("index")))  # doctest: +SKIP
        >>> files.page  # doctest: +SKIP
        PosixPath('index/map.html')
    """
    config = config or MapConfig()
    index = PaintingIndex.load(config.index)
    home = index.folder.parent / _name_of(index.folder) if config.out is None else config.out / "map"
    picture, page = (home.with_name(f"{home.name}.{ending}") for ending in ("png", "html"))
    for path in (picture, page):
        check_writable(path)
    projection = project_index(index, config.max_works, config.seed)
    draw_map_picture(picture, projection, index.digest)
    write_map_page(page, projection, index, picture.read_bytes())
    return MapFiles(
        picture=picture,
        page=page,
        index=index.digest,
        works=len(projection.works),
        artists=len(projection.artists),
        total=projection.total,
        trustworthiness=projection.trustworthiness,
        kept=projection.kept,
    )


def _name_of(index: Path) -> str:
    """What a map is called beside an index; where that is a single one, among other things, it is called after it."""
    return "map" if (index.parent / CURRENT).is_file() else f"{index.name}-map"


def write_map_page(path: Path, projection: Projection, index: PaintingIndex, picture: bytes) -> None:
    """Write the map as one HTML file that fetches nothing and runs no script but its own."""
    script = map_script()
    page = open_template("map.html").render(
        **map_content(projection, index),
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        picture=data_uri(picture, "png"),
        index=index,
        citation=citation_line(index),
    )
    write_page(path, page)


def map_content(projection: Projection, index: PaintingIndex) -> dict[str, Any]:
    """The variables of the template `map.html` as plain values; `data` is read by the scripts in `templates/map/`."""
    fitting_side = math.sqrt(THUMBNAIL_PIXELS / len(projection.works)) // 8 * 8
    side = int(min(MAX_SIDE, max(MIN_SIDE, fitting_side)))
    colors, shapes = artist_colors(len(projection.artists)), artist_shapes(len(projection.artists))
    artists = projection.artists
    years = [read_years(work.date) or Years(None, None) for work in projection.works]
    sheets, sizes = _sprite_sheets(projection, index, side)
    positions = np.round(projection.positions, 4).astype(float).tolist()
    data = {
        "side": side,
        "across": SPRITES_PER_ROW,
        "artists": [list(row) for row in zip(artists, colors, shapes, projection.central_works.tolist(), strict=True)],
        "works": [
            [*position, artist, *size, work.caption, work.date, id, work.style, *dated]
            for position, artist, size, work, id, dated in zip(
                positions, projection.numbers.tolist(), sizes, projection.works, projection.ids.tolist(), years,
                strict=True,
            )
        ],
        "sheets": sheets,
    }  # fmt: skip
    symbols = [SYMBOLS[shape] for shape in shapes]
    works_per_artist = np.bincount(projection.numbers).tolist()
    return {
        "data": data,
        "legend": list(zip(artists, colors, symbols, works_per_artist, strict=True)),
        "styles": sorted({work.style for work in projection.works if work.style}),
        "dated": any(one != (None, None) for one in years),
        "shown": len(projection.works),
        "total": projection.total,
        "faithfulness": describe_faithfulness(
            len(projection.works), projection.total, projection.kept, projection.trustworthiness
        ),
    }


def map_script() -> str:
    """The script of the map's page: the files of `templates/map/`, one after the other."""
    files = sorted((Path(__file__).parent / "templates" / "map").glob("*.js"))
    return "".join(file.read_text(encoding="utf-8") for file in files)


def _sprite_sheets(projection: Projection, index: PaintingIndex, side: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Thumbnails on sheets of `SPRITES_PER_ROW` squares of `side` pixels either way, and the size of each thumbnail."""
    sheets: list[str] = []
    sizes: list[tuple[int, int]] = []
    ids = projection.ids.tolist()
    for start in track(range(0, len(ids), SHEET), "Thumbnails"):
        batch = ids[start : start + SHEET]
        rows = -(-len(batch) // SPRITES_PER_ROW)
        sheet = Image.new("RGB", (side * SPRITES_PER_ROW, side * rows))
        for number, id in enumerate(batch):
            thumbnail = index.open_thumbnail(id)
            thumbnail.thumbnail((side, side), Image.Resampling.LANCZOS)
            row, column = divmod(number, SPRITES_PER_ROW)
            sheet.paste(thumbnail, (column * side, row * side))
            sizes.append(thumbnail.size)
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=80)
        sheets.append(data_uri(buffer.getvalue()))
    return sheets, sizes
