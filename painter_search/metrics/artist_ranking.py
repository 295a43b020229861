"""Ranking artists by the distances of their works to a query."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray, IntArray

VOTING_WORKS = 3
"""An artist's distance is the mean over this many nearest works, so that one chance likeness does not decide."""
INTRINSIC_DIMENSION = 40
"""In d dimensions the nearest of n works lies at a distance proportional to n^(-1/d), so an artist with many works
comes near to everything. Multiplying distances by n^(1/d) undoes this. Measured on training artists of two
collections, leaving each work out in turn: 25 favours the rare, 60 the prolific, 40 neither."""


def rank_within_artist(artists: IntArray) -> NDArray[np.int64]:
    """Number the works `[n]` of each artist from 0, in their order: int64 `[n]`."""
    order = np.argsort(artists, kind="stable")
    sizes = np.bincount(artists)
    rank = np.empty(len(artists), np.int64)
    rank[order] = np.arange(len(artists)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rank


def rank_artists(
    distances: FloatArray, artists: IntArray, sizes: IntArray
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rank artists by the distances of their works to one query.

    Args:
        distances: Distance of each candidate work to the query, `[n]`.
        artists: Artist of each candidate work, `[n]`, numbered from 0.
        sizes: How many works the index has of each artist, `[artists]`, whether or not they are candidates.

    Returns:
        The artists that have candidate works, nearest first, and their adjusted distances, float64: the mean of the
        `VOTING_WORKS` nearest works, times size^(1/40).
    """
    order = np.lexsort((distances, artists))
    counts = np.bincount(artists, minlength=len(sizes))
    voting = rank_within_artist(artists[order]) < VOTING_WORKS
    sums = np.bincount(artists[order][voting], weights=distances[order][voting], minlength=len(sizes))
    present = np.flatnonzero(counts)
    means = sums[present] / np.minimum(counts[present], VOTING_WORKS)
    adjusted = means * sizes[present] ** (1 / INTRINSIC_DIMENSION)
    ranked = np.argsort(adjusted, kind="stable")
    return present[ranked], adjusted[ranked]
