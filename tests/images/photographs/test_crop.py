"""What `--crop` takes, and where its rectangles lie."""

from __future__ import annotations

import math
from typing import Any

import pytest

from painter_search.common.errors import InvalidValueError, UnreadableImageError
from painter_search.images.photographs.crop import Crop, CropBox, CropInput, PaintingCrop, area, parse_crop


@pytest.mark.parametrize(
    ("given", "crop"),
    [
        ("auto", "auto"),
        (" AUTO ", "auto"),
        ("", "auto"),
        ("none", "none"),
        ("0.1,0.2,0.5,0.6", CropBox(0.1, 0.2, 0.5, 0.6)),
        (" 0.1, 0.2, 0.5, 0.6 ", CropBox(0.1, 0.2, 0.5, 0.6)),
        ("120,200,800,950", CropBox(120, 200, 800, 950)),
        ("0,0,1,1,3", CropBox(0, 0, 1, 1, 3)),
        ((0.1, 0.2, 0.5, 0.6), CropBox(0.1, 0.2, 0.5, 0.6)),
        (CropBox(1, 2, 3, 4), CropBox(1, 2, 3, 4)),
    ],
)
def test_crop_is_read(given: CropInput, crop: Crop) -> None:
    assert parse_crop(given) == crop


@pytest.mark.parametrize(
    "given",
    ["frame", "1,2,3", "0,0,0,1", "0,0,1,-1", "nan,0,1,1", "0,0,inf,1", "0,0,1,1,4", "0,0,1,1,0.5", "1,2,3,4,0,0"],
)
def test_what_is_no_crop_is_refused_with_the_remedy(given: str) -> None:
    with pytest.raises(InvalidValueError, match=r"x,y,w,h"):
        parse_crop(given)


@pytest.mark.parametrize("given", [b"auto", [], None, 5, True, (1, 2, 3, "x")])
def test_what_is_no_crop_in_python_is_refused_with_the_remedy(given: Any) -> None:
    with pytest.raises(InvalidValueError, match=r"x,y,w,h"):
        parse_crop(given)


@pytest.mark.parametrize("numbers", [(math.nan, 0, 1, 1), (0, 0, 1, -1), (0, 0, 1, 1, 7), (0, 0, 1, 1, -1)])
def test_box_of_impossible_numbers_is_refused(numbers: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidValueError, match=r"x,y,w,h"):
        CropBox(*numbers)


@pytest.mark.parametrize("box", [CropBox(0.25, 0.5, 0.5, 0.25), CropBox(100, 150, 200, 75)])
def test_rectangle_is_in_fractions_or_in_pixels(box: CropBox) -> None:
    assert box.quadrilateral(400, 300) == ((0.25, 0.5), (0.75, 0.5), (0.75, 0.75), (0.25, 0.75))


def test_turned_rectangle_begins_at_the_corner_that_becomes_its_top_left() -> None:
    corners = [CropBox(0, 0, 1, 1, turn).quadrilateral(4, 3)[0] for turn in range(4)]
    assert corners == [(0, 0), (0, 1), (1, 1), (1, 0)]


def test_rectangle_is_cut_at_the_borders_of_the_photograph_and_refused_outside() -> None:
    assert CropBox(300, 200, 500, 500).quadrilateral(400, 300)[2] == (1, 1)
    with pytest.raises(UnreadableImageError, match="450,10,20,20 lies outside the photograph of 400 x 300 px"):
        CropBox(450, 10, 20, 20).quadrilateral(400, 300)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (CropBox(0, 0, 1, 1.0001), "leaves 1 x 1 px of the photograph of 900 x 800 px; numbers are pixels if one of"),
        (CropBox(0, 0.5, 1, 0.01), "leaves 900 x 8 px of the photograph"),
        (CropBox(0, 100, 900, 17), "too elongated to be a painting"),
    ],
)
def test_rectangle_that_leaves_too_little_is_refused(box: CropBox, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=reason):
        box.quadrilateral(900, 800)


def test_tiny_file_may_be_cropped_to_all_of_it() -> None:
    assert area(CropBox(0, 0, 1, 1, 2).quadrilateral(9, 8)) == 1


@pytest.mark.parametrize("turn", range(4))
def test_crop_knows_how_it_was_turned(turn: int) -> None:
    corners = CropBox(0.1, 0.2, 0.5, 0.7, turn).quadrilateral(400, 300)
    assert PaintingCrop(corners, area(corners), None, b"", 400, 300).turn == turn


def test_crop_says_what_was_done() -> None:
    corners = CropBox(0.1, 0.1, 0.8, 0.5).quadrilateral(100, 100)
    assert area(corners) == pytest.approx(0.4)
    found, given = (PaintingCrop(corners, area(corners), sureness, b"", 100, 100) for sureness in (0.97, None))
    assert found.sentence == "cropped to the painting, 40 % of the photograph"
    assert given.sentence == "cropped as given, 40 % of the photograph"
    assert found.to_dict()["corners"] == [list(corner) for corner in corners]
