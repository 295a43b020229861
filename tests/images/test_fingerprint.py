"""Fingerprints recognise a picture in another file, and tell different pictures apart."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from painter_search.images import fingerprint as fingerprint_module
from painter_search.images.fingerprint import (
    FINGERPRINT_BYTES,
    NO_PICTURE,
    fingerprint,
    first_of_each_picture,
    same_picture,
    stack_fingerprints,
)
from painter_search.images.framing import frame_painting, make_thumbnail, open_frame

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]
Change = Callable[[Image.Image], bytes]


def opened(content: bytes) -> Image.Image:
    """An image file's pixels."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def encoded(image: Image.Image, file_format: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def print_of(content: bytes) -> bytes:
    """The fingerprint of an original, taken as an index takes it: of the thumbnail of its frame."""
    return fingerprint(opened(make_thumbnail(open_frame(frame_painting(content, "whole").jpeg))))


CHANGES: dict[str, Change] = {
    "as it is": lambda image: encoded(image, quality=92),
    "quality 30": lambda image: encoded(image, quality=30),
    "half the size": lambda image: encoded(
        image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    ),
    "a third larger": lambda image: encoded(image.resize((image.width * 4 // 3, image.height * 4 // 3))),
    "PNG": lambda image: encoded(image, "PNG"),
    "WebP": lambda image: encoded(image, "WEBP", quality=50),
    "more colour": lambda image: encoded(ImageEnhance.Color(image).enhance(1.1)),
    "brighter": lambda image: encoded(ImageEnhance.Brightness(image).enhance(1.06)),
    "a touch warmer": lambda image: encoded(
        image.point([min(255, v + 5) for v in range(256)] + list(range(512))[:256] * 2)
    ),
}


@pytest.fixture(scope="module")
def images(paint: Paint) -> list[Image.Image]:
    return [paint(seed, 360 + 10 * (seed % 3), 300) for seed in range(12)]


@pytest.fixture(scope="module")
def others(images: list[Image.Image]) -> NDArray[np.uint8]:
    """The fingerprints of `images`."""
    return stack_fingerprints([print_of(encoded(image, "PNG")) for image in images])


@pytest.mark.parametrize("change", CHANGES)
def test_same_picture_recognises_changed_file_and_no_other(
    change: str, images: list[Image.Image], others: NDArray[np.uint8]
) -> None:
    for index, image in enumerate(images):
        found = same_picture(print_of(CHANGES[change](image)), others)
        assert np.flatnonzero(found).tolist() == [index]


def test_fingerprint_has_fixed_length_and_aspect_ratio(paint: Paint, save: Save) -> None:
    printed = fingerprint(opened(save(paint(1, 300, 150))))
    assert len(printed) == FINGERPRINT_BYTES
    assert np.frombuffer(printed[-4:], np.float32)[0] == 2.0


def test_same_picture_of_no_others_is_empty(paint: Paint, save: Save) -> None:
    found = same_picture(fingerprint(opened(save(paint(1)))), np.zeros((0, FINGERPRINT_BYTES), np.uint8))
    assert found.shape == (0,)
    assert found.dtype == bool


def test_same_picture_rejects_another_aspect_ratio(paint: Paint, save: Save) -> None:
    image = paint(1, 300, 200)
    stretched = fingerprint(opened(save(image.resize((330, 200)), "PNG")))
    assert not same_picture(fingerprint(opened(save(image, "PNG"))), stack_fingerprints([stretched])).any()


def test_same_picture_rejects_mirrored_and_turned_pictures(paint: Paint, save: Save) -> None:
    image = paint(1, 200, 200)
    turned = [image.transpose(how) for how in list(Image.Transpose)[:4]]
    prints = stack_fingerprints([fingerprint(opened(save(other, "PNG"))) for other in turned])
    assert not same_picture(fingerprint(opened(save(image, "PNG"))), prints).any()


def test_same_picture_compares_flat_pictures_by_colour(save: Save) -> None:
    colours = [(200, 200, 200), (202, 201, 200), (200, 230, 200), (20, 20, 20)]
    prints = stack_fingerprints([fingerprint(opened(save(Image.new("RGB", (90, 90), colour)))) for colour in colours])
    found = same_picture(prints[0].tobytes(), prints)
    assert found.tolist() == [True, True, False, False]


def test_same_picture_tells_flat_pictures_of_other_hues_apart(save: Save) -> None:
    # Three channels that differ are contrast within a pixel, not within the picture.
    colours = [(200, 60, 40), (150, 50, 38)]
    prints = stack_fingerprints([fingerprint(opened(save(Image.new("RGB", (90, 90), colour)))) for colour in colours])
    assert same_picture(prints[0].tobytes(), prints).tolist() == [True, False]


def test_same_picture_is_symmetric(paint: Paint, save: Save) -> None:
    prints = stack_fingerprints(
        [fingerprint(opened(save(paint(seed, 100, 100 + seed % 2), quality=40))) for seed in range(20)]
    )
    table = np.array([same_picture(one.tobytes(), prints) for one in prints])
    assert np.array_equal(table, table.T)
    assert table.diagonal().all()


@pytest.mark.slow
def test_same_picture_on_real_paintings(collections: Path) -> None:
    paths = sorted((collections / "paintings" / "originals").glob("*.jpg"))[::8]
    if not paths:
        pytest.skip("no originals")
    names = [path.name for path in paths]
    frames = [frame_painting(path.read_bytes(), "whole").jpeg for path in paths]
    prints = stack_fingerprints([fingerprint(opened(make_thumbnail(open_frame(frame)))) for frame in frames])
    mistaken = set()
    for index, one in enumerate(prints):
        for other in np.flatnonzero(same_picture(one.tobytes(), prints)):
            if other > index:
                mistaken.add((names[index], names[other]))
    assert not mistaken
    for change in ("quality 30", "half the size", "more colour"):
        for index in range(0, len(frames), 10):
            found = same_picture(print_of(CHANGES[change](open_frame(frames[index]))), prints)
            assert np.flatnonzero(found).tolist() == [index], (change, names[index])


def test_first_of_each_picture_equals_loop_and_looks_at_no_missing_pictures(
    paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [paint(number) for number in range(6)]
    plain = [Image.new("RGB", (64, 48), (level, level, level)) for level in (40, 42, 200)]
    again = [pictures[4].resize((300, 200)), pictures[0].resize((90, 60)), plain[0]]
    prints = stack_fingerprints([*map(fingerprint, [*pictures, *plain, *again]), NO_PICTURE, NO_PICTURE])
    expected = [not any(same_picture(a.tobytes(), b[None])[0] for b in prints[:row]) for row, a in enumerate(prints)]
    monkeypatch.setattr("painter_search.images.fingerprint.BLOCK", 5)
    assert first_of_each_picture(prints).tolist() == expected
    assert not all(expected)
    assert expected[-2:] == [True, True]
    monkeypatch.setattr("painter_search.images.fingerprint.same_picture", None)
    assert first_of_each_picture(np.tile(prints[-1], (2_000, 1))).all()


def test_works_without_pictures_are_not_compared_in_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    dark = fingerprint(Image.new("RGB", (64, 48), (2, 2, 2)))
    prints = stack_fingerprints([NO_PICTURE, dark, NO_PICTURE])
    compared: list[int] = []
    real = fingerprint_module._same_in_detail
    monkeypatch.setattr(
        fingerprint_module, "_same_in_detail", lambda one, many: [compared.append(len(many)), real(one, many)][1]
    )
    assert same_picture(dark, prints).tolist() == [False, True, False]
    assert not same_picture(NO_PICTURE, prints).any()
    assert compared == [1]
