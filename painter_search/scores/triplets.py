"""Triplet accuracy and the losses and ranks around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]


def paired_distances(left: FloatArray, right: FloatArray) -> FloatArray:
    """Euclidean distances of two `[n, d]` arrays row by row: float64 `[n]`."""
    return np.sqrt(np.square(left.astype(np.float64) - right.astype(np.float64)).sum(axis=1))


def distance_matrix(left: FloatArray, right: FloatArray) -> NDArray[np.float32]:
    """Euclidean distances of every row of `[m, d]` to every row of `[n, d]`: float32 `[m, n]`.

    Computed as |x|^2 + |y|^2 - 2xy around the common mean, which keeps float32's rounding small.
    """
    center = right.mean(axis=0, dtype=np.float64)
    x, y = (left - center).astype(np.float32), (right - center).astype(np.float32)
    squared = x @ y.T
    squared *= -2
    squared += np.square(x).sum(axis=1)[:, None]
    squared += np.square(y).sum(axis=1)[None, :]
    np.maximum(squared, 0, out=squared)
    return np.sqrt(squared, out=squared)


def triplet_hits(positive: FloatArray, negative: FloatArray) -> NDArray[np.bool_]:
    """For each triplet whether the anchor lies nearer to its positive than to its negative: bool `[n]`.

    `positive` and `negative` are the two distances, `[n]` each. A tie is no hit, as in the report.
    """
    return positive < negative


def triplet_losses(positive: FloatArray, negative: FloatArray, margin: float) -> FloatArray:
    """`max(0, d(a, p) - d(a, n) + margin)` for each triplet: `[n]`."""
    return np.maximum(0.0, positive - negative + margin)


def all_negative_hits(
    embeddings: FloatArray, artists: IntArray, anchors: IntArray, positives: IntArray, block: int = 512
) -> NDArray[np.float64]:
    """For each pair the share of all works by other artists that lie farther from the anchor than the positive.

    `embeddings` is `[n, d]`, `artists` `[n]` (one number an artist), `anchors` and `positives` are rows of it,
    `[p]` each. Returns float64 `[p]`; `nan` where there is no work by another artist. Ties count as misses.
    """
    hits = np.full(len(anchors), np.nan)
    order = np.argsort(anchors, kind="stable")
    distinct, first = np.unique(anchors[order], return_index=True)
    bounds = np.append(first, len(anchors))
    for start in range(0, len(distinct), block):
        rows = distinct[start : start + block]
        distances = distance_matrix(embeddings[rows], embeddings)
        for offset, row in enumerate(rows):
            pairs = order[bounds[start + offset] : bounds[start + offset + 1]]
            others = np.sort(distances[offset][artists != artists[row]])
            if len(others):
                farther = len(others) - np.searchsorted(others, distances[offset][positives[pairs]], "right")
                hits[pairs] = farther / len(others)
    return hits
