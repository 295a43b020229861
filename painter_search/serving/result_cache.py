"""Results about uploaded paintings, kept in memory for a while under addresses that cannot be guessed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cachetools import TTLCache

from painter_search.analysis.comparisons.comparison import Comparison
from painter_search.analysis.comparisons.comparison_inputs import ComparedPainting
from painter_search.attribution.answers import Answer
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import RESULT_CACHE_BYTES, RESULT_SECONDS
from painter_search.serving.lookups import NotFound
from painter_search.serving.uploads import Upload


@dataclass(frozen=True)
class CachedResult:
    """The answers about uploaded paintings, or a comparison of them, and the index that gave it."""

    index: PaintingIndex
    answers: tuple[Answer, ...] = ()
    paintings: tuple[Callable[[], ComparedPainting] | None, ...] = ()
    """Make the paintings of the answers for comparisons with others; None for unreadable files."""
    uploads: tuple[Upload, ...] = ()
    """The files that the answers are about, so that they can be cropped again."""
    top_k: int = 5
    works_per_artist: int = 3
    comparison: Comparison | None = None
    size: int = 0
    """Memory in bytes, roughly."""
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
    expires: float
    """By the cache's clock; cachetools does not tell when an item expires."""


class ResultCache:
    """The latest results, as long as time and memory allow. Safe to use from several threads.

    When memory runs short, the least recently used results make way. The newest one always stays, however large: the
    browser is about to be redirected to it.
    """

    def __init__(
        self,
        seconds: float = RESULT_SECONDS,
        max_bytes: int = RESULT_CACHE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._lock = threading.Lock()
        # A result of more than the limit counts as the limit, since cachetools refuses larger items.
        self._entries: TTLCache[str, _Entry] = TTLCache(
            max_bytes, seconds, timer=clock, getsizeof=lambda entry: min(entry.result.size, max_bytes)
        )

    def add(self, result: CachedResult) -> str:
        """Keep a result; returns the random name that `get` finds it under."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._entries[name] = _Entry(result, self._clock() + self._seconds)
        return name

    def get(self, name: str) -> CachedResult | None:
        """The result of this name, or None if it is unknown or no longer kept."""
        with self._lock:
            entry = self._entries.get(name)
        return None if entry is None else entry.result

    def expire(self) -> None:
        """Let go of what is no longer kept, which otherwise stays in memory until the next result."""
        with self._lock:
            self._entries.expire()

    def seconds_left(self, name: str) -> float:
        """Seconds until the result of this name expires; 0 if it is unknown or no longer kept."""
        with self._lock:
            entry = self._entries.get(name)
        return 0.0 if entry is None else max(entry.expires - self._clock(), 0.0)
