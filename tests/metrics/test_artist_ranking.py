import numpy as np
import pytest

from painter_search.metrics.artist_ranking import rank_artists, rank_within_artist


def rank_by_loop(distances: list[float], artists: list[int]) -> list[tuple[int, float]]:
    ranking = []
    for artist in set(artists):
        own = sorted(d for d, a in zip(distances, artists, strict=True) if a == artist)
        nearest = own[:3]
        ranking.append((artist, sum(nearest) / len(nearest) * len(own) ** (1 / 40)))
    return sorted(ranking, key=lambda item: item[1])


@pytest.mark.parametrize("seed", range(20))
def test_rank_artists_equals_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    artists = rng.integers(0, 9, 60)
    distances = rng.random(60)
    ranked, adjusted = rank_artists(distances, artists, np.bincount(artists, minlength=9))
    expected = rank_by_loop(distances.tolist(), artists.tolist())
    assert ranked.tolist() == [artist for artist, _ in expected]
    np.testing.assert_allclose(adjusted, [distance for _, distance in expected])


def test_rank_artists_does_not_favour_artist_with_many_works() -> None:
    distances = np.array([1.0] * 3 + [1.0] * 60)
    artists = np.array([0] * 3 + [1] * 60)
    ranked, _ = rank_artists(distances, artists, np.bincount(artists))
    assert ranked.tolist() == [0, 1]


def test_rank_artists_three_near_works_outvote_one_very_near_work() -> None:
    ranked, _ = rank_artists(np.array([0.5, 3, 3, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1]), np.array([3, 3]))
    assert ranked.tolist() == [1, 0]


def test_rank_artists_omits_artists_without_candidates() -> None:
    ranked, _ = rank_artists(np.array([1.0, 2.0]), np.array([0, 4]), np.array([1, 2, 0, 3, 1, 9]))
    assert ranked.tolist() == [0, 4]


def test_rank_within_artist_counts_earlier_works_of_same_artist() -> None:
    assert rank_within_artist(np.array([2, 0, 2, 2, 0])).tolist() == [0, 0, 1, 2, 1]
