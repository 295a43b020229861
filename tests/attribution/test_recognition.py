"""Works of an index are recognised in pictures that fingerprints do not tell: grey, mirrored, beside colour patches."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.attribution.recognition import _correlation
from painter_search.index.painting_index import PaintingIndex


def with_colour_target(picture: Image.Image) -> Image.Image:
    sheet = ImageOps.expand(picture, border=(0, 0, picture.width // 12, 0), fill=(235, 233, 228))
    draw = ImageDraw.Draw(sheet)
    for number, colour in enumerate(("red", "green", "blue", "yellow", "black")):
        top = picture.height * number // 6
        draw.rectangle((picture.width + 4, top + 4, sheet.width - 4, top + picture.height // 7), fill=colour)
    return sheet


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "grey": lambda picture: picture.convert("L"),
    "mirrored": ImageOps.mirror,
    "with a colour target": with_colour_target,
}


@pytest.mark.parametrize("change", CHANGES)
def test_work_is_recognised_in_a_changed_picture(
    change: str, small_index: PaintingIndex, painted_originals: Path
) -> None:
    (work,) = small_index.works.get([2])
    with Image.open(painted_originals / work.file) as original:
        picture = CHANGES[change](original.convert("RGB"))
    (answer,) = attribute(small_index, picture, crop="none")
    assert isinstance(answer, Attribution)
    assert [neighbour.id for neighbour in answer.same_works] == [2]


@pytest.mark.parametrize("change", CHANGES)
def test_no_work_is_recognised_in_a_picture_of_none(
    change: str, small_index: PaintingIndex, paint: Callable[..., Image.Image]
) -> None:
    pictures = [CHANGES[change](paint(seed, 330, 270)) for seed in range(9001, 9006)]
    for answer in attribute(small_index, pictures, crop="none"):
        assert isinstance(answer, Attribution)
        assert answer.same_works == ()


def test_placeholders_are_compared_without_a_warning() -> None:
    blank, drawn = np.full((64, 64), 128, np.uint8), np.arange(4096).reshape(64, 64).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _correlation(blank, drawn) == _correlation(drawn, blank) == 0
        assert _correlation(drawn, drawn) == pytest.approx(1)
