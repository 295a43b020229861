"""What a distance means in an index: its percentile among the distances between the index's works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.artist_ranking import rank_within_artist
from painter_search.metrics.distances import distance_matrix, paired_distances

SAMPLE_SIZE = 1000
"""Works drawn from a larger index: half a million pairs, enough to fix a share to about 0.1 %."""
BINS = 32
"""Bins of a histogram of distances."""


@dataclass(frozen=True)
class DistancePercentile:
    """Where a distance stands among those between works of an index."""

    nearer_than_different: float | None
    """Share of pairs by different artists that lie further apart; None if there is no such pair."""
    nearer_than_same: float | None
    """Share of pairs by one artist that lie further apart; None if there is no such pair."""
    pairs_different: int
    """How many pairs by different artists were measured."""
    pairs_same: int
    """How many pairs by one artist were measured."""


@dataclass(frozen=True)
class DistanceHistogram:
    """How the distances between works of an index are spread, for pairs by two artists and by one."""

    edges: tuple[float, ...]
    """Edges of the bins, `[n + 1]`."""
    different: tuple[float, ...]
    """Share of the pairs by two artists in each bin, `[n]`."""
    same: tuple[float, ...]
    """Share of the pairs by one artist in each bin, `[n]`; empty if there is no such pair."""


def distance_percentile(index: PaintingIndex, distance: float, *, sample_size: int = SAMPLE_SIZE) -> DistancePercentile:
    """Locate a distance among the pairs of works in the index; equal distances count half.

    From an index with more than `sample_size` works that many are drawn.
    """
    different, same = pair_distances(index, sample_size)
    return DistancePercentile(
        nearer_than_different=_share_beyond(distance, different),
        nearer_than_same=_share_beyond(distance, same),
        pairs_different=len(different),
        pairs_same=len(same),
    )


def distance_histogram(index: PaintingIndex) -> DistanceHistogram | None:
    """The spread of the distances that `distance_percentile` compares with; None without pairs by two artists."""
    different, same = pair_distances(index)
    if not len(different):
        return None
    both = np.concatenate([different, same])
    edges = np.linspace(0, float(both.max()), BINS + 1)
    shares = [tuple((np.histogram(values, edges)[0] / max(1, len(values))).tolist()) for values in (different, same)]
    return DistanceHistogram(tuple(edges.tolist()), shares[0], shares[1] if len(same) else ())


def pair_distances(
    index: PaintingIndex, sample_size: int = SAMPLE_SIZE
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Distances of pairs of works by two artists, and by one; of works drawn from a larger index."""
    ids, artists = index.artists.ids, index.artists.numbers
    same: NDArray[np.floating] | None = None
    if len(ids) > sample_size:
        chosen, partners = sample_pairs(artists, sample_size, seed=0)
        same = paired_distances(index.embeddings(ids[partners[:, 0]]), index.embeddings(ids[partners[:, 1]]))
        ids, artists = ids[chosen], artists[chosen]
    vectors = index.embeddings(ids)
    distances = distance_matrix(vectors, vectors)
    alike = artists[:, None] == artists[None, :]
    once = np.triu(np.ones(alike.shape, bool), 1)
    different = distances[~alike & once]
    if same is None:
        same = distances[alike & once]
    return different, same


def sample_pairs(
    artists: NDArray[np.int64], sample_size: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw rows of works, and pair each with another work by its artist.

    Works drawn at random hardly ever share an artist, so same-artist pairs are drawn on purpose.

    Args:
        artists: Artist of each work, `[n]`, more than `sample_size`.
        sample_size: Works to draw.
        seed: Seed of the draw.

    Returns:
        The drawn rows `[sample_size]`, and pairs of rows `[m, 2]`, for those whose artist has another work.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(artists), sample_size, replace=False))
    order = np.argsort(artists, kind="stable")
    sizes = np.bincount(artists)
    first = np.cumsum(sizes) - sizes
    rank = rank_within_artist(artists)
    paired = chosen[sizes[artists[chosen]] > 1]
    size = sizes[artists[paired]]
    step = 1 + (rng.random(len(paired)) * (size - 1)).astype(np.int64)  # 1 to size - 1: never the work itself
    partner = order[first[artists[paired]] + (rank[paired] + step) % size]
    return chosen, np.stack([paired, partner], axis=1)


def _share_beyond(distance: float, others: NDArray[np.floating]) -> float | None:
    if not len(others):
        return None
    return float(((others > distance) + 0.5 * (others == distance)).mean())
