"""Samples of an index that its figures are measured on."""

from __future__ import annotations

import numpy as np
import pytest

from painter_search.metrics.leave_one_out import LEAST_DRAWN, draw_artists


@pytest.mark.parametrize(
    ("sizes", "artists", "works"),
    [
        ([5] * 20, 20, 100),  # no more works than may be drawn
        ([10] * 300, 100, 1_000),  # whole artists
        ([800] * 23, 23, 23 * 43),  # few artists with many works
        ([20_000, *[2] * 9], 10, 118),  # 100 of the first
        ([5_000] * 200, 40, 1_000),
    ],
)
def test_draw_artists_draws_many_artists_and_few_enough_works(sizes: list[int], artists: int, works: int) -> None:
    numbers = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    rows = draw_artists(numbers, 1_000, np.random.default_rng(1))
    assert (np.diff(rows) > 0).all()
    assert (len(np.unique(numbers[rows])), len(rows)) == (artists, works)
    assert np.array_equal(rows, draw_artists(numbers, 1_000, np.random.default_rng(1)))
    if len(rows) < len(numbers):
        assert not np.array_equal(rows, draw_artists(numbers, 1_000, np.random.default_rng(2)))


def test_draw_artists_takes_all_works_of_an_artist_or_as_many_as_of_the_others() -> None:
    sizes = np.random.default_rng(3).integers(1, 60, 500)
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    rows = draw_artists(numbers, 1_000, np.random.default_rng(4))
    drawn = np.bincount(numbers[rows], minlength=len(sizes))
    present = drawn > 0
    np.testing.assert_array_equal(drawn[present], np.minimum(sizes[present], 1_000 // LEAST_DRAWN))
    assert 1_000 <= len(rows) < 1_000 + 1_000 // LEAST_DRAWN
