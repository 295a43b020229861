"""Bootstrap confidence intervals that resample artists rather than works.

Works by one artist are correlated, so resampling works would make every interval too narrow.
Percentile bootstrap: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray, IntArray

RESAMPLES = 2000
"""Bootstrap resamples behind each interval."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % confidence interval; all `nan` if there was nothing to average."""

    value: float
    low: float
    high: float


def mean_by_artist(values: FloatArray, artists: IntArray, seed: int = 0) -> Estimate:
    """Mean of `values` `[n]` with its 95 % interval, resampling whole artists `[n]`; `nan` values are left out."""
    values = np.asarray(values, np.float64)
    valid = ~np.isnan(values)
    if not valid.any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    values = values[valid]
    _, groups = np.unique(np.asarray(artists)[valid], return_inverse=True)
    sums, sizes = np.bincount(groups, weights=values), np.bincount(groups)
    draws = _draws(len(sums), seed)
    means = (draws @ sums) / (draws @ sizes)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(values.mean()), float(low), float(high))


def paired_difference(after: FloatArray, before: FloatArray, artists: IntArray) -> Estimate:
    """Mean of `after - before` over the same items `[n]` with its 95 % interval, resampling whole artists."""
    return mean_by_artist(np.asarray(after, np.float64) - np.asarray(before, np.float64), artists)


def macro_mean(values: FloatArray, artists: IntArray) -> float:
    """Mean over artists of each artist's mean; `nan` values are left out."""
    valid = ~np.isnan(values)
    if not valid.any():
        return float("nan")
    _, groups = np.unique(np.asarray(artists)[valid], return_inverse=True)
    return float((np.bincount(groups, weights=values[valid]) / np.bincount(groups)).mean())


def _draws(count: int, seed: int) -> NDArray[np.float64]:
    """How often each of `count` artists is drawn in each resample: `[RESAMPLES, count]`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)
