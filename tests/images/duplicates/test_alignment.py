"""Agreement in detail: alignment undoes shifts and stretches, and what is shared has to be inside."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from painter_search.images.duplicates.alignment import Placement, compare_detail
from painter_search.images.duplicates.sketch import DETAIL_SIDE

Paint = Callable[..., Image.Image]


def greys(picture: Image.Image, side: int = DETAIL_SIDE) -> NDArray[np.uint8]:
    return np.array(picture.convert("L").resize((side, side)))


def test_compare_detail_undoes_shift(paint: Paint) -> None:
    large = greys(paint(7, 160, 160), DETAIL_SIDE + 4)
    agreement = compare_detail(np.ascontiguousarray(large[:DETAIL_SIDE, :DETAIL_SIDE]), large[4:, 4:].copy())
    assert agreement.correlation > 0.9
    assert agreement.detail > 0.3


@pytest.mark.parametrize("seed", range(3))
def test_compare_detail_starts_where_placement_says(seed: int, paint: Paint) -> None:
    whole = paint(seed, 400, 400)
    window = whole.crop((50, 50, 400, 400))
    placed = compare_detail(greys(whole), greys(window), Placement(8 / 7, -DETAIL_SIDE / 7, -DETAIL_SIDE / 7))
    assert placed.correlation > 0.85


def test_compare_detail_finds_none_between_noises_or_with_blank() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.integers(0, 256, (DETAIL_SIDE, DETAIL_SIDE), dtype=np.uint8) for _ in range(2))
    blank = np.zeros((DETAIL_SIDE, DETAIL_SIDE), np.uint8)
    assert compare_detail(one, other).correlation < 0.3
    assert compare_detail(one, blank).correlation < 0.3
    assert compare_detail(blank, blank).detail == 0


def test_compare_detail_refuses_to_stretch_one_picture_over_another(paint: Paint) -> None:
    whole = greys(paint(5, 300, 300), 128)
    quarter = whole[:DETAIL_SIDE, :DETAIL_SIDE].copy()
    start = Placement(2, 0, 0)
    assert compare_detail(greys(paint(5, 300, 300)), quarter, start) == (0, 0)


def test_compare_detail_does_not_count_outline_on_even_ground(paint: Paint) -> None:
    disc = cv2.circle(np.zeros((DETAIL_SIDE, DETAIL_SIDE), np.uint8), (32, 32), 27, 1, -1)
    one, other = (np.where(disc, greys(paint(seed, 300, 300)) // 2, 250).astype(np.uint8) for seed in (1, 2))
    assert compare_detail(one, other).correlation < 0.4
    assert compare_detail(one, one).correlation > 0.8
