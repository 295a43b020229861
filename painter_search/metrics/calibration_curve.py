"""Calibration of probabilities: of the cases with a probability of 70 %, about 70 % should come true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import NotEnoughDataError
from painter_search.metrics.distances import FloatArray

BINS = 10
"""Bins of equally many cases, by probability."""


@dataclass(frozen=True)
class CalibrationCurve:
    """A reliability diagram and its summary statistics."""

    predicted: list[float]
    """Mean probability of each bin, lowest first."""
    observed: list[float]
    """Share of each bin that came true."""
    cases: int
    brier: float
    """Mean of (probability - outcome)^2, outcome 0 or 1 (Brier 1950)."""
    brier_constant: float
    """Brier score of a constant forecast, the share of all cases that came true."""
    error: float
    """Expected calibration error: mean over the cases of their bin's |predicted - observed|."""
    error_debiased: float
    """Root mean square of predicted - observed, without what chance alone adds (Kumar et al., Verified Uncertainty
    Calibration, 2019, definition 5.1); 0 if chance explains all of it."""


def calibration_curve(probabilities: FloatArray, outcomes: NDArray[np.bool_], bins: int = BINS) -> CalibrationCurve:
    """Compare probabilities `[n]` with outcomes `[n]`.

    Cases of equal probability share a bin, so the order of the cases does not matter.

    Raises:
        NotEnoughDataError: Fewer than two cases per bin.
    """
    p, y = np.asarray(probabilities, np.float64), np.asarray(outcomes, np.float64)
    if len(p) < 2 * bins:
        raise NotEnoughDataError(f"{len(p)} cases are too few for {bins} bins; at least {2 * bins} are needed.")
    edges = np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1])
    bin_of = np.searchsorted(edges, p, side="right")
    sizes = np.bincount(bin_of, minlength=bins)
    bin_of, sizes = np.unique(bin_of, return_inverse=True)[1], sizes[sizes > 0]
    predicted, observed = (np.bincount(bin_of, values) / sizes for values in (p, y))
    share, gap = sizes / len(p), predicted - observed
    chance = observed * (1 - observed) / np.maximum(sizes - 1, 1)
    return CalibrationCurve(
        predicted.tolist(),
        observed.tolist(),
        cases=len(p),
        brier=float(np.square(p - y).mean()),
        brier_constant=float(y.mean() * (1 - y.mean())),
        error=float(share @ np.abs(gap)),
        error_debiased=max(0.0, float(share @ (np.square(gap) - chance))) ** 0.5,
    )
