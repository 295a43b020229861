"""Margins, mats, frames and walls are told from the picture, and an even ground from what is on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from painter_search.images.duplicates.margins import content_boxes, find_ground

Paint = Callable[..., Image.Image]


def mounted(picture: Image.Image, *borders: tuple[int, int]) -> Image.Image:
    """The picture within borders of a width and a grey each, the innermost first."""
    for width, grey in borders:
        picture = ImageOps.expand(picture, width, (grey, grey, grey))
    return picture


@pytest.mark.parametrize(
    "borders", [[(30, 255)], [(30, 20)], [(10, 60), (25, 230)], [(25, 240), (8, 90), (20, 200)]], ids=str
)
def test_content_box_is_the_picture_within_margin_mat_and_frame(borders: list[tuple[int, int]], paint: Paint) -> None:
    picture = paint(3, 200, 200)
    sheet = mounted(picture, *borders)
    border = sum(width for width, _ in borders)
    box = content_boxes(sheet)[-1]
    expected = border / sheet.width, border / sheet.height, 1 - border / sheet.width, 1 - border / sheet.height
    assert np.abs(np.subtract(box, expected)).max() < 0.025


def test_content_box_leaves_a_picture_without_margins(paint: Paint) -> None:
    rng = np.random.default_rng(0)
    strokes = Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).resize((200, 200))
    assert content_boxes(strokes) == []


@pytest.mark.parametrize("part", [(0, 0, 0, 0), (95, 95, 105, 105)], ids=["blank", "all but blank"])
def test_content_box_of_blank_sheet_is_none(part: tuple[int, int, int, int]) -> None:
    sheet = Image.new("RGB", (200, 200), (240, 240, 240))
    ImageDraw.Draw(sheet).rectangle(part, fill=(0, 0, 0))
    assert content_boxes(sheet) == []


@pytest.mark.parametrize("paper", [255, 180, 10])
def test_find_ground_is_the_paper_around_an_oval(paper: int) -> None:
    sheet = Image.new("L", (64, 64), paper)
    draw = ImageDraw.Draw(sheet)
    draw.ellipse((4, 4, 60, 60), fill=100)
    draw.ellipse((20, 20, 40, 40), fill=paper)  # of the paper's grey, but within the oval
    draw.point((1, 1), fill=100)  # dust
    ground = find_ground(np.array(sheet))
    inside = np.hypot(*(np.indices((64, 64)) - 32)) < 27
    assert not ground[inside].any()
    assert ground[np.hypot(*(np.indices((64, 64)) - 32)) > 31].all()


def test_find_ground_keeps_the_paper_between_the_lines_of_a_drawing() -> None:
    sheet = Image.new("L", (64, 64), 250)
    ImageDraw.Draw(sheet).line((10, 10, 50, 12, 30, 50, 10, 10), fill=60, width=2)
    ground = find_ground(np.array(sheet))
    assert not ground[25, 28]
    assert ground[60, 5]


def test_find_ground_of_picture_to_the_edges_or_of_one_grey_is_empty() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    assert not find_ground(noise).any()
    assert not find_ground(np.full((64, 64), 90, np.uint8)).any()
