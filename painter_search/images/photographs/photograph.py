"""From a decoded photograph to the decoded painting in it."""

from __future__ import annotations

import math
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.common.errors import UnreadableImageError
from painter_search.images.decode import decode_painting
from painter_search.images.formats.decoded import DecodedPainting, Need
from painter_search.images.photographs.crop import Crop, CropBox, Quadrilateral
from painter_search.images.photographs.find import find_painting
from painter_search.images.photographs.rectify import aspect_ratio, rectified_size, rectify, sharpen
from painter_search.images.types import ImageFile

MIN_SIDE = 160
"""Short side in pixels from which on a picture may be a photograph of a painting."""
MAX_SIDE = 1600
"""Long side in pixels of the copy in which the painting is looked for."""
MIN_PAINTING = 48
"""Shortest side in pixels of a painting that is cropped to."""


def locate_painting(decoded: DecodedPainting, crop: Crop) -> tuple[Quadrilateral, float | None] | None:
    """Where the painting's corners are, with how sure that is, see `sureness.py`; None to use all of the photograph.

    The sureness of a rectangle that is given is None. Raises `UnreadableImageError` if it lies outside.
    """
    if isinstance(crop, CropBox):
        return crop.quadrilateral(decoded.width, decoded.height), None
    image = decoded.image
    if crop == "none" or min(image.size) < MIN_SIDE:
        return None
    # Not `image.reduce`, which is a number where Pillow has decoded a JPEG 2000 file.
    copy = Image.Image.reduce(image, max(1, math.ceil(max(image.size) / MAX_SIDE)))
    found = find_painting(np.asarray(copy))
    if found is None:
        return None
    share = np.clip(found.corners / np.array(copy.size), 0, 1)
    sides = np.linalg.norm((share - np.roll(share, 1, axis=0)) * [decoded.width, decoded.height], axis=1)
    if sides.min() < MIN_PAINTING:
        return None
    a, b, c, d = ((float(x), float(y)) for x, y in share)
    return (a, b, c, d), found.sureness


def crop_decoded(
    file: ImageFile, decoded: DecodedPainting, corners: Quadrilateral, short_side: int | None, max_held_bytes: int
) -> DecodedPainting:
    """The part of a photograph inside a quadrilateral, made a rectangle.

    Args:
        file: The photograph's file, which is decoded again where `decoded` is too much reduced.
        decoded: The photograph.
        corners: Of the part, from what becomes its top left clockwise.
        short_side: Pixels of the part's short side that are enough; None for as many as the file has.
        max_held_bytes: Bytes of memory that decoding may hold.
    """
    points = np.array(corners) * [decoded.width, decoded.height]
    sides = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1)
    full = min(decoded.width, decoded.height)
    enough = full if short_side is None else min(full, math.ceil(1.1 * full * short_side / max(1.0, sides.min())))
    image = decoded.image
    if min(image.size) < enough:
        with suppress(UnreadableImageError):  # too large for memory at this size
            image = decode_painting(file, Need(enough, None, max_held_bytes)).image
    part = _cut_out(image, np.array(corners) * image.size, is_full_size=image.width == decoded.width)
    scale = decoded.width / image.width
    return DecodedPainting(part, max(1, round(part.width * scale)), max(1, round(part.height * scale)))


def _cut_out(image: Image.Image, points: NDArray[np.float64], *, is_full_size: bool) -> Image.Image:
    """The inside of a quadrilateral of `[4, 2]` pixels as an image; an upright rectangle keeps every pixel.

    Others are sharpened where the photograph is at its full size: reduced, it shows nothing of the camera's blur.
    """
    turn = _quarter_turns(points)
    if turn is not None:
        left, top = (int(value) for value in np.round(points.min(axis=0)))
        right, bottom = (int(value) for value in np.round(points.max(axis=0)))
        part = image.crop((left, top, max(left + 1, right), max(top + 1, bottom)))
        turns = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)
        method = turns[turn]
        return part if method is None else part.transpose(method)
    corners = np.asarray(points, np.float32)
    size = rectified_size(corners, aspect_ratio(corners, *image.size))
    left, top = np.maximum(0, np.floor(corners.min(axis=0)).astype(int) - 2).tolist()
    right, bottom = (np.ceil(corners.max(axis=0)).astype(int) + 2).tolist()
    near = np.asarray(image.crop((left, top, min(right, image.width), min(bottom, image.height))))
    flat = rectify(near, corners - np.array([left, top], np.float32), *size)
    return Image.fromarray(sharpen(flat) if is_full_size else flat)


def _quarter_turns(points: NDArray[np.float64]) -> int | None:
    """How often an upright rectangle is turned clockwise; None for a quadrilateral that is none."""
    low, high = points.min(axis=0), points.max(axis=0)
    upright = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    for turn in range(4):
        if np.abs(np.roll(upright, turn, axis=0) - points).max() < 1e-6:
            return turn
    return None
