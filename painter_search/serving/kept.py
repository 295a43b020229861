"""Answers about uploaded paintings, kept in memory for a while under addresses that nobody can guess."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from painter_search.retrieval.attribution import Answer
from painter_search.retrieval.comparison import Comparison
from painter_search.retrieval.groups import Painting
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.settings import KEPT_BYTES, KEPT_SECONDS


@dataclass(frozen=True)
class Kept:
    """Answers about paintings, or a comparison of them, and the index that gave it."""

    index: PaintingIndex
    answers: tuple[Answer, ...] = ()
    paintings: tuple[Painting | None, ...] = ()
    """The paintings of the answers, for comparisons with others; None where one could not be read."""
    comparison: Comparison | None = None
    size: int = 0
    """Bytes that it takes."""


class KeptAnswers:
    """As many of the latest answers as time and memory allow."""

    def __init__(
        self, seconds: float = KEPT_SECONDS, size: int = KEPT_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._size, self._clock = seconds, size, clock
        self._kept: OrderedDict[str, tuple[float, Kept]] = OrderedDict()

    def add(self, kept: Kept) -> str:
        """Keep an answer; returns what its address ends in."""
        name = secrets.token_urlsafe(12)
        self._kept[name] = (self._clock() + self._seconds, kept)
        self._forget()
        return name

    def get(self, name: str) -> Kept | None:
        """The answer of this name, as long as it is kept."""
        self._forget()
        found = self._kept.get(name)
        return None if found is None else found[1]

    def seconds_left(self, name: str) -> float:
        """How long the answer of this name is kept, unless memory runs short."""
        found = self._kept.get(name)
        return 0.0 if found is None else max(found[0] - self._clock(), 0.0)

    def _forget(self) -> None:
        now, total = self._clock(), sum(kept.size for _, kept in self._kept.values())
        while self._kept:
            ends, oldest = next(iter(self._kept.values()))
            # The latest stays, however large: somebody is on the way to it.
            if ends > now and (total <= self._size or len(self._kept) == 1):
                break
            self._kept.popitem(last=False)
            total -= oldest.size
