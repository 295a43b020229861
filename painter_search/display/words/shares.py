"""An answer as shares that sum to 100: the first artist, another artist of the index, nobody in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from painter_search.attribution.answers import Attribution, format_probability

STEP = 5
"""The bar's parts are rounded to this many percent: the shares are not known more precisely."""


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
    """Its part of the bar."""
    words: ShareWords


def answer_shares(answer: Attribution, *, filtered: bool = False) -> tuple[Share, ...]:
    """The three shares of an answer, whose parts of the bar sum to 100; empty without calibration.

    Args:
        answer: The answer.
        filtered: Whether it was compared with some works of its index only.
    """
    exact = exact_shares(answer)
    if exact is None:
        return ()
    another = "another artist among them" if filtered else "another artist in this index"
    names = (answer.artists[0].artist, another, f"nobody {place_words(filtered=filtered)}")
    kinds = ("first", "another", "nobody")
    # Each share in words is rounded by itself, as wherever else it is said: the bar's parts have to fill the bar.
    return tuple(
        Share(kind, percent, ShareWords(format_probability(share), name))
        for kind, percent, share, name in zip(kinds, round_to_hundred(exact), exact, names, strict=True)
    )


def place_words(*, filtered: bool) -> str:
    """Where an answer looked for the artist."""
    return "among the works compared with" if filtered else "in this index"


def premise(*, filtered: bool) -> str:
    """What an answer's probabilities suppose, as a clause without its full stop."""
    artists = "the artists compared with" if filtered else "artists in this index"
    return f"Probabilities suppose that paintings by {artists} and by others are asked about equally often"


def exact_shares(answer: Attribution) -> tuple[float, float, float] | None:
    """Probability that the painting is by the first artist, by another of the index, by nobody in it; None without."""
    if not answer.artists or answer.artist_known is None or answer.artists[0].probability is None:
        return None
    first = min(answer.artists[0].probability, answer.artist_known)
    return first, answer.artist_known - first, 1 - answer.artist_known


def round_to_hundred(shares: Sequence[float]) -> list[int]:
    """Shares of 1 as multiples of `STEP` percent that sum to 100, by largest remainder."""
    units = [100 / STEP * share for share in shares]
    whole = [int(unit) for unit in units]
    by_remainder = sorted(range(len(units)), key=lambda number: whole[number] - units[number])
    for number in by_remainder[: round(100 / STEP) - sum(whole)]:
        whole[number] += 1
    return [STEP * unit for unit in whole]
