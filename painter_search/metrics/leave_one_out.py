"""Leave-one-out queries: an index asked about its own works, without the work and then without its whole artist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.artist_ranking import rank_artists, rank_within_artist
from painter_search.metrics.distances import FloatArray, IntArray, distance_matrix
from painter_search.metrics.identification.open_set import Evidence, OpenSetSignals
from painter_search.metrics.identification.plda import PLDA
from painter_search.metrics.identification.plda_left_out import PLDALeftOut
from painter_search.metrics.local_scaling import (
    SCALING_NEIGHBOURS,
    mean_of_nearest,
    scale_distances,
)

LEAST_DRAWN = 40
"""Artists that a sample of an index has at least: how hard telling strangers is depends most on their number."""
STORED_NEIGHBOURS = 80
"""Nearest works by others that are stored for each work, so that its local scale can be computed without works that are
left out."""


@dataclass(frozen=True)
class LeaveOneOutQuery:
    """The ranking for a work when the work, or its artist, is not in the index."""

    artist_distances: NDArray[np.float64]
    """Adjusted distances of the artists, nearest first."""
    true_rank: int | None
    """Rank of the work's artist among them, from 0; their number if the artist is not among the nearest that an
    approximate index ranks, and None if the artist was left out."""
    signals: OpenSetSignals
    artists: int
    """How many artists the index has; also where one of them was left out."""
    nearest_work_distance: float
    """Distance of the nearest work, as a multiple of the mean distance between works by different artists."""
    nearest_is_by_artist: bool
    """Whether that work is by the work's artist."""
    log_ratios: NDArray[np.float64] | None = None
    """Log likelihood ratios of the artists, in the order of their distances; None without PLDA."""

    @property
    def evidence(self) -> Evidence | None:
        """What speaks for each artist; None without PLDA."""
        return None if self.log_ratios is None else Evidence(self.log_ratios, self.artist_distances, self.artists)

    @property
    def artist_in_index(self) -> bool:
        """Whether the work's artist was left in."""
        return self.true_rank is not None


def leave_one_out(
    embeddings: FloatArray, artists: IntArray, queries: Iterable[int], plda: PLDA | None = None
) -> list[LeaveOneOutQuery]:
    """Query an index with its own works, each first without the work itself and then without its artist.

    What is measured of an index (local scales, mean distance, PLDA's centre) is measured each time without the works
    left out, which would otherwise give the answer away.

    Args:
        embeddings: The works, `[n, d]`, each picture once.
        artists: Their artists, `[n]`, numbered from 0 without gaps.
        queries: Rows of the works to query with.
        plda: Gives likelihood ratios besides distances; as it was fitted, not around these works.

    Returns:
        Two results per query; one where all works are by its artist.
    """
    works = _Works(embeddings, artists)
    models = None if plda is None else PLDALeftOut(plda, embeddings, artists)
    results = []
    for query in queries:
        for left_out in (np.arange(len(artists)) == query, artists == artists[query]):
            remaining = ~left_out
            if not remaining.any():
                continue
            mean_distance = works.mean_distance(left_out)
            row, row_artists = works.distances[query, remaining], artists[remaining]
            sizes = np.bincount(row_artists, minlength=int(artists.max()) + 1)
            scaled = scale_distances(row, works.local_scales(left_out)[remaining], mean_distance)
            ranked, adjusted = rank_artists(scaled, row_artists, sizes)
            rank = np.flatnonzero(ranked == artists[query])
            relative = row / mean_distance
            results.append(
                LeaveOneOutQuery(
                    artist_distances=adjusted,
                    true_rank=int(rank[0]) if len(rank) else None,
                    signals=OpenSetSignals.measured(adjusted, relative),
                    artists=works.count,
                    nearest_work_distance=float(relative.min()),
                    nearest_is_by_artist=bool(row_artists[row.argmin()] == artists[query]),
                    log_ratios=None if models is None else models.log_ratios(query, left_out)[ranked],
                )
            )
    return results


def draw_artists(numbers: IntArray, max_works: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw artists until they have `max_works` works: the rows of these, ascending; all rows if there are no more.

    An artist is drawn with all works, unless fewer than `LEAST_DRAWN` artists would then be drawn from many; with as
    many as let that many be drawn, or all artists where the index has fewer.

    Args:
        numbers: The artist of each work, `[n]`, from 0.
        max_works: About as many rows are drawn at most.
        rng: Draws the artists, and their works where not all are taken.
    """
    if len(numbers) <= max_works:
        return np.arange(len(numbers))
    sizes = np.bincount(numbers)
    most = max_works // min(LEAST_DRAWN, int(np.count_nonzero(sizes)))
    taken = np.minimum(sizes, most)
    order = rng.permutation(len(sizes))
    before = np.cumsum(taken[order]) - taken[order]
    rows = np.flatnonzero(np.isin(numbers, order[before < max_works]))
    if (sizes[numbers[rows]] <= most).all():
        return rows
    shuffled = rng.permutation(rows)
    return np.sort(shuffled[rank_within_artist(numbers[shuffled]) < most])


class _Works:
    """What is measured of an index's works `[n]`, with works left out."""

    def __init__(self, embeddings: FloatArray, artists: IntArray) -> None:
        self.distances = distance_matrix(embeddings, embeddings)
        self.count = len(np.unique(artists))
        by_others = np.where(artists[:, None] == artists[None, :], np.inf, self.distances)
        width = min(STORED_NEIGHBOURS, len(artists))
        neighbours = np.argpartition(by_others, width - 1, axis=1)[:, :width]
        nearest_first = np.argsort(np.take_along_axis(by_others, neighbours, 1), axis=1, kind="stable")
        self._by_others = by_others
        self._neighbours = np.take_along_axis(neighbours, nearest_first, 1)
        self._neighbour_distances = np.take_along_axis(by_others, self._neighbours, 1)
        self._all_scales = mean_of_nearest(self._neighbour_distances)
        by_another = np.isfinite(by_others)
        self._to_others = np.where(by_another, by_others, 0).sum(axis=1, dtype=np.float64)
        self._others = by_another.sum(axis=1)

    def mean_distance(self, left_out: NDArray[np.bool_]) -> float:
        """Mean distance between works by different artists; as `mean_between_artists`."""
        among = self._by_others[np.ix_(left_out, left_out)]  # pairs of left-out works, which are in two rows' sums
        total = self._to_others.sum() - 2 * self._to_others[left_out].sum() + among[np.isfinite(among)].sum()
        pairs = self._others.sum() - 2 * self._others[left_out].sum() + np.isfinite(among).sum()
        return float(total / pairs) if pairs and total > 0 else 1.0

    def local_scales(self, left_out: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The local scale of each work, `[n]`."""
        scales = self._all_scales.copy()
        # Only works with a left-out work among their nearest neighbours get another scale.
        affected = np.flatnonzero(left_out[self._neighbours[:, :SCALING_NEIGHBOURS]].any(axis=1))
        left = np.where(left_out[self._neighbours[affected]], np.inf, self._neighbour_distances[affected])
        scales[affected] = mean_of_nearest(left)
        too_few = affected[np.isfinite(left).sum(axis=1) < SCALING_NEIGHBOURS]  # of the stored neighbours
        if len(too_few):
            scales[too_few] = mean_of_nearest(np.where(left_out, np.inf, self._by_others[too_few]))
        return scales
