"""Photographs framed: cropped to the painting, or to a rectangle, at the resolution that the file has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base
from wall_photographs import photograph_on_wall

from painter_search.common.errors import UnreadableImageError
from painter_search.images.framing import frame_painting, open_frame
from painter_search.images.photographs.crop import CropBox

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]


def correlation(one: Image.Image, other: Image.Image) -> float:
    a, b = (np.asarray(image.convert("RGB").resize((48, 48))).ravel() for image in (one, other))
    return float(np.corrcoef(a, b)[0, 1])


def test_found_painting_is_framed_as_the_reproduction_would_be(paint: Paint, save: Save) -> None:
    picture = paint(5, 400, 310)
    photograph = photograph_on_wall(picture, yaw=25, size=(1600, 1200))
    frame = frame_painting(save(photograph.image, "JPEG", quality=85), "whole", crop="auto")
    shown = open_frame(frame.jpeg)
    assert frame.crop is not None
    assert frame.crop.sureness is not None
    assert frame.crop.share == pytest.approx(0.33, abs=0.12)
    assert min(shown.size) == 448  # the file has more; the small copy in which the painting was found has less
    assert shown.width / shown.height == pytest.approx(400 / 310, rel=0.03)
    assert correlation(shown, picture) > 0.97
    assert open_frame(frame.crop.photograph).size == (512, 384)


@pytest.mark.parametrize(("size", "sharpened"), [((800, 600), True), ((3200, 2400), False)])
def test_crop_is_sharpened_where_the_photograph_shows_its_own_pixels(
    size: tuple[int, int], sharpened: bool, paint: Paint, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = photograph_on_wall(paint(5, 400, 310), yaw=25, size=(800, 600)).image.resize(size)
    content = save(photograph, "JPEG", quality=85)
    sharp = frame_painting(content, "whole", crop="auto")
    monkeypatch.setattr("painter_search.images.photographs.photograph.sharpen", lambda pixels: pixels)
    plain = frame_painting(content, "whole", crop="auto")
    contrast = [np.abs(np.diff(np.asarray(open_frame(frame.jpeg), float), axis=0)).mean() for frame in (sharp, plain)]
    assert sharp.crop is not None
    assert (contrast[0] > 1.05 * contrast[1]) == sharpened


def test_center_frame_of_a_photograph_is_the_middle_of_the_painting(paint: Paint, save: Save) -> None:
    picture = paint(6, 400, 400)
    content = save(photograph_on_wall(picture, size=(1600, 1200)).image, "PNG")
    frame = frame_painting(content, "center", crop="auto")
    assert frame.crop is not None
    assert frame.thumbnail is not None
    assert open_frame(frame.jpeg).size == (224, 224)
    assert correlation(open_frame(frame.thumbnail), picture) > 0.97
    assert min(frame.width, frame.height) > 500  # in pixels of the photograph


@pytest.mark.parametrize("turn", range(4))
def test_rectangle_keeps_its_pixels_and_is_turned_clockwise(turn: int, paint: Paint, save: Save) -> None:
    image = paint(7, 300, 200)
    frame = frame_painting(save(image, "PNG"), "whole", crop=CropBox(30, 20, 120, 90, turn))
    expected = Image.fromarray(np.rot90(np.asarray(image)[20:110, 30:150], -turn).copy())
    assert (frame.width, frame.height) == expected.size
    assert np.abs(np.asarray(open_frame(frame.jpeg)).astype(int) - np.asarray(expected)).mean() < 4
    assert frame.crop is not None
    assert frame.crop.sureness is None
    assert frame.crop.share == pytest.approx(0.18)


def test_rectangle_lies_on_the_upright_photograph(paint: Paint, save: Save) -> None:
    image = paint(8, 300, 200)
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    lying = image.transpose(Image.Transpose.ROTATE_90)
    crop = CropBox(0, 0, 0.5, 1)
    turned, upright = (
        frame_painting(save(picture, "PNG", **options), "whole", crop=crop)
        for picture, options in ((lying, {"exif": exif}), (image, {}))
    )
    assert turned == upright


def test_photograph_in_jpeg_2000_that_is_reduced_while_it_is_decoded(paint: Paint, save: Save) -> None:
    photograph = photograph_on_wall(paint(10, 400, 310)).image
    content = save(photograph.resize((1920, 1440)), "JPEG2000")
    frame = frame_painting(content, "whole", 15_000_000 + len(content), crop="auto")  # at half its size it fits
    assert frame.crop is not None
    assert frame.crop.is_sure


def test_rectangle_outside_the_photograph_is_a_reason(paint: Paint, save: Save) -> None:
    with pytest.raises(UnreadableImageError, match="the crop 900,10,50,50 lies outside the photograph of 300 x 200 px"):
        frame_painting(save(paint(9, 300, 200), "PNG"), "whole", crop=CropBox(900, 10, 50, 50))


@pytest.mark.parametrize("framing", ["whole", "center"])
def test_none_keeps_the_wall(framing: Any, paint: Paint, save: Save) -> None:
    content = save(photograph_on_wall(paint(5, 400, 310)).image, "JPEG")
    assert frame_painting(content, framing, crop="none") == frame_painting(content, framing)
    assert frame_painting(content, framing, crop="auto").crop is not None
