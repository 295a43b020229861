"""How often the nearest neighbours are by the same artist: recall@k, MAP@R, and the AUC over pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.scores.triplets import FloatArray, IntArray, distance_matrix


@dataclass(frozen=True)
class RetrievalScores:
    """Per-query scores; queries whose artist has no other work cannot be answered and are `nan`."""

    recall: dict[int, NDArray[np.float64]]
    """recall@k: 1 where a work by the same artist is among the k nearest, else 0; `[n]` each."""
    map_at_r: NDArray[np.float64]
    """MAP@R (Musgrave et al., A Metric Learning Reality Check, 2020): `[n]`."""
    pair_auc: float
    """Share of (same artist, different artists) pairs of pairs in which the first lie nearer; ties count half."""


def score_retrieval(
    embeddings: FloatArray, artists: IntArray, ks: Sequence[int] = (1, 5, 10), block: int = 1024
) -> RetrievalScores:
    """Score every work as a query against all others.

    `embeddings` is `[n, d]`, `artists` `[n]`. R of a query is the number of other works by its artist.
    MAP@R = 1/R * sum over i <= R of precision@i where the i-th neighbour is by the artist.
    Memory is bounded by `block * n` distances.
    """
    count = len(artists)
    relevant = np.bincount(artists, minlength=int(artists.max(initial=-1)) + 1)[artists] - 1
    depth = int(min(count - 1, max(max(ks), relevant.max(initial=0)))) if count > 1 else 0
    recall = {k: np.full(count, np.nan) for k in ks}
    map_at_r = np.full(count, np.nan)
    same: list[NDArray[np.float32]] = []
    other: list[NDArray[np.float32]] = []
    for start in range(0, count if depth else 0, block):
        rows = np.arange(start, min(start + block, count))
        distances = distance_matrix(embeddings[rows], embeddings)
        alike = artists[rows, None] == artists[None, :]
        above = np.arange(count)[None, :] > rows[:, None]  # each unordered pair once
        same.append(distances[alike & above])
        other.append(distances[~alike & above])
        distances[np.arange(len(rows)), rows] = np.inf
        nearest = _nearest(distances, depth)
        matches = np.take_along_axis(alike, nearest, axis=1)
        answerable = relevant[rows] > 0
        for k in ks:
            recall[k][rows[answerable]] = matches[answerable, :k].any(axis=1)
        map_at_r[rows[answerable]] = _map_at_r(matches[answerable], relevant[rows][answerable])
    return RetrievalScores(recall, map_at_r, _auc(same, other))


def _nearest(distances: NDArray[np.float32], depth: int) -> NDArray[np.int64]:
    """Columns of the `depth` smallest values of each row, nearest first; equal ones in order of column."""
    if depth >= distances.shape[1]:
        return np.argsort(distances, axis=1, kind="stable")
    # Everything up to the depth-th distance, ties at it included, so that the lowest columns among them are kept.
    limit = np.partition(distances, depth - 1, axis=1)[:, depth - 1 : depth]
    width = int((distances <= limit).sum(axis=1).max())
    candidates = np.sort(np.argpartition(distances, width - 1, axis=1)[:, :width], axis=1)
    order = np.argsort(np.take_along_axis(distances, candidates, axis=1), axis=1, kind="stable")
    return np.take_along_axis(candidates, order, axis=1)[:, :depth]


def _map_at_r(matches: NDArray[np.bool_], relevant: IntArray) -> NDArray[np.float64]:
    ranks = np.arange(1, matches.shape[1] + 1)
    precision = np.cumsum(matches, axis=1) / ranks
    counted = matches & (ranks[None, :] <= relevant[:, None])
    return np.asarray((precision * counted).sum(axis=1) / relevant)


def _auc(same: Sequence[NDArray[np.float32]], other: Sequence[NDArray[np.float32]]) -> float:
    near = np.sort(np.concatenate(same)) if same else np.array([], np.float32)
    total = sum(len(part) for part in other)
    if not len(near) or not total:
        return float("nan")
    won = 0.0
    for part in other:
        far = np.sort(part)  # sorting millions and looking up thousands beats the reverse by far
        below, through = np.searchsorted(far, near, "left"), np.searchsorted(far, near, "right")
        won += (2 * len(far) - below - through).sum()
    return float(won / 2 / len(near) / total)
