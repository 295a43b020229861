"""From distances to works to distances to artists."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from painter_search.scores.triplets import FloatArray, IntArray, distance_matrix

VOTING_WORKS = 3
"""An artist's distance is the mean over this many nearest works: one chance likeness is not enough."""
INTRINSIC_DIMENSION = 40
"""In d dimensions the nearest of n works lies at a distance proportional to n^(-1/d), so that an artist with many
works comes near to everything. Distances are multiplied by n^(1/d) to undo it. Measured on training artists of two
collections, leaving each work out in turn: 25 favours the rare, 60 the prolific, 40 neither."""
ISOLATING_WORKS = 5
"""A work's isolation is its mean distance to this many nearest works by others."""


def isolation_among(
    embeddings: FloatArray, artists: IntArray, others: FloatArray, owners: IntArray
) -> NDArray[np.float32]:
    """How far works `[m, d]` by artists `[m]` lie from those of the others `[n, d]` that are by other artists `[n]`.

    The mean distance to the nearest of them: float32 `[m]`; 1 where there are none, and never 0.
    """
    distances = distance_matrix(embeddings, others)
    distances[artists[:, None] == owners[None, :]] = np.inf
    return mean_of_nearest(distances)


def mean_of_nearest(distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the `ISOLATING_WORKS` smallest of each row, infinite ones left out; 1 where all are, and never 0."""
    nearest = min(ISOLATING_WORKS, distances.shape[1])
    smallest = np.partition(distances, nearest - 1, axis=1)[:, :nearest]
    finite = np.isfinite(smallest)
    means = np.where(finite, smallest, 0).sum(axis=1) / np.maximum(finite.sum(axis=1), 1)
    return np.where(finite.any(axis=1), np.maximum(means, 1e-6), 1).astype(np.float32)


def typical_distance(embeddings: FloatArray, artists: IntArray) -> float:
    """The mean distance between works `[n, d]` by different artists `[n]`; 1 where there are none."""
    return mean_between_artists(distance_matrix(embeddings, embeddings), artists)


def mean_between_artists(distances: NDArray[np.float32], artists: IntArray) -> float:
    """The same from the distances `[n, n]` themselves."""
    different = artists[:, None] != artists[None, :]
    return float(distances[different].mean(dtype=np.float64)) if different.any() else 1.0


def place_among_own(artists: IntArray) -> NDArray[np.int64]:
    """For each work `[n]` how many works of its artist come before it: int64 `[n]`."""
    order = np.argsort(artists, kind="stable")
    sizes = np.bincount(artists)
    place = np.empty(len(artists), np.int64)
    place[order] = np.arange(len(artists)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return place


def relative_distances(
    distances: NDArray[np.float32], isolations: NDArray[np.float32], typical: float
) -> NDArray[np.float32]:
    """Distances `[n]` of works to a query, held against how isolated each work is and how far apart works lie.

    d / sqrt(isolation * typical): 1 is far. A work that lies close to everything ("hub") must come closer to count:
    half of what local scaling (Zelnik-Manor and Perona 2004) would do, which ranked artists best on validation artists.
    """
    return distances / np.sqrt(isolations * typical)


def rank_artists(
    distances: NDArray[np.floating], artists: NDArray[np.integer], sizes: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rank artists by the distances `[n]` of their works to one query.

    `artists` `[n]` numbers each work's artist; `sizes` `[artists]` says how many works the index has of each, whether
    or not they are among the n. Returns the numbers of the artists that have works among them, nearest first, and the
    adjusted distance of each: mean of its `VOTING_WORKS` nearest, times size^(1/40).
    """
    order = np.lexsort((distances, artists))
    found = np.bincount(artists, minlength=len(sizes))
    starts = np.cumsum(found) - found
    place = np.arange(len(order)) - np.repeat(starts, found)
    voting = place < VOTING_WORKS
    sums = np.bincount(artists[order][voting], weights=distances[order][voting], minlength=len(sizes))
    present = np.flatnonzero(found)
    means = sums[present] / np.minimum(found[present], VOTING_WORKS)
    adjusted = means * sizes[present] ** (1 / INTRINSIC_DIMENSION)
    ranked = np.argsort(adjusted, kind="stable")
    return present[ranked], adjusted[ranked]
