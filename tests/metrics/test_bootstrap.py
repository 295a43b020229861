"""Intervals by artist: they hold the truth as often as they should, and are the same each time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from painter_search.metrics.bootstrap import macro_mean, mean_by_artist, paired_difference


def artists_and_values(rng: np.random.Generator, artists: int = 40) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each artist has a level of its own around 0.5, and each of its works scatters around that."""
    sizes = rng.integers(2, 9, artists)
    owners = np.repeat(np.arange(artists), sizes)
    return owners, 0.5 + rng.normal(0, 0.2, artists)[owners] + rng.normal(0, 0.2, len(owners))


def naive_macro(values: NDArray[np.float64], artists: NDArray[np.int64]) -> float:
    means = []
    for artist in sorted(set(artists.tolist())):
        own = [v for v, a in zip(values, artists, strict=True) if a == artist and not math.isnan(v)]
        if own:
            means.append(sum(own) / len(own))
    return sum(means) / len(means)


def test_mean_by_artist_value_is_plain_mean() -> None:
    artists, values = artists_and_values(np.random.default_rng(0))
    estimate = mean_by_artist(values, artists)
    assert estimate.value == pytest.approx(sum(values) / len(values))
    assert estimate.low < estimate.value < estimate.high


def test_mean_by_artist_interval_is_close_to_naive_bootstrap() -> None:
    artists, values = artists_and_values(np.random.default_rng(1))
    rng = np.random.default_rng(99)
    means = []
    for _ in range(2000):
        drawn = rng.integers(0, 40, 40)
        pool = [value for artist in drawn for value in values[artists == artist]]
        means.append(sum(pool) / len(pool))
    low, high = np.percentile(means, [2.5, 97.5])
    estimate = mean_by_artist(values, artists)
    width = high - low
    assert estimate.low == pytest.approx(low, abs=0.08 * width)
    assert estimate.high == pytest.approx(high, abs=0.08 * width)


def test_mean_by_artist_interval_covers_truth_95_times_of_100() -> None:
    covered = 0
    for seed in range(150):
        artists, values = artists_and_values(np.random.default_rng(1000 + seed))
        estimate = mean_by_artist(values, artists, seed)
        covered += estimate.low <= 0.5 <= estimate.high
    assert 0.87 <= covered / 150 <= 0.99


def test_mean_by_artist_interval_is_wider_than_resampling_works() -> None:
    artists, values = artists_and_values(np.random.default_rng(2))
    by_artist, by_work = mean_by_artist(values, artists), mean_by_artist(values, np.arange(len(values)))
    assert by_artist.high - by_artist.low > 1.3 * (by_work.high - by_work.low)


def test_paired_difference_interval_is_narrower_than_unpaired() -> None:
    rng = np.random.default_rng(3)
    artists, before = artists_and_values(rng)
    after = before + 0.03 + rng.normal(0, 0.02, len(before))
    paired = paired_difference(after, before, artists)
    single = mean_by_artist(after, artists)
    assert paired.value == pytest.approx(np.mean(after - before))
    assert paired.high - paired.low < 0.3 * (single.high - single.low)
    assert paired.low > 0


def test_paired_difference_accepts_booleans() -> None:
    after, before = np.array([True, True, False]), np.array([False, True, True])
    assert paired_difference(after, before, np.arange(3)).value == 0


def test_mean_by_artist_is_reproducible_for_seed() -> None:
    artists, values = artists_and_values(np.random.default_rng(4))
    assert mean_by_artist(values, artists, 7) == mean_by_artist(values, artists, 7)
    assert mean_by_artist(values, artists, 7).low != mean_by_artist(values, artists, 8).low


def test_mean_by_artist_ignores_numbering_and_order_of_artists() -> None:
    artists, values = artists_and_values(np.random.default_rng(5))
    order = np.random.default_rng(6).permutation(len(values))
    one, other = mean_by_artist(values, artists), mean_by_artist(values[order], artists[order] * 3 + 5)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_mean_by_artist_leaves_nan_out() -> None:
    artists, values = artists_and_values(np.random.default_rng(7))
    kept = np.random.default_rng(8).random(len(values)) < 0.7
    estimate = mean_by_artist(np.where(kept, values, np.nan), artists)
    expected = mean_by_artist(values[kept], artists[kept])
    assert estimate == expected


def test_bootstrap_functions_return_nan_without_values() -> None:
    for values in (np.full(3, np.nan), np.array([])):
        estimate = mean_by_artist(values, np.arange(len(values)))
        assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
        assert math.isnan(macro_mean(values, np.arange(len(values))))
    assert math.isnan(paired_difference(np.full(2, np.nan), np.ones(2), np.arange(2)).value)


def test_mean_by_artist_interval_of_single_artist_has_no_width() -> None:
    estimate = mean_by_artist(np.array([0.0, 1.0, 1.0]), np.zeros(3, dtype=np.int64))
    assert estimate.low == estimate.high == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", range(4))
def test_macro_mean_equals_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    artists, values = artists_and_values(rng)
    values[rng.random(len(values)) < 0.3] = np.nan
    values[artists == 3] = np.nan
    assert macro_mean(values, artists) == pytest.approx(naive_macro(values, artists))
