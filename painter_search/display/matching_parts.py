"""Pictures of matching parts: what matches stays clear and numbered, the rest is veiled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from painter_search.analysis.local_matching import MatchingParts, Point, match_parts_in
from painter_search.images.framing import encode_jpeg, make_thumbnail, open_frame
from painter_search.index.painting_index import PaintingIndex

VEIL_COLOR = (107, 117, 128)
"""A cool grey unlike most paint, so that neither dark nor light pictures vanish behind it."""
VEIL_OPACITY = 0.5
"""Opacity of the veil where nothing matches."""
DISC_SCALE = 32
"""The longer side of a picture divided by the radius of a number's disc."""
ICON_SIDE = 112
"""Longer side of a picture in a table, in pixels: twice the size it is shown at."""
DISC_COLOR, INK_COLOR = (255, 236, 140), (20, 22, 25)


def parts_figures(index: PaintingIndex, one: bytes, other: bytes) -> tuple[bytes, bytes] | None:
    """Draw the matching parts of two paintings (JPEG files) as two JPEG files of thumbnail size.

    Returns None where the index's encoder has no feature maps: a transformer, or an index of an earlier version.
    """
    one, other = (make_thumbnail(open_frame(picture)) for picture in (one, other))
    parts = match_parts_in(index, one, other)
    return None if parts is None else draw_parts(parts, one, other)


def draw_parts(parts: MatchingParts, one: bytes, other: bytes) -> tuple[bytes, bytes]:
    """Veil the two pictures that `parts` belongs to and number its pairs; returns JPEG files."""
    points = [pair.one for pair in parts.pairs], [pair.other for pair in parts.pairs]
    first, second = (
        encode_jpeg(_draw_numbers(veil(open_frame(picture), clear), centres), quality=85)
        for picture, clear, centres in zip((one, other), parts.maps, points, strict=True)
    )
    return first, second


def veil(picture: Image.Image, clear: NDArray[np.float32]) -> Image.Image:
    """Blend the picture, where `clear` is 1, into a grey and veiled copy, where it is 0.

    `clear` is `[h, w]` of the picture or of a reduced copy of it.
    """
    grey = picture.convert("L").convert("RGB")
    veiled = Image.blend(grey, Image.new("RGB", picture.size, VEIL_COLOR), VEIL_OPACITY)
    mask = Image.fromarray(np.uint8(clear * 255 + 0.5))
    if mask.size != picture.size:
        mask = mask.resize(picture.size, Image.Resampling.BILINEAR)
    return Image.composite(picture, veiled, mask)


def make_icon(picture: bytes) -> bytes:
    """Reduce a picture (a JPEG file) to the size of an icon in a table."""
    return make_thumbnail(open_frame(picture), ICON_SIDE)


def _draw_numbers(picture: Image.Image, centres: Sequence[Point]) -> Image.Image:
    """Number the centres from 1, moving numbers at an edge inwards until they are whole."""
    radius = max(round(max(picture.size) / DISC_SCALE), 5)
    for number, centre in enumerate(centres, start=1):
        x, y = (
            round(min(max(share * side - radius, 0), max(side - 2 * radius, 0)))
            for share, side in zip(centre, picture.size, strict=True)
        )
        disc = _disc(number, radius)
        picture.paste(disc, (x, y), disc.getchannel("A"))
    return picture


def _disc(number: int, radius: int) -> Image.Image:
    """A number on a disc, RGBA, drawn at four times its size for smooth edges."""
    large = Image.new("RGBA", (8 * radius, 8 * radius))
    draw = ImageDraw.Draw(large)
    draw.ellipse((2, 2, 8 * radius - 3, 8 * radius - 3), fill=DISC_COLOR, outline=INK_COLOR, width=6)
    font = ImageFont.load_default(5 * radius)
    draw.text((4 * radius, 4 * radius), str(number), fill=INK_COLOR, font=font, anchor="mm")
    return large.resize((2 * radius, 2 * radius), Image.Resampling.LANCZOS)
