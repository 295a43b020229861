"""Pictures planted a second time are found, and no others."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from painter_search.collection import duplicates
from painter_search.collection.duplicates import DETAIL, Look, Repeat, align, find_repeats

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
def test_a_picture_planted_again_is_found_and_no_other(planted: str, paint: Paint) -> None:
    pictures = [paint(seed, 300 + 10 * (seed % 3), 280) for seed in range(30)]
    kind, change = PLANTED[planted]
    for chosen in (3, 14):
        found = find_repeats([Look.at(picture) for picture in [*pictures, change(pictures[chosen])]])
        assert [(repeat.first, repeat.second, repeat.kind) for repeat in found] == [(chosen, 30, kind)]
        assert 0.85 < found[0].likeness <= 1.0001


def test_different_pictures_are_not_repeats(paint: Paint) -> None:
    assert find_repeats([Look.at(paint(seed, 240, 200)) for seed in range(60)]) == []


def test_three_files_of_one_picture_make_three_pairs(paint: Paint) -> None:
    image = paint(1, 300, 280)
    looks = [Look.at(picture) for picture in (image, paint(2, 300, 280), encoded(image, 40), image.resize((200, 187)))]
    assert [(repeat.first, repeat.second) for repeat in find_repeats(looks)] == [(0, 2), (0, 3), (2, 3)]


def test_flat_pictures_are_told_by_their_colour() -> None:
    colours = [(200, 60, 40), (150, 50, 38), (201, 60, 40)]
    found = find_repeats([Look.at(Image.new("RGB", (90, 90), colour)) for colour in colours])
    assert found == [Repeat(0, 2, "same", 1.0)]


def test_what_is_found_does_not_depend_on_the_blocks(paint: Paint, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [paint(seed, 300, 280) for seed in range(20)]
    looks = [Look.at(picture) for picture in [*pictures, pictures[5].transpose(MIRROR), encoded(pictures[19], 40)]]
    whole = find_repeats(looks)
    monkeypatch.setattr(duplicates, "BLOCK", 4)
    assert find_repeats(looks) == whole
    assert [(repeat.first, repeat.second) for repeat in whole] == [(5, 20), (19, 21)]


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_repeats_in_next_to_nothing(number: int, paint: Paint) -> None:
    assert find_repeats([Look.at(paint(seed)) for seed in range(number)]) == []


def test_laying_over_undoes_a_shift_and_gives_up_on_noise(paint: Paint) -> None:
    large = np.asarray(paint(7, 160, 160).convert("L").resize((DETAIL + 4, DETAIL + 4)))
    assert align(np.ascontiguousarray(large[:DETAIL, :DETAIL]), np.ascontiguousarray(large[4:, 4:])) > 0.95
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (DETAIL, DETAIL), dtype=np.uint8) for _ in range(2)]
    assert align(*noise) < 0.5
    assert align(noise[0], np.zeros((DETAIL, DETAIL), np.uint8)) < 0.5
