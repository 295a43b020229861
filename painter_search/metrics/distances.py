"""Euclidean distances between embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]


def paired_distances(left: FloatArray, right: FloatArray) -> NDArray[np.float64]:
    """Euclidean distances of two `[n, d]` arrays row by row: float64 `[n]`."""
    return np.asarray(np.linalg.norm(left.astype(np.float64) - right, axis=1), np.float64)


def distance_matrix(
    left: FloatArray, right: FloatArray, center: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Euclidean distances of every row of `[m, d]` to every row of `[n, d]`: float32 `[m, n]`.

    Computed as |x|^2 + |y|^2 - 2xy around a `center` `[d]`, by default the mean of `right`, which keeps float32's
    rounding small.
    """
    center = right.mean(axis=0, dtype=np.float64) if center is None else center
    x, y = (left - center).astype(np.float32), (right - center).astype(np.float32)
    squared: NDArray[np.float32] = x @ y.T
    squared *= -2
    squared += np.square(x).sum(axis=1)[:, None]
    squared += np.square(y).sum(axis=1)[None, :]
    np.maximum(squared, 0, out=squared)
    np.sqrt(squared, out=squared)
    return squared
