"""From which probability on an artist is named, and what that costs: names given to strangers, true names withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from painter_search.metrics.distances import FloatArray

Percentiles = tuple[float, ...]
"""101 values: of the least probability, of the 1st percentile, and so on to the greatest."""
GRID = np.linspace(0, 1, 101)
LEAST_WORKS, LEAST_ARTISTS = 40, 8
"""Costs measured on fewer works, or on works by fewer artists, are not told. With 40 works the 95 % interval of a share
reaches 16 points to either side at most, and none of 40 can still be 9 of 100 (Wilson, 1927); the works of one artist
fare alike, so that a few artists say little however many their works are."""
LEAST_RIGHT = 20
"""The same of works whose artist ranks first: 22 points to either side at most."""


@dataclass(frozen=True)
class NamingThreshold:
    """A threshold and its costs, as measured on works embedded by an encoder that was not trained on their artists."""

    probability: float
    """No artist is named below this probability that the artist is in the index."""
    false_names: float
    """Share of works by artists not in the index that are given a name."""
    true_names: float
    """Share of works whose artist ranks first that are given its name."""
    works: int = 0
    """How many works the costs were measured on."""
    artists: int = 0
    """By how many artists these are."""

    def to_dict(self) -> dict[str, float]:
        """Plain values, as under "threshold" in what `query --json` prints."""
        return asdict(self)


def percentiles(probabilities: FloatArray) -> Percentiles:
    """The percentiles of probabilities `[n]`, by which thresholds are found later."""
    return tuple(np.quantile(probabilities, GRID).round(6).tolist())


def threshold_at(probability: float, strangers: Sequence[float], right: Sequence[float]) -> NamingThreshold:
    """What a threshold costs, from the percentiles of works by strangers and of works whose artist ranks first."""
    return NamingThreshold(probability, _share_from(probability, strangers), _share_from(probability, right))


def threshold_for(false_names: float, strangers: Sequence[float], right: Sequence[float]) -> NamingThreshold:
    """The threshold at which this share of strangers is given a name."""
    return threshold_at(float(np.interp(1 - false_names, GRID, strangers)), strangers, right)


def best_balance(strangers: Sequence[float], right: Sequence[float]) -> NamingThreshold:
    """The threshold with the most true names less false ones, as shares (Youden's J, 1950)."""
    candidates = [threshold_at(probability, strangers, right) for probability in sorted({*strangers, *right})]
    return max(candidates, key=lambda one: one.true_names - one.false_names)


def _share_from(probability: float, values: Sequence[float]) -> float:
    """Share of the works, of which these are the percentiles, at `probability` or above."""
    distinct, first = np.unique(values, return_index=True)
    if len(distinct) == 1:
        return float(probability <= distinct[0])
    return float(1 - np.interp(probability, distinct, GRID[first]))
