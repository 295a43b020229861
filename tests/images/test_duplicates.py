"""Duplicates: planted copies of a picture are found, and no other pairs."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from painter_search.images.duplicates import (
    DETAIL_SIDE,
    Duplicate,
    PictureSketch,
    aligned_correlation,
    find_duplicates,
)

Paint = Callable[..., Image.Image]


def encoded(image: Image.Image, quality: int = 85) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """The image without these shares of its sides."""
    width, height = image.size
    return image.crop(
        (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    )


MIRROR = Image.Transpose.FLIP_LEFT_RIGHT
PLANTED: dict[str, tuple[str, Callable[[Image.Image], Image.Image]]] = {
    "re-encoded": ("same", lambda image: encoded(image, 30)),
    "resized": ("same", lambda image: encoded(image.resize((image.width // 2, image.height // 2)))),
    "enlarged": ("same", lambda image: encoded(image.resize((image.width * 2, image.height * 2)))),
    "cropped at one corner": ("altered", lambda image: encoded(cropped(image, 0.08, 0.08, 0, 0))),
    "cropped all round": ("altered", lambda image: encoded(cropped(image, 0.05, 0.05, 0.05, 0.05))),
    "cropped at one side": ("altered", lambda image: encoded(cropped(image, 0.1, 0, 0, 0))),
    "in black and white": ("altered", lambda image: encoded(image.convert("L").convert("RGB"))),
    "mirrored": ("mirrored", lambda image: encoded(image.transpose(MIRROR))),
    "mirrored and cropped": ("mirrored", lambda image: encoded(cropped(image, 0.06, 0, 0, 0.06).transpose(MIRROR))),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_find_duplicates_finds_planted_copy_and_no_other(planted: str, paint: Paint) -> None:
    pictures = [paint(seed, 300 + 10 * (seed % 3), 280) for seed in range(30)]
    kind, change = PLANTED[planted]
    for chosen in (3, 14):
        found = find_duplicates(
            [PictureSketch.from_image(picture) for picture in [*pictures, change(pictures[chosen])]]
        )
        assert [(one.first, one.second, one.kind) for one in found] == [(chosen, 30, kind)]
        assert 0.85 < found[0].likeness <= 1.0001


def test_find_duplicates_finds_none_among_different_pictures(paint: Paint) -> None:
    assert find_duplicates([PictureSketch.from_image(paint(seed, 240, 200)) for seed in range(40)]) == []


def test_find_duplicates_pairs_three_files_of_one_picture(paint: Paint) -> None:
    image = paint(1, 300, 280)
    sketches = [
        PictureSketch.from_image(picture)
        for picture in (image, paint(2, 300, 280), encoded(image, 40), image.resize((200, 187)))
    ]
    assert [(one.first, one.second) for one in find_duplicates(sketches)] == [(0, 2), (0, 3), (2, 3)]


def test_find_duplicates_compares_flat_pictures_by_colour() -> None:
    colours = [(200, 60, 40), (150, 50, 38), (201, 60, 40)]
    found = find_duplicates([PictureSketch.from_image(Image.new("RGB", (90, 90), colour)) for colour in colours])
    assert found == [Duplicate(0, 2, "same", 1.0)]


def test_find_duplicates_does_not_depend_on_block_size(paint: Paint) -> None:
    pictures = [paint(seed, 300, 280) for seed in range(20)]
    sketches = [
        PictureSketch.from_image(picture)
        for picture in [*pictures, pictures[5].transpose(MIRROR), encoded(pictures[19], 40)]
    ]
    whole = find_duplicates(sketches)
    assert find_duplicates(sketches, block_size=4) == whole
    assert [(one.first, one.second) for one in whole] == [(5, 20), (19, 21)]


@pytest.mark.parametrize("number", [0, 1])
def test_find_duplicates_of_no_or_one_picture_is_empty(number: int, paint: Paint) -> None:
    assert find_duplicates([PictureSketch.from_image(paint(seed)) for seed in range(number)]) == []


def test_aligned_correlation_undoes_shift_and_is_low_for_noise(paint: Paint) -> None:
    large = np.asarray(paint(7, 160, 160).convert("L").resize((DETAIL_SIDE + 4, DETAIL_SIDE + 4)))
    assert (
        aligned_correlation(
            np.ascontiguousarray(large[:DETAIL_SIDE, :DETAIL_SIDE]), np.ascontiguousarray(large[4:, 4:])
        )
        > 0.95
    )
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (DETAIL_SIDE, DETAIL_SIDE), dtype=np.uint8) for _ in range(2)]
    assert aligned_correlation(*noise) < 0.5
    assert aligned_correlation(noise[0], np.zeros((DETAIL_SIDE, DETAIL_SIDE), np.uint8)) < 0.5
