"""What the network sees of a frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.encoder.settings import EncoderConfig

ENLARGED = 1.5
"""A view of parts shows its pixels at most this much enlarged; a frame too small for that is seen smaller."""
MOST_VIEWS = 5
"""The whole and its four quarters."""
GRAIN = 32
"""Sides of views are multiples of this, by which networks reduce an image on its way."""


def views_of(frame: Image.Image, config: EncoderConfig, each: Callable = map) -> list[NDArray[np.uint8]]:
    """The views of a frame, uint8 `[3, side, side]` each, of one size; their embeddings' mean is the frame's.

    `parts` are the whole frame brought to a square, and its quarters; a frame too small for quarters to show anything
    new is mirrored instead. `each` is how they are cut: one after the other, or on threads with an executor's `map`.
    """
    if config.views == "center":
        return [to_pixels(central_square(frame, config.image_side))]
    side = side_of_views(frame.size, config.image_side)
    whole = (0.0, 0.0, float(frame.width), float(frame.height))
    boxes = [whole, *quarters(frame.size)] if shows_quarters(frame.size, side) else [whole]

    def cut(box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
        return to_pixels(frame.resize((side, side), Image.Resampling.BICUBIC, box))

    views = list(each(cut, boxes))
    return views if len(views) > 1 else [views[0], np.ascontiguousarray(views[0][:, :, ::-1])]


def side_of_views(size: tuple[int, int], largest: int) -> int:
    """Side in pixels of the views of a frame of this size."""
    grains = int(min(size) * ENLARGED / GRAIN)
    return min(largest, max(2, grains) * GRAIN)


def shows_quarters(size: tuple[int, int], side: int) -> bool:
    """Whether a frame of this size has enough pixels for quarters of this side."""
    return min(size) / 2 * ENLARGED >= side


def quarters(size: tuple[int, int]) -> list[tuple[float, float, float, float]]:
    """The four quarters of a frame: left, top, right, bottom."""
    width, height = size[0] / 2, size[1] / 2
    return [(x, y, x + width, y + height) for y in (0.0, height) for x in (0.0, width)]


def central_square(frame: Image.Image, side: int) -> Image.Image:
    """The central square of a frame, brought to `side` px; a 224 px `center` frame is taken as it is."""
    short = min(frame.size)
    left, top = (frame.width - short) // 2, (frame.height - short) // 2
    if frame.size == (side, side):
        return frame
    square = frame.crop((left, top, left + short, top + short))
    return square.resize((side, side), Image.Resampling.BICUBIC)


def to_pixels(view: Image.Image) -> NDArray[np.uint8]:
    """A view as uint8 `[3, height, width]`."""
    return np.ascontiguousarray(np.asarray(view, dtype=np.uint8).transpose(2, 0, 1))
