"""The index in use, which may be replaced on disk at any time; each request is answered from one index alone."""

from __future__ import annotations

import threading
from pathlib import Path
from weakref import WeakValueDictionary

from cachetools import LRUCache

from painter_search.common.errors import PainterSearchError
from painter_search.common.log import logger
from painter_search.index.config import WorkFilter
from painter_search.index.manifest import find_index
from painter_search.index.painting_index import PaintingIndex

MAX_FILTERED = 16
"""Filtered indexes that are kept: what they compute from all their works takes a while."""


class CurrentIndex:
    """Opens the current index of a folder, and reopens it when it is replaced. Safe to use from several threads."""

    def __init__(self, home: Path) -> None:
        """Open the index at `home`, a folder of indexes or one index.

        Raises:
            PainterSearchError: There is no index, or it cannot be used.
        """
        self._home = home
        self._lock = threading.Lock()
        self._unusable: Path | None = None
        self._opened: WeakValueDictionary[str, PaintingIndex] = WeakValueDictionary()
        self._filtered: LRUCache[tuple[str, WorkFilter], PaintingIndex] = LRUCache(MAX_FILTERED)
        self._index = self._open(find_index(home))

    def get(self) -> PaintingIndex:
        """The current index. If a new one cannot be used, the one before stays current."""
        folder = self._current_folder()
        if folder is not None and folder not in (self._index.folder, self._unusable):
            with self._lock:
                if folder not in (self._index.folder, self._unusable):
                    self._replace(folder)
        return self._index

    def by_digest(self, digest: str) -> PaintingIndex | None:
        """The index with this digest, if it is the current one or a cached result still refers to it."""
        return self._opened.get(digest)

    def filtered(self, index: PaintingIndex, filter: WorkFilter) -> PaintingIndex:
        """The index with the works that pass the filter; raises `PainterSearchError` if none do."""
        if filter == WorkFilter():
            return index
        key = (index.digest, filter)
        with self._lock:
            if (cached := self._filtered.get(key)) is not None:
                return cached
        filtered = index.filtered(filter)
        with self._lock:
            self._filtered[key] = filtered
        return filtered

    def _current_folder(self) -> Path | None:
        try:
            return find_index(self._home)
        except (PainterSearchError, OSError):
            return None  # being moved, or removed; the opened index stays usable

    def _replace(self, folder: Path) -> None:
        try:
            self._index = self._open(folder)
            self._filtered.clear()
        except PainterSearchError as error:
            self._unusable = folder
            logger.error("painter_search: %s The index before stays in use.", error.command_line)

    def _open(self, folder: Path) -> PaintingIndex:
        index = PaintingIndex.load(folder)
        # Open every part now, so that the index stays usable when its folder is removed.
        first = int(index.artists.ids[0])
        index.works.thumbnail(first)
        index.works.picture(first)
        _ = (
            index.engine,
            index.fingerprints,
            index.local_scales,
            index.reference_embeddings,
        )
        self._opened[index.digest] = index
        return index
