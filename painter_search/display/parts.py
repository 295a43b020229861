"""Two paintings with what in them is alike: the rest is veiled, and corresponding parts bear the same number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from painter_search.collection.framing import encode_jpeg, make_thumbnail, open_frame
from painter_search.encoder.parts import MatchingParts, Place, match_parts

if TYPE_CHECKING:
    from painter_search.retrieval.painting_index import PaintingIndex

VEIL = (107, 117, 128)
"""A cool grey, unlike most paint, in front of what matches nothing: neither dark nor light pictures vanish in it."""
THICKNESS = 0.5
"""Share of the veil where it is thickest."""
SCALE = 32
"""Radii of a number's disc that make the longer side."""
STAMP = 112
"""Longer side of a picture in a table, in pixels: twice what it is shown at."""
DISC, RIM = (255, 236, 140), (20, 22, 25)


def parts_figures(index: PaintingIndex, one: bytes, other: bytes) -> tuple[bytes, bytes] | None:
    """Both paintings (JPEG files) with the matching parts left clear and numbered, as JPEG files of thumbnail size.

    None where the index's encoder shows nothing by place: a transformer, or an index built by an earlier version.
    """
    one, other = (make_thumbnail(open_frame(picture)) for picture in (one, other))
    parts = match_parts(index.encoder, one, other)
    return None if parts is None else draw_parts(parts, one, other)


def draw_parts(parts: MatchingParts, one: bytes, other: bytes) -> tuple[bytes, bytes]:
    """The pictures that `parts` were found in, as JPEG files with its maps and numbers."""
    marks = [pair.one for pair in parts.pairs], [pair.other for pair in parts.pairs]
    first, second = (
        encode_jpeg(_number(veil(open_frame(picture), clear), places), quality=85)
        for picture, clear, places in zip((one, other), parts.maps, marks, strict=True)
    )
    return first, second


def veil(picture: Image.Image, clear: NDArray[np.float32]) -> Image.Image:
    """The picture as it is where `clear` `[h, w]` is 1, greyed and behind a veil where it is 0."""
    grey = picture.convert("L").convert("RGB")
    veiled = Image.blend(grey, Image.new("RGB", picture.size, VEIL), THICKNESS)
    return Image.composite(picture, veiled, Image.fromarray(np.uint8(clear * 255 + 0.5)))


def stamp(picture: bytes) -> bytes:
    """A picture as small as a postage stamp, for tables: a JPEG file."""
    small = open_frame(picture)
    small.thumbnail((STAMP, STAMP), Image.Resampling.LANCZOS)
    return encode_jpeg(small, quality=80)


def _number(picture: Image.Image, places: list[Place]) -> Image.Image:
    """Put a number at each place."""
    radius = max(round(max(picture.size) / SCALE), 5)
    for number, place in enumerate(places, start=1):
        # A number near the edge is moved inwards until it is whole.
        x, y = (
            round(min(max(share * side - radius, 0), max(side - 2 * radius, 0)))
            for share, side in zip(place, picture.size, strict=True)
        )
        disc = _disc(number, radius)
        picture.paste(disc, (x, y), disc.getchannel("A"))
    return picture


def _disc(number: int, radius: int) -> Image.Image:
    """A number on a disc, RGBA, drawn at four times the size for smooth edges."""
    large = Image.new("RGBA", (8 * radius, 8 * radius))
    draw = ImageDraw.Draw(large)
    draw.ellipse((2, 2, 8 * radius - 3, 8 * radius - 3), fill=DISC, outline=RIM, width=6)
    font = ImageFont.load_default(5 * radius)
    draw.text((4 * radius, 4 * radius), str(number), fill=RIM, font=font, anchor="mm")
    return large.resize((2 * radius, 2 * radius), Image.Resampling.LANCZOS)
