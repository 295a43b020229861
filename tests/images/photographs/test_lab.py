"""Lab is what OpenCV makes of it."""

import cv2
import numpy as np
import pytest

from painter_search.images.photographs.lab import to_lab


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
def test_to_lab_gives_what_opencv_gives(step: int) -> None:
    levels = np.arange(0, 256, step, dtype=np.uint8)
    assert len(levels) in (52, 256)
    for red in levels:
        green, blue = np.meshgrid(levels, levels)
        colours = np.dstack([np.full_like(green, red), green, blue])
        np.testing.assert_array_equal(to_lab(colours), cv2.cvtColor(colours, cv2.COLOR_RGB2LAB))


def test_to_lab_rounds_every_amount_of_light_as_opencv_does() -> None:
    """The two amounts that OpenCV rounds the other way among them."""
    colours = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    np.testing.assert_array_equal(to_lab(colours), cv2.cvtColor(colours, cv2.COLOR_RGB2LAB))
