"""Permutation test and typicality of groups of works, from the distances between the works."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray

PERMUTATIONS = 9999
"""Random divisions of the works; with the observed one 10,000, so that p has four decimal places."""
CHUNK = 1000
"""Divisions whose statistics are computed at once."""
ROUNDING = 1e-9
"""Statistics of equal divisions may differ by this share of the largest distance."""


@dataclass(frozen=True)
class GroupTest:
    """Result of the permutation test: whether two groups lie further apart than works within them do."""

    statistic: float
    """Energy distance: twice the mean distance between the groups less the mean distance within each."""
    p: float
    """Share of divisions of all works into two groups of these sizes whose statistic is at least as large."""
    permutations: int
    """How many divisions were compared, the observed one included."""


def leave_out_means(
    distances: FloatArray, in_second: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean distance of each work to the rest of its group, and to the other group: float64 `[n]` each.

    Args:
        distances: Distances between all works, `[n, n]`.
        in_second: Which works belong to the second group, `[n]`.

    Returns:
        The two means; `nan` for the only work of a group, and for an empty other group.
    """
    values = _without_diagonal(distances)
    alike = in_second[:, None] == in_second[None, :]
    near, far = alike.sum(axis=1) - 1, (~alike).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return (values * alike).sum(axis=1) / near, (values * ~alike).sum(axis=1) / far


def permutation_test(distances: FloatArray, in_second: NDArray[np.bool_], seed: int = 0) -> GroupTest:
    """Test whether two groups of works differ, by the energy distance (Szekely and Rizzo, 2004).

    The null hypothesis is that works could be exchanged between the groups. With few works p cannot become small.

    Not scipy.stats.permutation_test: with this very statistic it takes 1.1 to 3 times as long (20 to 300 works), and
    its import alone takes a second, longer than the rest of a comparison. For the same seed it draws other divisions,
    and below 9999 possible ones it takes all of them, so p would change.

    Args:
        distances: Distances between all works, `[n, n]`.
        in_second: Which works belong to the second group, `[n]`; both groups have at least 2.
        seed: Seed of the random divisions.
    """
    rng = np.random.default_rng(seed)
    values = _without_diagonal(distances)
    observed = float(_energy_distances(values, in_second[None])[0])
    threshold = observed - ROUNDING * values.max()
    extreme = 1
    for start in range(0, PERMUTATIONS, CHUNK):
        count = min(CHUNK, PERMUTATIONS - start)
        divisions = rng.permuted(np.tile(in_second, (count, 1)), axis=1)
        extreme += int((_energy_distances(values, divisions) >= threshold).sum())
    return GroupTest(observed, extreme / (PERMUTATIONS + 1), PERMUTATIONS + 1)


def least_p(one: int, other: int) -> float:
    """The least p that a permutation test of groups of so many works can have, but for chance.

    However far they lie apart, the observed division is one of all, and so is its mirror image of equal groups.
    """
    return (2 if one == other else 1) / math.comb(one + other, one)


def conformal_p_value(distances: FloatArray) -> float:
    """Share of works whose mean distance to the rest is at least the first work's, itself included: 1/n to 1.

    If the first work belongs to the group as any other does, this is at most a with a probability of at most a
    (conformal prediction: Vovk et al., Algorithmic Learning in a Random World, 2005).

    Args:
        distances: Distances between all works, `[n, n]`, the one in question first.
    """
    sums = _without_diagonal(distances).sum(axis=1)
    return float((sums >= sums[0] - ROUNDING * sums.max()).mean())


def _without_diagonal(distances: FloatArray) -> NDArray[np.float64]:
    """Distances as float64, exactly 0 on the diagonal, where float32 leaves rounding errors."""
    return np.asarray(distances, np.float64) * ~np.eye(len(distances), dtype=bool)


def _energy_distances(distances: NDArray[np.float64], in_second: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Energy distance of each division `[k, n]`: float64 `[k]`."""
    second = in_second.astype(np.float64)
    first = 1 - second
    a, b = first.sum(axis=1), second.sum(axis=1)
    to_second = second @ distances
    between = (first * to_second).sum(axis=1) / (a * b)
    within_second = (second * to_second).sum(axis=1) / (b * (b - 1))
    within_first = (first * (distances.sum(axis=0) - to_second)).sum(axis=1) / (a * (a - 1))
    return np.asarray(2 * between - within_first - within_second)
