"""Two groups of works by the distances between them: what lies where, and whether the groups differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.scores.triplets import FloatArray

PERMUTATIONS = 9999
"""Divisions that are drawn; with the one at hand 10,000, so that p has four places."""
CHUNK = 1000
ROUNDING = 1e-9
"""Statistics of equal divisions may differ by this share of the largest distance."""


@dataclass(frozen=True)
class GroupTest:
    """Whether two groups lie further apart than the works do within them."""

    statistic: float
    """Twice the mean distance between the groups less the mean distance within each (energy distance)."""
    p: float
    """Share of divisions of all the works into two groups of these sizes whose statistic is at least as large."""
    permutations: int
    """How many divisions were looked at, the one at hand among them."""


def leave_out_means(distances: FloatArray, other: NDArray[np.bool_]) -> tuple[NDArray, NDArray]:
    """Mean distance of each work to the others of its group, itself left out, and to the other group: `[n]` each.

    `distances` is `[n, n]`, `other` `[n]` says which works belong to the second group. `nan` where there is none.
    """
    values = np.asarray(distances, np.float64) * ~np.eye(len(distances), dtype=bool)
    alike = other[:, None] == other[None, :]
    near, far = alike.sum(axis=1) - 1, (~alike).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return (values * alike).sum(axis=1) / near, (values * ~alike).sum(axis=1) / far


def permutation_test(distances: FloatArray, other: NDArray[np.bool_], seed: int = 0) -> GroupTest:
    """Compare a division of works with random ones: the energy test (Szekely and Rizzo, 2004).

    `distances` is `[n, n]`, `other` `[n]` says which works belong to the second group; each has at least 2. It
    asks whether works could be exchanged between the groups unnoticed; with few works p cannot become small.
    """
    rng = np.random.default_rng(seed)
    values = np.asarray(distances, np.float64) * ~np.eye(len(distances), dtype=bool)
    found = float(_energy(values, other[None])[0])
    least = found - ROUNDING * values.max()
    extreme = 1
    for start in range(0, PERMUTATIONS, CHUNK):
        rows = min(CHUNK, PERMUTATIONS - start)
        extreme += int((_energy(values, rng.permuted(np.tile(other, (rows, 1)), axis=1)) >= least).sum())
    return GroupTest(found, extreme / (PERMUTATIONS + 1), PERMUTATIONS + 1)


def place_in_group(distances: FloatArray) -> float:
    """The share of works that lie at least as far from the others, in the mean, as the first of them: 1/n to 1.

    `distances` is `[n, n]`, the first work among them. If the first belongs to the group as any other does, this is
    below a with a probability of at most a (conformal prediction: Vovk et al., Algorithmic Learning in a Random
    World, 2005).
    """
    values = np.asarray(distances, np.float64) * ~np.eye(len(distances), dtype=bool)
    sums = values.sum(axis=1)
    return float((sums >= sums[0] - ROUNDING * sums.max()).mean())


def _energy(distances: NDArray[np.float64], other: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The statistic of each division `[k, n]`."""
    second = other.astype(np.float64)
    first = 1 - second
    a, b = first.sum(axis=1), second.sum(axis=1)
    to_second = second @ distances
    between = (first * to_second).sum(axis=1) / (a * b)
    in_second = (second * to_second).sum(axis=1) / (b * (b - 1))
    in_first = (first * (distances.sum(axis=0) - to_second)).sum(axis=1) / (a * (a - 1))
    return np.asarray(2 * between - in_first - in_second)
