"""The views of a frame: the squares that the network sees of a painting (multi-crop)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.encoder.config import EncoderConfig

MAX_ENLARGEMENT = 1.5
"""A view shows its pixels enlarged by at most this factor, except with `equal-parts`; a smaller frame gets smaller
views."""
MAX_VIEWS = 5
"""The whole frame and its four quarters."""
MIN_PART_SIDE = 128
"""With `sized-parts`, quarters that would get smaller views than this are not cut."""
STRIDE = 32
"""View sides are multiples of this: the factor by which the networks reduce an image."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
View: TypeAlias = NDArray[np.uint8]
"""uint8 `[3, side, side]`."""
MapBoxes: TypeAlias = Callable[[Callable[[Box], View], Iterable[Box]], Iterable[View]]


def make_views(frame: Image.Image, config: EncoderConfig, map_boxes: MapBoxes = map) -> list[View]:
    """Cut the views of a frame, uint8 `[3, side, side]` each; the frame's embedding is the mean of theirs.

    `center` is the central square alone. The others are the whole frame resized to a square and its quarters; a frame
    too small for quarters is mirrored instead. With `sized-parts` the quarters have a side of their own, with `parts`
    all views of a frame have the same side, with `equal-parts` those of all frames.

    Args:
        frame: RGB.
        config: The encoder's settings; `views` and `img_size` are used.
        map_boxes: How the views are cut: `map`, one after another, or an executor's `map`, on threads.
    """
    if config.views == "center":
        return [to_pixels(central_square(frame, config.img_size))]
    side = config.img_size if config.views == "equal-parts" else view_side(frame.size, config.img_size)
    part_side = part_view_side(frame.size, config.img_size) if config.views == "sized-parts" else side
    whole = (0.0, 0.0, float(frame.width), float(frame.height))
    boxes = [whole, *quarters(frame.size)] if has_quarters(frame.size, part_side) else [whole]

    def cut(box: Box) -> View:
        square = (side, side) if box == whole else (part_side, part_side)
        return to_pixels(frame.resize(square, Image.Resampling.BICUBIC, box))

    views = list(map_boxes(cut, boxes))
    return views if len(views) > 1 else [views[0], np.ascontiguousarray(views[0][:, :, ::-1])]


def view_side(size: tuple[float, float], max_side: int) -> int:
    """Side in pixels of the view of a whole frame of this size (width, height), or of a part of a frame."""
    strides = int(min(size) * MAX_ENLARGEMENT / STRIDE)
    return min(max_side, max(2, strides) * STRIDE)


def part_view_side(size: tuple[int, int], max_side: int) -> int:
    """Side in pixels of the views of the quarters of a frame of this size, with `sized-parts`."""
    side = view_side((size[0] / 2, size[1] / 2), max_side)
    return max(side, min(MIN_PART_SIDE, max_side))


def has_quarters(size: tuple[int, int], side: int) -> bool:
    """Whether a frame of this size (width, height) has enough pixels for quarters of this side."""
    return min(size) / 2 * MAX_ENLARGEMENT >= side


def quarters(size: tuple[int, int]) -> list[Box]:
    """The four quarters of a frame of this size (width, height)."""
    width, height = size[0] / 2, size[1] / 2
    return [(x, y, x + width, y + height) for y in (0.0, height) for x in (0.0, width)]


def central_square(frame: Image.Image, side: int) -> Image.Image:
    """The central square of a frame, resized to `side` px; a frame of exactly that size is returned as it is."""
    short = min(frame.size)
    left, top = (frame.width - short) // 2, (frame.height - short) // 2
    if frame.size == (side, side):
        return frame
    square = frame.crop((left, top, left + short, top + short))
    return square.resize((side, side), Image.Resampling.BICUBIC)


def to_pixels(view: Image.Image) -> View:
    """A view as uint8 `[3, height, width]`."""
    return np.ascontiguousarray(np.asarray(view, dtype=np.uint8).transpose(2, 0, 1))
