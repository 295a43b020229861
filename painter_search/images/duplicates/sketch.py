"""A picture reduced to what is compared with all other pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.images.duplicates.margins import RelativeBox, content_boxes
from painter_search.images.fingerprint import fingerprint

DETAIL_SIDE = 64
"""Pictures are compared at 64 x 64 pixels of grey."""
WHOLE: RelativeBox = (0, 0, 1, 1)


@dataclass(frozen=True)
class Extent:
    """A whole picture, or what is left of it without its margins."""

    detail: NDArray[np.uint8]
    """Greys `[DETAIL_SIDE, DETAIL_SIDE]`, whatever the aspect ratio."""
    aspect: float
    """Width divided by height."""
    trimmed: bool
    """Whether margins were taken away."""

    @classmethod
    def from_part(cls, grey: Image.Image, box: RelativeBox) -> Extent:
        """The part of a grey picture that a box holds."""
        width, height = grey.size
        left, top, right, bottom = box[0] * width, box[1] * height, box[2] * width, box[3] * height
        part = grey.resize((DETAIL_SIDE, DETAIL_SIDE), Image.Resampling.BOX, (left, top, right, bottom))
        return cls(np.asarray(part), (right - left) / (bottom - top), trimmed=box != WHOLE)


def whole_detail(picture: Image.Image) -> NDArray[np.uint8]:
    """The detail of a whole picture, RGB, of any size: that of a sketch's first extent."""
    return Extent.from_part(picture.convert("L"), WHOLE).detail


@dataclass(frozen=True)
class PictureSketch:
    """A picture reduced to what `find_duplicates` compares."""

    fingerprint: bytes
    extents: tuple[Extent, ...]
    """The whole picture and, if it has margins, what is left without the outer one, the next, and so on."""
    width: int
    """Width of the picture in pixels."""
    height: int
    """Height of the picture in pixels."""

    @classmethod
    def from_image(cls, picture: Image.Image) -> PictureSketch:
        """The sketch of a whole picture, RGB, of any size."""
        grey = picture.convert("L")
        extents = tuple(Extent.from_part(grey, box) for box in (WHOLE, *content_boxes(grey)))
        return cls(fingerprint(picture), extents, picture.width, picture.height)
