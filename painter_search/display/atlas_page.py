"""A map of an index: `map.png`, and `map.html` to wander about in."""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from painter_search.collection.dates import year_of
from painter_search.display.hues import colours, shapes
from painter_search.display.pages import embed_picture, open_template
from painter_search.display.plots import any_letters, new_figure, save_figure
from painter_search.display.tables import print_json, show
from painter_search.folders import write_bytes
from painter_search.progress import track
from painter_search.retrieval.atlas import TRUSTED, Atlas, lay_out
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.pictures import open_thumbnail
from painter_search.retrieval.settings import MapConfig

MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D"}
"""matplotlib's names of the shapes."""
SIGNS = {"circle": "●", "square": "■", "triangle": "▲", "diamond": "◆"}
"""The shapes as text."""
PIXELS = 20_000_000
"""Pixels of all thumbnails together, about 8 MB: few works are shown larger."""
SMALLEST, LARGEST = 64, 128
"""Sides of a thumbnail in pixels."""
ACROSS = 16
"""Thumbnails in a row of a sheet; a sheet has as many rows."""
LABELS = 45
"""Artists named on the picture, those with the most works first, as far as their names do not overlap."""


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
    kept: float
    """Share of each work's nearest works in the index that are among the nearest on the map."""


def draw_map(config: MapConfig | None = None) -> MapFiles:
    """Lay the works of an index out by likeness, and write `map.png` and `map.html` into the folder of indexes."""
    config = config or MapConfig()
    index = PaintingIndex.load(config.index)
    atlas = lay_out(index, config.works, config.seed)
    folder = index.folder.parent
    draw_atlas(folder / "map.png", atlas, index.digest)
    write_map_page(folder / "map.html", atlas, index, (folder / "map.png").read_bytes())
    return MapFiles(
        picture=folder / "map.png",
        page=folder / "map.html",
        index=index.digest,
        works=len(atlas.works),
        artists=len(atlas.artists),
        total=atlas.total,
        trustworthiness=atlas.trustworthiness,
        kept=atlas.kept,
    )


def show_map(files: MapFiles, as_json: bool = False) -> None:
    """Where the map lies and how far it can be believed."""
    if as_json:
        print_json(files)
        return
    sample = f", a sample of {files.total:,}" if files.total > files.works else ""
    show(f"Map of index {files.index}: {files.works:,} works{sample} by {files.artists:,} artists.")
    show(faithfulness(files))
    show(f"Look at {files.page} (as a picture: {files.picture})")


def faithfulness(found: Atlas | MapFiles) -> str:
    """How far the map can be believed, in plain words."""
    if math.isnan(found.trustworthiness):
        return "So few works say nothing of how far the map can be believed."
    return (
        f"Of the {TRUSTED} works nearest in style to a work, {100 * found.kept:.0f} % are among the {TRUSTED} nearest "
        f"on the map; its trustworthiness is {found.trustworthiness:.2f} (1: all neighbours on the map are neighbours "
        "in style; about 0.5: as by chance). How far apart two groups lie means little."
    )


def draw_atlas(path: Path, atlas: Atlas, digest: str) -> None:
    """The map as a picture."""
    figure, panel = new_figure(1, 1, (12, 12))
    x, y = atlas.places.T
    for number, (colour, shape) in enumerate(zip(*_looks(atlas), strict=True)):
        mine = atlas.numbers == number
        panel.scatter(x[mine], y[mine], s=14, color=colour, marker=MARKERS[shape], linewidths=0)
    panel.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), aspect="equal")
    panel.set_axis_off()
    panel.set_title(f"{len(x):,} works by {len(atlas.artists):,} artists, by likeness; index {digest}", fontsize=10)
    taken: list[Any] = []
    figure.draw_without_rendering()
    sizes = np.bincount(atlas.numbers)
    for number in np.argsort(-sizes, kind="stable")[: 4 * LABELS]:
        place = atlas.places[atlas.centres[number]]
        name = atlas.artists[number].replace("$", r"\$")  # which would begin a formula
        label = panel.annotate(
            name, place, fontsize=8, ha="center", va="center",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.75, "linewidth": 0},
        )  # fmt: skip
        with any_letters():
            box = label.get_window_extent()
        if len(taken) >= LABELS or any(box.overlaps(other) for other in taken):
            label.remove()
        else:
            taken.append(box)
    save_figure(figure, path)


def write_map_page(path: Path, atlas: Atlas, index: PaintingIndex, picture: bytes) -> None:
    """The map to wander about in: one HTML file that asks nothing of the network and runs but its own script."""
    script = map_script()
    page = open_template("map.html").render(
        **map_content(atlas, index),
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        picture=embed_picture(picture, "png"),
        index=index,
        today=date.today().isoformat(),
    )
    write_bytes(path, page.encode("utf-8", "replace"))


def map_content(atlas: Atlas, index: PaintingIndex) -> dict[str, Any]:
    """What the map's page shows, as plain values: `data` for its script, and what its text says."""
    side = int(min(LARGEST, max(SMALLEST, math.sqrt(PIXELS / len(atlas.works)) // 8 * 8)))
    hues, forms = _looks(atlas)
    styles = sorted({work.style for work in atlas.works if work.style})
    years = [year_of(work.date) for work in atlas.works]
    sheets, sizes = _sheets(atlas, index, side)
    data = {
        "side": side,
        "across": ACROSS,
        "artists": [list(row) for row in zip(atlas.artists, hues, forms, atlas.centres.tolist(), strict=True)],
        "works": [
            [*np.round(place, 4).astype(float).tolist(), number, *size, work.title or work.file, work.date, id,
             work.style, year]
            for place, number, size, work, id, year in zip(
                atlas.places, atlas.numbers.tolist(), sizes, atlas.works, atlas.ids.tolist(), years, strict=True
            )
        ],
        "sheets": sheets,
    }  # fmt: skip
    counts = np.bincount(atlas.numbers).tolist()
    signs = [SIGNS[form] for form in forms]
    return {
        "data": data,
        "legend": list(zip(atlas.artists, hues, signs, counts, strict=True)),
        "styles": styles,
        "dated": any(year is not None for year in years),
        "shown": len(atlas.works),
        "total": atlas.total,
        "faithfulness": faithfulness(atlas),
    }


def _looks(atlas: Atlas) -> tuple[list[str], list[str]]:
    return colours(len(atlas.artists)), shapes(len(atlas.artists))


def map_script() -> str:
    """The script of the map's page."""
    return (Path(__file__).parent / "templates" / "map.js").read_text(encoding="utf-8")


def _sheets(atlas: Atlas, index: PaintingIndex, side: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Thumbnails on sheets of `ACROSS` by `ACROSS` squares of `side` pixels, and the size of each thumbnail."""
    sheets: list[str] = []
    sizes: list[tuple[int, int]] = []
    for batch in track(list(_batches(atlas.ids.tolist())), "Thumbnails"):
        sheet = Image.new("RGB", (side * ACROSS, side * -(-len(batch) // ACROSS)))
        for place, id in enumerate(batch):
            picture = open_thumbnail(index, id)
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
            sheet.paste(picture, (place % ACROSS * side, place // ACROSS * side))
            sizes.append(picture.size)
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=80)
        sheets.append(embed_picture(buffer.getvalue()))
    return sheets, sizes


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + ACROSS**2] for start in range(0, len(ids), ACROSS**2))
