"""Fits `sureness.py` to compositions and plain reproductions, and prints its constants."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from painter_search.images.photographs.evidence import NAMES
from painter_search.images.photographs.sureness import features

Floats = NDArray[np.float32]

RIGHT, WRONG = 0.94, 0.85
"""Overlap with the painting, or its frame, from which on a candidate is right, and up to which it is wrong."""
PULL = 6.0
"""Weight of the penalty on large coefficients of the standardised features, chosen on training works."""
PHOTOGRAPH_WEIGHT = 10.0
"""Weight of the right candidates of a photograph together; a wrong candidate weighs 1."""


def fit_sureness(evidence: Sequence[Floats], overlaps: Sequence[Floats]) -> tuple[NDArray[np.float64], float]:
    """The coefficients of the features and the intercept of a ridge logistic regression, by Newton's method.

    Args:
        evidence: Of the candidates of each picture, `[n, len(NAMES)]`.
        overlaps: Intersection over union of each candidate with the painting or its frame, `[n]`; zeros for a plain
            reproduction.
    """
    rows, labels, weights = [], [], []
    for candidates, overlap in zip(evidence, overlaps, strict=True):
        clear = (overlap > RIGHT) | (overlap < WRONG)
        right = overlap[clear] > RIGHT
        rows.append(features(candidates[clear].reshape(-1, len(NAMES))))
        labels.append(right)
        weights.append(np.where(right, PHOTOGRAPH_WEIGHT / max(1, right.sum()), 1.0))
    x, y, w = np.concatenate(rows).astype(np.float64), np.concatenate(labels), np.concatenate(weights)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    x = np.hstack([(x - mean) / spread, np.ones((len(x), 1))])
    penalty = np.full(x.shape[1], PULL)
    penalty[-1] = 1e-6
    coefficients = np.zeros(x.shape[1])
    for _ in range(40):
        probability = 1 / (1 + np.exp(-np.clip(x @ coefficients, -30, 30)))
        slope = x.T @ (w * (y - probability)) - penalty * coefficients
        curvature = (x * (w * np.maximum(1e-6, probability * (1 - probability)))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curvature, slope)
        coefficients += step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-6:
            break
    scaled = coefficients[:-1] / spread
    return scaled, float(coefficients[-1] - scaled @ mean)


def as_constants(coefficients: NDArray[np.float64], intercept: float) -> str:
    """The lines of `sureness.py` that hold the result."""
    numbers = textwrap.fill(", ".join(f"{value:.3g}" for value in coefficients), 110)
    return f"WEIGHTS = np.array([\n{textwrap.indent(numbers, '    ')},\n])\nINTERCEPT = {intercept:.3f}"
