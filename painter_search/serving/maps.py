"""Maps of indexes, each drawn once in a process of its own and kept beside the index."""

from __future__ import annotations

import base64
import contextlib
import json
import multiprocessing
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from painter_search.errors import UserError
from painter_search.folders import read_json, to_json, write_json
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import MapConfig

Map = dict[str, Any]
"""What `map_content` in `display/atlas_page.py` says of an index, with the picture for browsers without script."""


class Maps:
    """Gives the map of an index, or has it drawn."""

    def __init__(self) -> None:
        self._pool = ProcessPool(max_workers=1, max_tasks=1, context=multiprocessing.get_context("spawn"))
        self._drawn: dict[str, Future[Map]] = {}
        self._lock = threading.Lock()

    def get(self, index: PaintingIndex) -> Map | None:
        """The map of an index; None while it is being drawn. Raises `UserError` where it cannot be drawn."""
        with self._lock:
            if index.digest not in self._drawn:
                kept = _kept_at(index)
                if kept.is_file():
                    self._drawn = {index.digest: Future()}
                    try:
                        self._drawn[index.digest].set_result(read_json(kept))
                    except UserError:  # damaged: it is drawn again
                        kept.unlink(missing_ok=True)
                        self._drawn = {}
                if index.digest not in self._drawn:
                    self._drawn = {index.digest: self._pool.schedule(draw_kept_map, args=[index.folder])}
            drawn = self._drawn[index.digest]
        return drawn.result() if drawn.done() else None

    def sheet(self, digest: str, number: int) -> bytes | None:
        """One of a map's sheets of thumbnails, a JPEG file."""
        drawn = self._drawn.get(digest)
        if drawn is None or not drawn.done() or drawn.exception() is not None:
            return None
        sheets = drawn.result()["data"]["sheets"]
        return base64.b64decode(sheets[number].partition(",")[2]) if 0 <= number < len(sheets) else None

    def close(self) -> None:
        """End the process that draws."""
        self._pool.stop()
        self._pool.join()


def draw_kept_map(folder: Path) -> Map:
    """Lay out the index in a folder, and keep its map beside it where that can be written to."""
    from tempfile import TemporaryDirectory

    from painter_search.display.atlas_page import draw_atlas, map_content
    from painter_search.display.pages import embed_picture
    from painter_search.retrieval.atlas import lay_out

    config = MapConfig(folder)
    index = PaintingIndex.load(folder)
    atlas = lay_out(index, config.works, config.seed)
    with TemporaryDirectory() as scratch:
        picture = Path(scratch) / "map.png"
        draw_atlas(picture, atlas, index.digest)
        content = {**map_content(atlas, index), "picture": embed_picture(picture.read_bytes(), "png")}
    content = json.loads(to_json(content))
    with contextlib.suppress(OSError):  # the next server draws it again
        write_json(_kept_at(index), content)
    return content


def _kept_at(index: PaintingIndex) -> Path:
    return index.folder.with_name(f".map-{index.digest}.json")
