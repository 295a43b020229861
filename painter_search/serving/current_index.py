"""The index in use, which may be replaced on disk at any time; each request is answered from one index alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
from cachetools import LRUCache

from painter_search.common.errors import PainterSearchError
from painter_search.common.log import logger
from painter_search.index.attribution_data import COHORT_WORKS
from painter_search.index.config import WorkFilter
from painter_search.index.manifest import find_index
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.filters import Selection

RETRY_SECONDS = 30
"""After which an index that could not be used is tried again."""
MAX_FILTERED_BYTES = 400_000_000
"""Filtered indexes take so much memory together, or as much as one of all works: what they compute takes a while."""


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
        self._tried = 0.0
        """When an index last proved unusable, by `time.monotonic`."""
        self._opened: WeakValueDictionary[str, PaintingIndex] = WeakValueDictionary()
        self._index = self._open(find_index(home))
        self._filtered = _filtered_cache(self._index)

    def get(self) -> PaintingIndex:
        """The current index. If a new one cannot be used, the one before stays current."""
        folder = self._current_folder()
        if folder is not None and self._is_to_be_opened(folder):
            with self._lock:
                if self._is_to_be_opened(folder):
                    self._replace(folder)
        return self._index

    def _is_to_be_opened(self, folder: Path) -> bool:
        """Whether the folder holds another index that did not just prove unusable, as one does that is being copied."""
        tried = folder == self._unusable and time.monotonic() < self._tried + RETRY_SECONDS
        return folder != self._index.folder and not tried

    def by_digest(self, digest: str) -> PaintingIndex | None:
        """The index with this digest, if it is the current one or a cached result still refers to it."""
        return self._opened.get(digest)

    def filtered(self, index: PaintingIndex, filter: WorkFilter) -> PaintingIndex:
        """The index with the works that pass the filter; raises `PainterSearchError` if none do."""
        if filter == WorkFilter():
            return index
        return self._cached(index, filter, lambda: index.filtered(filter))

    def narrowed(self, index: PaintingIndex, selection: Selection | None) -> PaintingIndex:
        """The index with the works that were selected from it before, also after its folder was removed."""
        if selection is None:
            return index
        return self._cached(index, selection.filter, lambda: index.narrowed(selection))

    def _cached(self, index: PaintingIndex, filter: WorkFilter, narrow: Callable[[], PaintingIndex]) -> PaintingIndex:
        key = (index.digest, filter)
        with self._lock:
            if (cached := self._filtered.get(key)) is not None:
                return cached
        narrowed = narrow()
        if index is self._index:  # one that was replaced would stay in memory
            with self._lock:
                self._filtered[key] = narrowed
        return narrowed

    def _current_folder(self) -> Path | None:
        try:
            return find_index(self._home)
        except (PainterSearchError, OSError):
            return None  # being moved, or removed; the opened index stays usable

    def _replace(self, folder: Path) -> None:
        try:
            self._index = self._open(folder)
            self._filtered = _filtered_cache(self._index)
        except (PainterSearchError, OSError) as error:
            known = folder == self._unusable
            self._unusable, self._tried = folder, time.monotonic()
            reason = error.command_line if isinstance(error, PainterSearchError) else f"{error}."
            if not known:
                logger.error("painter_search: %s The index before stays in use.", reason)

    def _open(self, folder: Path) -> PaintingIndex:
        index = PaintingIndex.load(folder)
        # Open every part now, so that the index stays usable when its folder is removed.
        first = int(index.artists.ids[0])
        index.works.thumbnail(first)
        index.works.picture(first)
        index.works.candidate_rows(np.array([first]))
        _ = (
            index.engine,
            index.plda,
            index.fingerprints,
            index.local_scales,
            index.cohort_embeddings,
        )
        self._opened[index.digest] = index
        return index


def _filtered_cache(index: PaintingIndex) -> LRUCache[tuple[str, WorkFilter], PaintingIndex]:
    return LRUCache(max(MAX_FILTERED_BYTES, _memory(index)), getsizeof=_memory)


def _memory(index: PaintingIndex) -> int:
    """About the bytes that a filtered index takes: of an exact one embeddings, fingerprints and sums of artists."""
    row = 4 * index.store.dim
    return COHORT_WORKS * row + len(index) * (4 * row if index.exact else 32)
