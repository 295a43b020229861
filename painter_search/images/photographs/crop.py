"""Crops: which part of a photograph is asked for, and which was used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from painter_search.common.errors import InvalidValueError, UnreadableImageError
from painter_search.images.formats.decoded import check_shape

Corner: TypeAlias = tuple[float, float]
"""A point of a photograph: x as a fraction of its width from the left, y of its height from the top."""
Quadrilateral: TypeAlias = tuple[Corner, Corner, Corner, Corner]
"""The corners that become top left, top right, bottom right and bottom left."""
LEAST = 16
"""Pixels of the shorter side that a given rectangle leaves; less is a slip."""
REMEDY = "give auto, none, or x,y,w,h: fractions such as 0.1,0.2,0.5,0.6, or pixels such as 120,200,800,950"


@dataclass(frozen=True)
class CropBox:
    """An upright rectangle of a photograph, and how often it is turned afterwards.

    Coordinates are fractions of the width and the height if none is above 1, otherwise pixels of the upright
    photograph.
    """

    x: float
    y: float
    width: float
    height: float
    turn: int = 0
    """Quarter turns clockwise, 0 to 3."""

    def __post_init__(self) -> None:
        numbers = (self.x, self.y, self.width, self.height)
        if not all(map(math.isfinite, numbers)) or min(self.width, self.height) <= 0 or self.turn not in range(4):
            raise InvalidValueError(f"--crop is '{self}'; {REMEDY}.")

    def quadrilateral(self, width: int, height: int) -> Quadrilateral:
        """Its corners on a photograph of `width` x `height` px; what lies outside is cut off.

        Raises `UnreadableImageError` if it lies outside altogether, or leaves less than `LEAST` pixels of a side or
        what is too elongated to be a painting.
        """
        is_fraction = max(self.x, self.y, self.width, self.height) <= 1
        across, down = (1, 1) if is_fraction else (width, height)
        left, top = max(0.0, self.x / across), max(0.0, self.y / down)
        right, bottom = min(1.0, (self.x + self.width) / across), min(1.0, (self.y + self.height) / down)
        sides = round((right - left) * width), round((bottom - top) * height)
        if min(sides) < min(LEAST, width, height):
            leaves = f"leaves {sides[0]} x {sides[1]} px of" if min(sides) > 0 else "lies outside"
            unit = "; numbers are pixels if one of them is above 1" if not is_fraction else ""
            raise UnreadableImageError(f"the crop {self} {leaves} the photograph of {width} x {height} px{unit}")
        check_shape(*sides)
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        a, b, c, d = (corners[(number - self.turn) % 4] for number in range(4))
        return a, b, c, d

    def __str__(self) -> str:
        numbers = [self.x, self.y, self.width, self.height, *([self.turn] if self.turn else [])]
        return ",".join(f"{number:g}" for number in numbers)


Crop: TypeAlias = Literal["auto", "none"] | CropBox
"""What of a photograph is used: the painting in it where one is found for sure, all of it, or a rectangle."""


CropInput: TypeAlias = "str | CropBox | Sequence[float]"
"""A crop as users give it; see `parse_crop`."""


def parse_crop(text: CropInput) -> Crop:
    """A crop from the words of `--crop` and of the served form's field `crop`.

    Args:
        text: `auto`, `none`, `x,y,w,h` or `x,y,w,h,turn`: left, top, width and height, as fractions of the upright
            photograph if none is above 1, else in its pixels, then quarter turns clockwise. `0,0,1,1,1` turns the whole
            photograph. The numbers may be a sequence, too.

    Raises:
        InvalidValueError: It is none of these.
    """
    if isinstance(text, CropBox):
        return text
    word = text.strip().lower() if isinstance(text, str) else None
    if word in ("", "auto"):
        return "auto"
    if word == "none":
        return "none"
    try:
        if isinstance(text, bytes):
            raise ValueError
        words = text if word is None else word.replace(";", ",").split(",")
        x, y, width, height, turn = (*map(float, words), *([0.0] if len(words) == 4 else []))
        return CropBox(x, y, width, height, int(turn) if turn.is_integer() else -1)
    except (TypeError, ValueError):
        raise InvalidValueError(f"--crop is {text!r}; {REMEDY}.") from None


SURE = 0.9
"""Sureness from which on a photograph is cropped unasked."""


@dataclass(frozen=True)
class PaintingCrop:
    """The part of a photograph that an answer is about."""

    corners: Quadrilateral
    """Where its corners lie in the upright photograph."""
    share: float
    """Its share of the photograph's area, 0 to 1."""
    sureness: float | None
    """How sure it is that this is the painting, 0 to 1; None for a crop that was given."""
    photograph: bytes
    """The whole photograph, reduced, as a JPEG file."""
    width: int
    """Width of the whole photograph, upright, in pixels."""
    height: int
    """Height of the whole photograph, upright, in pixels."""

    @property
    def turn(self) -> int:
        """Quarter turns clockwise by which the part was turned."""
        return min(range(4), key=lambda number: sum(self.corners[number]))

    @property
    def is_sure(self) -> bool:
        """Whether it is used unasked."""
        return self.sureness is None or self.sureness >= SURE

    @property
    def sentence(self) -> str:
        """What was done: `cropped to the painting, 61 % of the photograph`."""
        part = "as given" if self.sureness is None else "to the painting"
        return f"cropped {part}, {100 * self.share:.0f} % of the photograph"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without the picture."""
        return {
            "sentence": self.sentence,
            "corners": [list(corner) for corner in self.corners],
            "share": self.share,
            "sureness": self.sureness,
        }


def area(corners: Quadrilateral) -> float:
    """The area of a quadrilateral, as a share of the photograph's."""
    following = (*corners[1:], corners[0])
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, following, strict=True))) / 2
