"""Retrieval metrics with artists as labels: recall@k, MAP@R, and the AUC over pairs of works."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.common.machine.cores import available_cores
from painter_search.metrics.distances import FloatArray, IntArray, distance_matrix


@dataclass(frozen=True)
class RetrievalScores:
    """Scores per query; `nan` for a query whose artist has no other work."""

    recall: dict[int, NDArray[np.float64]]
    """recall@k by k: 1 if a work by the same artist is among the k nearest, else 0; `[n]` each."""
    map_at_r: NDArray[np.float64]
    """MAP@R (Musgrave et al., A Metric Learning Reality Check, 2020): `[n]`."""
    pair_auc: float
    """ROC AUC of the distance as a classifier of same-artist pairs: the share of comparisons in which a pair by one
    artist lies nearer than a pair by two; ties count half."""


def score_retrieval(
    embeddings: FloatArray, artists: IntArray, ks: Sequence[int] = (1, 5, 10), block: int = 1024
) -> RetrievalScores:
    """Score every work as a query against all others.

    R of a query is the number of other works by its artist. MAP@R = 1/R * sum over i <= R of precision@i, counted
    where the i-th neighbour is by the artist.

    Args:
        embeddings: The works, `[n, d]`.
        artists: Their artists, `[n]`.
        ks: The k of each recall@k.
        block: Queries whose distances a core holds in memory at once: `block * n` float32, and as much for two copies.
    """
    count = len(artists)
    relevant = np.bincount(artists, minlength=int(artists.max(initial=-1)) + 1)[artists] - 1
    depth = int(min(count - 1, max(max(ks), relevant.max(initial=0)))) if count > 1 else 0
    recall = {k: np.full(count, np.nan) for k in ks}
    map_at_r = np.full(count, np.nan)
    center = embeddings.mean(axis=0, dtype=np.float64) if count else np.zeros(embeddings.shape[1])
    near = _same_artist_distances(embeddings, artists, center)

    def score_block(start: int) -> tuple[float, int]:
        """Score the queries of a block; returns the pairs' comparisons that are won, and how many there are."""
        rows = np.arange(start, min(start + block, count))
        distances = distance_matrix(embeddings[rows], embeddings, center)
        alike = artists[rows, None] == artists[None, :]
        above = np.arange(count)[None, :] > rows[:, None]  # each unordered pair once
        far = distances[~alike & above]
        distances[np.arange(len(rows)), rows] = np.inf
        matches = np.take_along_axis(alike, _nearest(distances, depth), axis=1)
        answerable = relevant[rows] > 0
        for k in ks:
            recall[k][rows[answerable]] = matches[answerable, :k].any(axis=1)
        map_at_r[rows[answerable]] = _map_at_r(matches[answerable], relevant[rows][answerable])
        return _comparisons_won(near, far), len(near) * len(far)

    with ThreadPoolExecutor(available_cores()) as threads:
        comparisons = list(threads.map(score_block, range(0, count if depth else 0, block)))
    won, of = (sum(part) for part in zip(*comparisons, strict=True)) if comparisons else (0.0, 0)
    return RetrievalScores(recall, map_at_r, won / of if of else float("nan"))


def _same_artist_distances(
    embeddings: FloatArray, artists: IntArray, center: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The distance of each pair of works by one artist, ascending: looked up in order, they are found sooner."""
    order = np.argsort(artists, kind="stable")
    by_artist = np.split(order, np.flatnonzero(np.diff(artists[order])) + 1)
    pairs = [
        distance_matrix(embeddings[rows], embeddings[rows], center)[np.triu_indices(len(rows), 1)] for rows in by_artist
    ]
    return np.sort(np.concatenate(pairs)) if pairs else np.empty(0, np.float32)


def _nearest(distances: NDArray[np.float32], depth: int) -> NDArray[np.int64]:
    """Columns of the `depth` smallest values of each row, nearest first; ties in order of column."""
    if depth >= distances.shape[1]:
        return np.argsort(distances, axis=1, kind="stable")
    # All ties at the depth-th distance are candidates, so that the lowest columns among them win.
    limit = np.partition(distances, depth - 1, axis=1)[:, depth - 1 : depth]
    within = distances <= limit
    if np.count_nonzero(within) == depth * len(distances):
        candidates = np.nonzero(within)[1].reshape(-1, depth)
    else:
        width = int(within.sum(axis=1).max())
        candidates = np.sort(np.argpartition(distances, width - 1, axis=1)[:, :width], axis=1)
    order = np.argsort(np.take_along_axis(distances, candidates, axis=1), axis=1, kind="stable")
    return np.take_along_axis(candidates, order, axis=1)[:, :depth]


def _map_at_r(matches: NDArray[np.bool_], relevant: IntArray) -> NDArray[np.float64]:
    ranks = np.arange(1, matches.shape[1] + 1)
    precision = np.cumsum(matches, axis=1) / ranks
    counted = matches & (ranks[None, :] <= relevant[:, None])
    return np.asarray((precision * counted).sum(axis=1) / relevant)


def _comparisons_won(near: NDArray[np.float32], far: NDArray[np.float32]) -> float:
    """In how many comparisons of a near with a far distance the near one is smaller; ties count half."""
    far = np.sort(far)  # sorting the many and looking up the few is far faster than the reverse
    below, through = np.searchsorted(far, near, "left"), np.searchsorted(far, near, "right")
    return float((2 * len(far) - below - through).sum()) / 2
