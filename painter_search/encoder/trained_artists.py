"""The artists that an encoder learned from, known again in any collection by digests of their names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from painter_search.collection.hands.folding import fold_name
from painter_search.common.files.atomic_io import digest_bytes

DIGITS = 16
"""Hexadecimal digits that are kept of a digest: eight bytes, with which a million artists hardly ever share one."""


class TrainedShare(NamedTuple):
    """How many of some artists an encoder learned from."""

    trained: int
    artists: int


def digest_artists(artists: Iterable[str]) -> tuple[str, ...]:
    """The digests of artists' folded names, sorted: all spellings of a name have the same, and namesakes count as one.

    Names are not stored, but whoever knows a name can check whether it is among them.
    """
    return tuple(sorted({_digest(artist) for artist in artists}))


def count_trained(digests: Iterable[str], artists: Collection[str]) -> TrainedShare:
    """Count the artists among those that an encoder learned from.

    Args:
        digests: What `digest_artists` gave of the latter.
        artists: Different names.
    """
    learned = set(digests)
    return TrainedShare(sum(_digest(artist) in learned for artist in artists), len(artists))


def _digest(artist: str) -> str:
    return digest_bytes((fold_name(artist) or artist).encode("utf-8", "surrogatepass"))[:DIGITS]
