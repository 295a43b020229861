"""Triplet accuracy and loss, against the drawn negative or against every negative."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray, IntArray, distance_matrix


def triplet_hits(positive: FloatArray, negative: FloatArray) -> NDArray[np.bool_]:
    """Whether each anchor lies nearer to its positive than to its negative: bool `[n]`.

    `positive` and `negative` are the anchor's distances to either, `[n]` each. A tie is a miss, as in the report.
    """
    return positive < negative


def triplet_losses(positive: FloatArray, negative: FloatArray, margin: float) -> FloatArray:
    """Triplet margin loss of each triplet, `max(0, d(a, p) - d(a, n) + margin)`: `[n]`."""
    return np.maximum(0.0, positive - negative + margin)


def all_negative_hits(
    embeddings: FloatArray, artists: IntArray, anchors: IntArray, positives: IntArray, block: int = 512
) -> NDArray[np.float64]:
    """Share of all negatives that lie farther from each anchor than its positive.

    Args:
        embeddings: The works, `[n, d]`.
        artists: Their artists, `[n]`.
        anchors: Rows of the anchors, `[p]`.
        positives: Rows of their positives, `[p]`.
        block: Anchors whose distances are held in memory at once.

    Returns:
        float64 `[p]`; `nan` for an anchor without works by other artists. Ties are misses.
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
            negatives = np.sort(distances[offset][artists != artists[row]])
            if len(negatives):
                farther = len(negatives) - np.searchsorted(negatives, distances[offset][positives[pairs]], "right")
                hits[pairs] = farther / len(negatives)
    return hits
