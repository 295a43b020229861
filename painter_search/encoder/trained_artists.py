"""The artists that an encoder learned from, known again in any collection by digests of their names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from painter_search.collection.hands.folding import fold_name
from painter_search.collection.hands.hand import read_hands
from painter_search.common.files.atomic_io import digest_bytes

DIGITS = 16
"""Hexadecimal digits that are kept of a digest: eight bytes, with which a million artists hardly ever share one."""


class TrainedShare(NamedTuple):
    """How many of some artists an encoder learned from."""

    trained: int
    artists: int


def digest_artists(artists: Iterable[str]) -> tuple[str, ...]:
    """The digests of artists' folded names, sorted: all spellings of a name have the same, and namesakes count as one.

    "Workshop of Claude Monet" has that of Claude Monet, too, and "Rubens; Snyders" those of both. Names are not
    stored, but whoever knows a name can check whether it is among them.
    """
    return tuple(sorted({digest for own in _digests(artists).values() for digest in own}))


def count_trained(digests: Iterable[str], artists: Collection[str]) -> TrainedShare:
    """Count the artists among those that an encoder learned from, and the names that name one of these.

    Args:
        digests: What `digest_artists` gave of the latter.
        artists: Different names.
    """
    return TrainedShare(len(find_trained(digests, artists)), len(artists))


def find_trained(digests: Iterable[str], artists: Iterable[str]) -> set[str]:
    """Which of these names name an artist that an encoder learned from; see `count_trained`."""
    trained = set(digests)
    return {name for name, own in _digests(artists).items() if not trained.isdisjoint(own)}


def _digests(artists: Iterable[str]) -> dict[str, set[str]]:
    """By name the digests of the name itself and of the artists that it names."""
    return {
        name: {_digest(fold_name(name) or name), *map(_digest, filter(None, hand.relatives))}
        for name, hand in read_hands(artists).items()
    }


def _digest(name: str) -> str:
    return digest_bytes(name.encode("utf-8", "surrogatepass"))[:DIGITS]
