"""What a distance means in an index: how it stands among those between its works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.scores.artists import place_among_own
from painter_search.scores.triplets import distance_matrix, paired_distances

SAMPLE = 1000
"""Works that stand for a larger index: half a million pairs, which fixes a share to a tenth of a per cent or so."""


@dataclass(frozen=True)
class Standing:
    """A distance among those between works of the index."""

    nearer_than_different: float | None
    """Share of pairs of works by different artists that lie further apart; None where there is no such pair."""
    nearer_than_same: float | None
    """The same of pairs of works by one artist."""
    pairs_different: int
    """How many pairs by different artists were measured."""
    pairs_same: int


def standing_of(index: PaintingIndex, distance: float, seed: int = 0) -> Standing:
    """How a distance stands among the pairs of works in the index, equal distances counting half.

    Of an index with more than `SAMPLE` works that many are drawn.
    """
    ids, artists, _ = index.artists
    if len(ids) > SAMPLE:
        chosen, partners = _sample(artists, seed)
        vectors = index.vectors(ids[chosen])
        same = paired_distances(index.vectors(ids[partners[:, 0]]), index.vectors(ids[partners[:, 1]]))
        artists = artists[chosen]
    else:
        vectors = index.vectors(ids)
        same = None
    distances = distance_matrix(vectors, vectors)
    alike = artists[:, None] == artists[None, :]
    once = np.triu(np.ones(alike.shape, bool), 1)
    different = distances[~alike & once]
    if same is None:
        same = distances[alike & once]
    return Standing(_share_beyond(distance, different), _share_beyond(distance, same), len(different), len(same))


def same_artist(index: PaintingIndex, distances: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """The probability that one artist painted both, for distances of any shape; None without a calibration."""
    return None if index.confidence is None else index.confidence.same_artist(distances / index.typical)


def _sample(artists: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of `SAMPLE` works, and pairs of places `[n, 2]` of each of these with another work of its artist.

    Among works drawn at random hardly two are by one artist, so that these pairs are looked for.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(artists), SAMPLE, replace=False))
    order = np.argsort(artists, kind="stable")
    sizes = np.bincount(artists)
    first = np.cumsum(sizes) - sizes
    rank = place_among_own(artists)
    kept = chosen[sizes[artists[chosen]] > 1]
    number = sizes[artists[kept]]
    step = 1 + (rng.random(len(kept)) * (number - 1)).astype(np.int64)  # 1 to number - 1: another work, never itself
    partner = order[first[artists[kept]] + (rank[kept] + step) % number]
    return chosen, np.stack([kept, partner], axis=1)


def _share_beyond(distance: float, others: NDArray[np.floating]) -> float | None:
    if not len(others):
        return None
    return float(((others > distance) + 0.5 * (others == distance)).mean())
