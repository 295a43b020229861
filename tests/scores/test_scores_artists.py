import numpy as np

from painter_search.scores.artists import isolation_among, rank_artists, relative_distances, typical_distance


def naive_ranking(distances: list[float], artists: list[int]) -> list[tuple[int, float]]:
    ranking = []
    for artist in set(artists):
        own = sorted(d for d, a in zip(distances, artists, strict=True) if a == artist)
        nearest = own[:3]
        ranking.append((artist, sum(nearest) / len(nearest) * len(own) ** (1 / 40)))
    return sorted(ranking, key=lambda item: item[1])


def test_ranking_equals_a_naive_loop() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        artists = rng.integers(0, 9, 60)
        distances = rng.random(60)
        ranked, adjusted = rank_artists(distances, artists, np.bincount(artists, minlength=9))
        expected = naive_ranking(distances.tolist(), artists.tolist())
        assert ranked.tolist() == [artist for artist, _ in expected]
        np.testing.assert_allclose(adjusted, [distance for _, distance in expected])


def test_an_artist_is_not_favoured_for_having_many_works() -> None:
    distances = np.array([1.0] * 3 + [1.0] * 60)
    artists = np.array([0] * 3 + [1] * 60)
    ranked, _ = rank_artists(distances, artists, np.bincount(artists))
    assert ranked.tolist() == [0, 1]


def test_one_chance_likeness_does_not_outvote_three_near_works() -> None:
    ranked, _ = rank_artists(np.array([0.5, 3, 3, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1]), np.array([3, 3]))
    assert ranked.tolist() == [1, 0]


def test_artists_without_works_are_not_ranked() -> None:
    ranked, _ = rank_artists(np.array([1.0, 2.0]), np.array([0, 4]), np.array([1, 2, 0, 3, 1, 9]))
    assert ranked.tolist() == [0, 4]


def test_isolation_is_the_mean_distance_to_the_five_nearest_works_by_others() -> None:
    rng = np.random.default_rng(1)
    vectors, artists = rng.normal(size=(40, 6)).astype(np.float32), rng.integers(0, 5, 40)
    found = isolation_among(vectors, artists, vectors, artists)
    for row in range(40):
        others = sorted(
            float(np.linalg.norm(vectors[row] - vectors[other]))
            for other in range(40)
            if artists[other] != artists[row]
        )
        np.testing.assert_allclose(found[row], np.mean(others[:5]), rtol=1e-4)


def test_a_lone_artist_is_isolated_by_one_and_typically_one_apart() -> None:
    vectors, artists = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), np.zeros(4, int)
    assert isolation_among(vectors, artists, vectors, artists).tolist() == [1, 1, 1, 1]
    assert typical_distance(vectors, artists) == 1


def test_of_two_works_as_near_the_more_isolated_one_counts_as_nearer() -> None:
    near, far = relative_distances(np.array([0.5, 0.5], np.float32), np.array([0.9, 0.4], np.float32), 1.0)
    assert near < far
