"""Conversion of every colour mode, profile and bit depth to 8-bit sRGB."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

SRGB_DESCRIPTIONS = {"sRGB", "sRGB IEC61966-2.1", "sRGB built-in", "sRGB2014", "c2", "c2ci"}
"""Descriptions in the common sRGB profiles."""
DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Pillow's greyscale modes of more than 8 bits."""
BAND_PIXELS = 4_000_000
"""Larger images are converted in bands of this many pixels, which takes less memory and gives the same result."""
ORIENTATION = 0x0112
"""EXIF tag of the orientation."""
TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that turns an image of each EXIF orientation upright."""


def to_rgb(image: Image.Image) -> Image.Image:
    """The image as upright 8-bit sRGB.

    Applies the EXIF orientation, converts an embedded ICC profile to sRGB, lays transparency over white, and scales
    16-bit and floating-point greys to 8 bits. A large image may be closed after conversion, so that no more than two
    images of its size are in memory at once.
    """
    image.load()  # turns TIFF files upright and updates their orientation tag
    profile, transposition = image.info.get("icc_profile"), TO_UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    scale = _depth_scale(image)
    if image.height <= _band_height(image) or (
        image.mode == "RGB" and not profile and "transparency" not in image.info
    ):
        rgb = _band_to_rgb(image, profile, scale)
    else:
        rgb = Image.new("RGB", image.size)
        for top, band in _bands(image):
            rgb.paste(_band_to_rgb(band, profile, scale), (0, top))
        image.close()
    return rgb if transposition is None else rgb.transpose(transposition)


def _bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Horizontal bands of the full width, each with its top row; small bands keep intermediate copies small."""
    height = _band_height(image)
    for top in range(0, image.height, height):
        yield top, image.crop((0, top, image.width, min(image.height, top + height)))


def _band_height(image: Image.Image) -> int:
    return max(1, BAND_PIXELS // image.width)


def _band_to_rgb(image: Image.Image, profile: bytes | None, scale: float) -> Image.Image:
    if image.mode in DEEP_MODES:
        image = _reduce_depth(image, scale)
    alpha = None
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        # The alpha channel is kept out of the profile conversion: it is not a colour.
        is_grey = image.mode == "LA"
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("L" if is_grey else "RGB")
    elif image.mode in ("P", "1", "HSV", "YCbCr"):
        image = image.convert("RGB")
    image = _to_srgb(image, profile)
    if alpha is not None:
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=alpha)
        image = white
    return image


def _depth_scale(image: Image.Image) -> float:
    """The factor that brings greys of more than 8 bits to 0..255; 1 for all other images."""
    if image.mode not in DEEP_MODES:
        return 1.0
    if image.mode.startswith("I;16"):
        return 255.0 / 65535.0
    brightest = max(float(np.nanmax(np.asarray(band, np.float64), initial=-np.inf)) for _, band in _bands(image))
    if image.mode == "F":
        # Floating-point files hold either 0..1 or 0..255.
        return 255.0 if brightest <= 1.0 else 1.0
    return 255.0 / 65535.0 if brightest > 255 else 1.0


def _reduce_depth(image: Image.Image, scale: float) -> Image.Image:
    values = np.asarray(image).astype(np.float64)
    reduced = np.clip(np.nan_to_num(values) * scale + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(reduced)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image, lab, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    if profile and image.mode in ("RGB", "L", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not is_srgb(profile):
                converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # The profile is damaged or for another colour space: take the pixels as they are.
    return image if image.mode == "RGB" else image.convert("RGB")


def is_srgb(profile: bytes) -> bool:
    """Whether an ICC profile describes itself as sRGB, so that conversion would change nothing."""
    try:
        description = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return description in SRGB_DESCRIPTIONS
