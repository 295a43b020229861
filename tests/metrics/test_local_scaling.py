import numpy as np

from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.local_scaling import (
    ReferenceWorks,
    mean_between_artists,
    mean_of_nearest,
    scale_distances,
)


def test_local_scales_are_mean_distances_to_five_nearest_works_by_others() -> None:
    rng = np.random.default_rng(1)
    vectors, artists = rng.normal(size=(40, 6)).astype(np.float32), rng.integers(0, 5, 40)
    scales = ReferenceWorks(vectors, artists).local_scales(vectors, artists)
    for row in range(40):
        others = sorted(
            float(np.linalg.norm(vectors[row] - vectors[other]))
            for other in range(40)
            if artists[other] != artists[row]
        )
        np.testing.assert_allclose(scales[row], np.mean(others[:5]), rtol=1e-4)


def test_local_scales_and_mean_distance_are_one_for_single_artist() -> None:
    vectors, artists = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), np.zeros(4, int)
    assert ReferenceWorks(vectors, artists).local_scales(vectors, artists).tolist() == [1, 1, 1, 1]
    assert mean_between_artists(distance_matrix(vectors, vectors), artists) == 1


def test_scale_distances_favours_more_isolated_of_equally_near_works() -> None:
    isolated, hub = scale_distances(np.array([0.5, 0.5], np.float32), np.array([0.9, 0.4], np.float32), 1.0)
    assert isolated < hub


def test_mean_distance_is_one_where_all_works_lie_in_one_place() -> None:
    vectors = np.ones((4, 3), np.float32)
    assert mean_between_artists(distance_matrix(vectors, vectors), np.array([0, 0, 1, 2])) == 1


def test_mean_of_nearest_of_long_rows_is_that_of_the_smallest_values() -> None:
    rng = np.random.default_rng(2)
    for width in (1_024, 1_056, 1_100, 2_500):
        rows = rng.normal(size=(50, width)).astype(np.float32) ** 2 + 0.1
        rows[0, -5:] = 1e-3  # the smallest behind the last group
        rows[1, :: width // 5] = 1e-3
        rows[2, rng.permutation(width)[: width - 3]] = np.inf
        rows[3] = np.inf
        expected = [np.mean(np.sort(row[np.isfinite(row)])[:5]) if np.isfinite(row).any() else 1 for row in rows]
        np.testing.assert_allclose(mean_of_nearest(rows), expected, rtol=1e-6)
