"""Are probabilities what they say? Of the cases called 70 %, about 70 % should come true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.scores.triplets import FloatArray

BINS = 10
"""Groups of equal size that cases are sorted into by their probability."""


@dataclass(frozen=True)
class Reliability:
    """Probabilities held against what came true."""

    predicted: list[float]
    """The mean probability of each group, lowest first."""
    observed: list[float]
    """The share of each group that came true."""
    cases: int
    brier: float
    """Mean of (probability - outcome)^2, outcome 0 or 1 (Brier 1950)."""
    brier_constant: float
    """The same for the share of all cases that came true, said of every case."""
    error: float
    """Expected calibration error: the mean over the cases of their group's |predicted - observed|."""
    error_debiased: float
    """Root of the mean of (predicted - observed)^2, less what chance alone adds to it (Kumar et al., Verified
    Uncertainty Calibration, 2019, definition 5.1); 0 where chance explains all of it."""


def reliability(probabilities: FloatArray, outcomes: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Hold probabilities `[n]` against outcomes `[n]`; n must be at least twice the number of groups.

    Cases of equal probability share a group, so that the order in which they come does not matter.
    """
    p, y = np.asarray(probabilities, np.float64), np.asarray(outcomes, np.float64)
    if len(p) < 2 * bins:
        raise ValueError(f"{len(p)} cases are too few for {bins} groups")
    edges = np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1])
    group = np.searchsorted(edges, p, side="right")
    sizes = np.bincount(group, minlength=bins)
    group, sizes = np.unique(group, return_inverse=True)[1], sizes[sizes > 0]
    predicted, observed = (np.bincount(group, values) / sizes for values in (p, y))
    share, gap = sizes / len(p), predicted - observed
    chance = observed * (1 - observed) / np.maximum(sizes - 1, 1)
    return Reliability(
        predicted.tolist(),
        observed.tolist(),
        cases=len(p),
        brier=float(np.square(p - y).mean()),
        brier_constant=float(y.mean() * (1 - y.mean())),
        error=float(share @ np.abs(gap)),
        error_debiased=max(0.0, float(share @ (np.square(gap) - chance))) ** 0.5,
    )
