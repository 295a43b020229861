"""Results about uploaded paintings, kept in memory for a while under addresses that cannot be guessed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from painter_search.analysis.comparisons.comparison import Comparison
from painter_search.analysis.comparisons.comparison_inputs import ComparedPainting
from painter_search.attribution.answers import Answer
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.filters import Selection
from painter_search.serving.config import RESULT_CACHE_BYTES, RESULT_SECONDS
from painter_search.serving.lookups import NotFound
from painter_search.serving.uploads import Upload

LEAST_SECONDS = 60
"""For which a result is kept however short memory is: the browser is about to be redirected to it."""


@dataclass(frozen=True)
class CachedResult:
    """The answers about uploaded paintings, or a comparison of them, and the index that gave it."""

    index: PaintingIndex
    """With all its works: what a filtered index computes from its own would stay in memory with the result."""
    selection: Selection | None = None
    """The works that a filter left."""
    answers: tuple[Answer, ...] = ()
    paintings: tuple[Callable[[], ComparedPainting] | None, ...] = ()
    """Make the paintings of the answers for comparisons with others; None for unreadable files."""
    uploads: tuple[Upload, ...] = ()
    """The files that the answers are about, so that they can be cropped again; none once memory ran short."""
    top_k: int = 5
    works_per_artist: int = 3
    comparison: Comparison | None = None
    size: int = 0
    """Memory in bytes without the uploads and the selection, roughly."""
    time: datetime = field(default_factory=lambda: datetime.now().astimezone())
    """When it was asked."""

    def require_comparison(self) -> Comparison:
        """The comparison; raises `NotFound` if the result is answers."""
        if self.comparison is None:
            raise NotFound("There is no such comparison.")
        return self.comparison


@dataclass(frozen=True)
class _Entry:
    result: CachedResult
    added: float
    """By the cache's clock."""


class ResultCache:
    """The latest results, as long as time and memory allow. Safe to use from several threads.

    When memory runs short, uploaded files make way first, then results, the least recently used before others. Results
    of the last minute always stay, and so do the files of the newest one.
    """

    def __init__(
        self,
        seconds: float = RESULT_SECONDS,
        max_bytes: int = RESULT_CACHE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._max_bytes, self._clock = seconds, max_bytes, clock
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        """By name, the least recently used first."""

    def add(self, result: CachedResult) -> str:
        """Keep a result; returns the random name that `get` finds it under."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._expire()
            self._entries[name] = _Entry(result, self._clock())
            self._make_room()
        return name

    def get(self, name: str) -> CachedResult | None:
        """The result of this name, or None if it is unknown or no longer kept."""
        with self._lock:
            self._expire()
            if name not in self._entries:
                return None
            self._entries[name] = entry = self._entries.pop(name)
        return entry.result

    def expire(self) -> None:
        """Let go of what is no longer kept, which otherwise stays in memory until the next result."""
        with self._lock:
            self._expire()

    def seconds_left(self, name: str) -> float:
        """Seconds until the result of this name expires; 0 if it is unknown or no longer kept."""
        with self._lock:
            entry = self._entries.get(name)
        return 0.0 if entry is None else max(entry.added + self._seconds - self._clock(), 0.0)

    def _expire(self) -> None:
        now = self._clock()
        self._entries = {name: one for name, one in self._entries.items() if now < one.added + self._seconds}

    def _make_room(self) -> None:
        older = [*self._entries][:-1]
        for name in older:
            if self._result_bytes() + self._upload_bytes() <= self._max_bytes:
                return
            entry = self._entries[name]
            self._entries[name] = replace(entry, result=replace(entry.result, uploads=()))
        for name in older:
            if self._result_bytes() <= self._max_bytes:
                return
            if self._clock() >= self._entries[name].added + LEAST_SECONDS:
                del self._entries[name]

    def _result_bytes(self) -> int:
        selections = (one.result.selection for one in self._entries.values() if one.result.selection is not None)
        shared = {id(selection.ids): selection.ids.nbytes for selection in selections}  # by results of one filter
        return sum(entry.result.size for entry in self._entries.values()) + sum(shared.values())

    def _upload_bytes(self) -> int:
        uploads = (upload for entry in self._entries.values() for upload in entry.result.uploads)
        return sum({id(upload.content): len(upload.content) for upload in uploads}.values())  # crops share a file
