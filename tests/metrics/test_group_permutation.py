from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.group_permutation import (
    PERMUTATIONS,
    conformal_p_value,
    least_p,
    leave_out_means,
    permutation_test,
)


def distances_of(points: np.ndarray) -> np.ndarray:
    return distance_matrix(points.astype(np.float32), points.astype(np.float32))


def energy_distance(distances: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """The statistic, pair by pair, for the rows of either group."""
    between = np.mean([distances[int(a), int(b)] for a in first for b in second])
    within = [np.mean([distances[int(a), int(b)] for a, b in combinations(group, 2)]) for group in (first, second)]
    return float(2 * between - sum(within))


def test_leave_out_means_equal_loop_without_work_itself() -> None:
    distances = distances_of(np.random.default_rng(0).normal(size=(7, 3)))
    in_second = np.array([False, True, False, False, True, True, False])
    own, cross = leave_out_means(distances, in_second)
    for work in range(7):
        alike = [distances[work, i] for i in range(7) if i != work and in_second[i] == in_second[work]]
        others = [distances[work, i] for i in range(7) if in_second[i] != in_second[work]]
        assert own[work] == pytest.approx(np.mean(alike))
        assert cross[work] == pytest.approx(np.mean(others))


def test_leave_out_means_are_nan_for_single_work() -> None:
    own, cross = leave_out_means(distances_of(np.eye(3)), np.array([False, True, True]))
    assert np.isnan(own[0])
    assert not np.isnan(own[1:]).any()
    assert not np.isnan(cross).any()


def test_permutation_test_agrees_with_scipys_exact_test() -> None:
    points = np.random.default_rng(4).normal(size=(8, 5))
    points[:3] += 0.7
    distances = distances_of(points)
    result = permutation_test(distances, np.arange(8) >= 3)
    exact = stats.permutation_test(
        (np.arange(3), np.arange(3, 8)),
        lambda first, second: energy_distance(distances, first, second),
        vectorized=False,
        alternative="greater",
        n_resamples=1000,  # more than the 56 divisions, so that scipy takes each of them once
    )
    assert result.statistic == pytest.approx(exact.statistic, rel=1e-4)
    assert 0.01 < exact.pvalue < 0.6
    assert result.p == pytest.approx(exact.pvalue, abs=4 * np.sqrt(exact.pvalue * (1 - exact.pvalue) / PERMUTATIONS))
    assert result.permutations == PERMUTATIONS + 1


def test_permutation_test_p_value_is_reproducible_for_seed() -> None:
    distances, in_second = distances_of(np.random.default_rng(2).normal(size=(12, 4))), np.arange(12) >= 5
    assert permutation_test(distances, in_second) == permutation_test(distances, in_second)
    assert permutation_test(distances, in_second).p == 0.2714
    assert permutation_test(distances, in_second, seed=1).p != permutation_test(distances, in_second).p


def test_permutation_test_separates_distant_groups_from_halves_of_one() -> None:
    points = np.random.default_rng(0).normal(size=(30, 8))
    in_second = np.arange(30) >= 14
    alike = permutation_test(distances_of(points), in_second)
    assert alike.p > 0.05
    points[in_second] += 3
    apart = permutation_test(distances_of(points), in_second)
    assert apart.p == 1 / (PERMUTATIONS + 1)
    assert apart.statistic > alike.statistic


def test_permutation_test_p_cannot_become_small_with_few_works() -> None:
    points = np.random.default_rng(0).normal(size=(4, 8))
    points[2:] += 100
    assert permutation_test(distances_of(points), np.arange(4) >= 2).p == pytest.approx(1 / 3, abs=0.02)
    for one, other in ((2, 2), (2, 3), (3, 3), (2, 4), (3, 4)):
        points = np.random.default_rng(0).normal(size=(one + other, 8))
        points[one:] += 100
        p = permutation_test(distances_of(points), np.arange(one + other) >= one).p
        assert least_p(one, other) == pytest.approx(p, abs=0.02)


def test_conformal_p_value_counts_works_that_lie_as_far() -> None:
    points = np.random.default_rng(1).normal(size=(20, 4))
    distances = distances_of(points)
    means = [np.mean([distances[a, b] for b in range(20) if b != a]) for a in range(20)]
    assert conformal_p_value(distances) == np.mean([mean >= means[0] - 1e-9 for mean in means])
    points[0] = 50
    assert conformal_p_value(distances_of(points)) == 1 / 20
    points[0] = points[1:].mean(axis=0)
    assert conformal_p_value(distances_of(points)) == 1
