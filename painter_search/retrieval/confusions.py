"""Whom is an artist easily taken for? Each of the artist's works is asked about, and the nearest other artist noted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.scores.artists import rank_artists, relative_distances

ASKED = 100
"""Works of an artist that are asked about, at most; of more, so many are drawn."""


@dataclass(frozen=True)
class Confusions:
    """The artists of an index that lie nearest in style to one of them."""

    artist: str
    works: int
    """Works that were asked about."""
    own: int | None
    """How many of these, left out of the index, are nearest to the artist's other works; None for a single work."""
    others: tuple[tuple[str, float], ...]
    """The other artists and the share of the works of which each ranks first among the others, greatest first."""


def easily_confused(index: PaintingIndex, artist: str, top: int = 3) -> Confusions:
    """Ask about an artist's works as `attribute` does about works in the index: a work has no vote on itself.

    Raises `ValueError` for an artist of whom the index, as filtered, has no work.
    """
    all_ids, numbers, artists = index.artists
    number = artists.index(artist)
    mine = np.flatnonzero(numbers == number)
    sizes = np.bincount(numbers, minlength=len(artists))
    sizes[number] -= 1
    if len(mine) > ASKED:
        mine = np.sort(np.random.default_rng(0).choice(mine, ASKED, replace=False))
    first: list[int] = []
    own = 0
    for place, (distances, ids) in zip(mine, index.candidates(index.vectors(all_ids[mine])), strict=True):
        rows = np.searchsorted(all_ids, ids)
        distances, rows = distances[rows != place], rows[rows != place]
        relative = relative_distances(distances, index.isolations[rows], index.typical)
        ranked, _ = rank_artists(relative, numbers[rows], sizes)
        own += len(ranked) > 0 and ranked[0] == number
        first += ranked[ranked != number][:1].tolist()
    found, counts = np.unique(first, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:top]
    others = tuple((artists[int(found[place])], float(counts[place] / len(mine))) for place in order)
    return Confusions(artist, len(mine), int(own) if sizes[number] else None, others)
