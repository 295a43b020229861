"""An answer as shares that sum to 100: the first artist, another artist of the index, nobody in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from painter_search.attribution.answers import Attribution, format_probability

STEP = 5
"""Shares are rounded to this many percent: they are not known more precisely."""


class ShareWords(NamedTuple):
    """A share in words."""

    likely: str
    """How likely it is: `about 75 %`."""
    who: str


class Share(NamedTuple):
    """A part of the bar."""

    kind: str
    """`first`, `another` or `nobody`."""
    percent: int
    words: ShareWords


def answer_shares(answer: Attribution) -> tuple[Share, ...]:
    """The three shares of an answer, which sum to 100; empty without calibration."""
    exact = exact_shares(answer)
    if exact is None:
        return ()
    names = (answer.artists[0].artist, "another artist in this index", "nobody in this index")
    kinds = ("first", "another", "nobody")
    percents = round_to_hundred(exact)
    # The words are those of the rounded shares, so that bar and text say the same.
    return tuple(
        Share(kind, percent, ShareWords(format_probability(_within(percent)), name))
        for kind, percent, name in zip(kinds, percents, names, strict=True)
    )


def exact_shares(answer: Attribution) -> tuple[float, float, float] | None:
    """Probability that the painting is by the first artist, by another of the index, by nobody in it; None without."""
    if not answer.artists or answer.artist_known is None or answer.artists[0].probability is None:
        return None
    first = min(answer.artists[0].probability, answer.artist_known)
    return first, answer.artist_known - first, 1 - answer.artist_known


def round_to_hundred(shares: Sequence[float], step: int = STEP) -> list[int]:
    """Shares of 1 as multiples of `step` percent that sum to 100, by largest remainder."""
    units = [100 / step * share for share in shares]
    whole = [int(unit) for unit in units]
    by_remainder = sorted(range(len(units)), key=lambda number: whole[number] - units[number])
    for number in by_remainder[: round(100 / step) - sum(whole)]:
        whole[number] += 1
    return [step * unit for unit in whole]


def _within(percent: int) -> float:
    """The share as `format_probability` takes it: 0 reads as under 5 %, 100 as over 95 %."""
    return percent / 100
