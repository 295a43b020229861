"""The cost of the log likelihood ratio, by which speaker verification scores probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray
from painter_search.metrics.identification.open_set import EPSILON


def cllr(probabilities: FloatArray, outcomes: NDArray[np.bool_]) -> float:
    """Cost of the log likelihood ratio (Brümmer and du Preez 2006), in bits: 0 is perfect, 1 says nothing.

    Args:
        probabilities: Of the outcome, if both outcomes are equally likely beforehand, `[n]`.
        outcomes: Whether it came true, `[n]`; at least one of either.
    """
    right = np.where(outcomes, probabilities, 1 - np.asarray(probabilities))
    bits = -np.log2(np.maximum(right, EPSILON))
    return float((bits[outcomes].mean() + bits[~outcomes].mean()) / 2)
