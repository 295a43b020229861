"""The map of the current index, laid out once in a process of its own and cached on disk next to the index."""

from __future__ import annotations

import base64
import contextlib
import json
import multiprocessing
import threading
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pebble import ProcessPool

from painter_search.analysis.projection import project_index
from painter_search.common.errors import PainterSearchError
from painter_search.common.files.atomic_io import read_json, to_json, write_json
from painter_search.display.pages.map_page import map_content
from painter_search.display.pages.page import data_uri
from painter_search.display.plots import draw_map_picture
from painter_search.index.painting_index import PaintingIndex

MapContent = dict[str, Any]
"""`map_content` of `display/pages/map_page.py`, with `picture`: the map as an image, for browsers without scripts."""


class MapCache:
    """Returns the map of an index, or has it laid out in the background."""

    def __init__(self) -> None:
        self._pool = ProcessPool(max_workers=1, max_tasks=1, context=multiprocessing.get_context("spawn"))
        self._lock = threading.Lock()
        self._maps: dict[str, Future[MapContent]] = {}
        """By index digest; that of the latest index only."""

    def get(self, index: PaintingIndex) -> MapContent | None:
        """The map of an index, or None while it is being laid out.

        Raises:
            PainterSearchError: The index cannot be laid out.
        """
        with self._lock:
            if index.digest not in self._maps:
                self._maps = {index.digest: _read_cached_map(index) or self._schedule(index)}
            future = self._maps[index.digest]
            failed = future.exception() if future.done() else None
            if failed is not None and not isinstance(failed, PainterSearchError):
                del self._maps[index.digest]  # its process was killed, perhaps: the next request tries again
        return future.result() if future.done() else None

    def sprite_sheet(self, digest: str, number: int) -> bytes | None:
        """One of a map's sheets of thumbnails as a JPEG file; None if there is no such map or sheet."""
        future = self._maps.get(digest)
        if future is None or not future.done() or future.exception() is not None:
            return None
        sheets: list[str] = future.result()["data"]["sheets"]
        return base64.b64decode(sheets[number].partition(",")[2]) if 0 <= number < len(sheets) else None

    def close(self) -> None:
        """Stop the process that lays maps out."""
        self._pool.stop()  # pebble declares no return type
        self._pool.join()

    def _schedule(self, index: PaintingIndex) -> Future[MapContent]:
        future: Future[MapContent] = self._pool.schedule(draw_cached_map, args=[index.folder])
        return future


def draw_cached_map(folder: Path) -> MapContent:
    """Lay the index in a folder out and cache its map next to it, if that folder can be written to."""
    index = PaintingIndex.load(folder)
    projection = project_index(index)
    with TemporaryDirectory() as temporary:
        picture = Path(temporary) / "map.png"
        draw_map_picture(picture, projection, index.digest)
        content = {**map_content(projection, index), "picture": data_uri(picture.read_bytes(), "png")}
    plain: MapContent = json.loads(to_json(content))
    if index.folder.is_dir():  # not removed meanwhile
        with contextlib.suppress(OSError):  # the next server lays it out again
            write_json(_cache_path(index), plain)
    return plain


def _read_cached_map(index: PaintingIndex) -> Future[MapContent] | None:
    """The map that an earlier server cached, as a finished future; None if there is none or it is damaged."""
    path = _cache_path(index)
    if not path.is_file():
        return None
    future: Future[MapContent] = Future()
    try:
        future.set_result(read_json(path))
    except PainterSearchError:
        path.unlink(missing_ok=True)
        return None
    return future


def _cache_path(index: PaintingIndex) -> Path:
    return index.folder.with_name(f".map-{index.digest}.json")
