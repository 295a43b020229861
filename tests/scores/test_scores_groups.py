from itertools import combinations

import numpy as np
import pytest

from painter_search.scores.groups import PERMUTATIONS, leave_out_means, permutation_test, place_in_group
from painter_search.scores.triplets import distance_matrix


def distances_of(points: np.ndarray) -> np.ndarray:
    return distance_matrix(points.astype(np.float32), points.astype(np.float32))


def energy(distances: np.ndarray, first: set[int]) -> float:
    """The statistic, pair by pair."""
    second = set(range(len(distances))) - first
    between = np.mean([distances[a, b] for a in first for b in second])
    within = [np.mean([distances[a, b] for a, b in combinations(sorted(part), 2)]) for part in (first, second)]
    return float(2 * between - sum(within))


def test_means_leave_the_work_itself_out() -> None:
    distances = distances_of(np.random.default_rng(0).normal(size=(7, 3)))
    other = np.array([False, True, False, False, True, True, False])
    own, cross = leave_out_means(distances, other)
    for work in range(7):
        alike = [distances[work, i] for i in range(7) if i != work and other[i] == other[work]]
        assert own[work] == pytest.approx(np.mean(alike))
        assert cross[work] == pytest.approx(np.mean([distances[work, i] for i in range(7) if other[i] != other[work]]))


def test_a_single_work_has_no_others() -> None:
    own, cross = leave_out_means(distances_of(np.eye(3)), np.array([False, True, True]))
    assert np.isnan(own[0])
    assert not np.isnan(own[1:]).any()
    assert not np.isnan(cross).any()


def test_the_share_of_divisions_is_that_of_all_divisions() -> None:
    points = np.random.default_rng(4).normal(size=(8, 5))
    points[:3] += 0.7
    distances = distances_of(points)
    other = np.arange(8) >= 3
    found = permutation_test(distances, other)
    assert found.statistic == pytest.approx(energy(distances, {0, 1, 2}), rel=1e-4)
    every = [energy(distances, set(first)) for first in combinations(range(8), 3)]
    exact = np.mean(np.array(every) >= energy(distances, {0, 1, 2}) - 1e-6)
    assert 0.01 < exact < 0.6
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / PERMUTATIONS))
    assert found.permutations == PERMUTATIONS + 1


def test_groups_far_apart_differ_and_halves_of_one_do_not() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(30, 8))
    other = np.arange(30) >= 14
    alike = permutation_test(distances_of(points), other)
    assert alike.p > 0.05
    points[other] += 3
    apart = permutation_test(distances_of(points), other)
    assert apart.p == 1 / (PERMUTATIONS + 1)
    assert apart.statistic > alike.statistic


def test_with_few_works_p_cannot_become_small() -> None:
    points = np.random.default_rng(0).normal(size=(4, 8))
    points[2:] += 100
    assert permutation_test(distances_of(points), np.arange(4) >= 2).p == pytest.approx(1 / 3, abs=0.02)


def test_the_place_in_a_group_counts_those_that_lie_as_far() -> None:
    points = np.random.default_rng(1).normal(size=(20, 4))
    distances = distances_of(points)
    means = [np.mean([distances[a, b] for b in range(20) if b != a]) for a in range(20)]
    assert place_in_group(distances) == np.mean([mean >= means[0] - 1e-9 for mean in means])
    points[0] = 50
    assert place_in_group(distances_of(points)) == 1 / 20
    points[0] = points[1:].mean(axis=0)
    assert place_in_group(distances_of(points)) == 1
