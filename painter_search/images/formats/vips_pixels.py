"""Pixels of libvips as images of Pillow, in the file's own colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from painter_search.images.color import to_8_bits
from painter_search.images.formats.tiff_pages import ICC_LAB, WHITE_IS_ZERO, TiffPage

if TYPE_CHECKING:
    import pyvips

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's mode by the number of channels."""


def to_pillow(image: pyvips.Image, page: TiffPage | None) -> Image.Image:
    """Decode an image of libvips: 8 bits a channel, or 16 bits of grey; profile and orientation are kept."""
    orientation = image.get("orientation") if image.get_typeof("orientation") else 1
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
    is_lab = image.interpretation in ("lab", "labs") or (page is not None and page.photometric == ICC_LAB)
    is_cmyk = image.interpretation == "cmyk"
    if image.interpretation == "xyz":
        image = image.colourspace("srgb")
    if image.interpretation in ("lab", "labs"):
        image = _lab_of_8_bits(image)
    if image.format == "ushort" and (image.bands > 1 or is_cmyk):
        image = (image >> 8).cast("uchar")  # as Pillow does
    channels = 4 if is_cmyk else 3 if is_lab or image.bands > 4 else image.bands
    is_float = image.format in ("float", "double")
    values = (image[:channels] if channels < image.bands else image).numpy()
    if values.dtype not in (np.uint8, np.uint16):
        values = to_8_bits(values)
        if is_float and page is not None and page.photometric == WHITE_IS_ZERO:
            values = 255 - values  # libvips sees to this for whole numbers
    if is_lab:
        values = values ^ np.array([0, 128, 128], np.uint8)  # Pillow takes the colours as signed
    mode = "I;16" if values.dtype == np.uint16 else "CMYK" if is_cmyk else "LAB" if is_lab else MODES[channels]
    decoded = Image.frombytes(mode, (values.shape[1], values.shape[0]), np.ascontiguousarray(values).data)
    if profile:
        decoded.info["icc_profile"] = profile
    if orientation != 1:
        decoded.getexif()[Base.Orientation] = orientation
    return decoded


def _lab_of_8_bits(image: pyvips.Image) -> pyvips.Image:
    """CIELAB as Pillow and Little CMS have it: lightness as 0..255, the colours around 128."""
    lightness, colours = (2.55, 1.0) if image.interpretation == "lab" else (255 / 32767, 1 / 256)
    return (image[:3] * [lightness, colours, colours] + [0, 128, 128]).rint().cast("uchar")
