"""Conversion of every colour mode, profile and bit depth to 8-bit sRGB."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import TiffImageFile

SRGB_DESCRIPTIONS = {"sRGB", "sRGB IEC61966-2.1", "sRGB built-in", "sRGB2014", "c2", "c2ci"}
"""Descriptions in the common sRGB profiles."""
DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Pillow's greyscale modes of more than 8 bits."""
WHOLE_RANGES, FLOAT_RANGES = (255, 65_535, 2**32 - 1), (1, 255, 65_535)
"""Ranges that values of more than 16 bits are written in; the narrowest that holds all of an image's is taken."""
BAND_PIXELS = 4_000_000
"""Larger images are converted in bands of this many pixels, which takes less memory and gives the same result."""
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
SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""


def to_rgb(image: Image.Image) -> Image.Image:
    """The image as upright 8-bit sRGB.

    Applies the EXIF orientation, converts an embedded ICC profile to sRGB, lays transparency over white, and scales
    16-bit and floating-point greys to 8 bits. An alpha channel that would hide all of the image is taken to be opaque.
    A large image may be closed after conversion, so that no more than two images of its size are in memory at once.
    """
    image.load()  # turns TIFF files upright and updates their orientation tag
    profile, transposition = image.info.get("icc_profile"), TO_UPRIGHT.get(orientation(image))
    scale = _depth_scale(image)
    if "A" in image.getbands() and image.getchannel("A").getextrema() == (0, 0):
        image.putalpha(255)
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


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an image, 1 to 8; 1 where it has none or its EXIF data are damaged."""
    try:
        stored = image.getexif().get(Base.Orientation, 1)
    except Exception:  # Pillow raises anything on damaged data
        return 1
    return stored if stored in TO_UPRIGHT else 1


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
    """The factor that brings greys of more than 8 bits to 0..255, below 0 where 0 is white; 1 for all other images."""
    if image.mode not in DEEP_MODES:
        return 1.0
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    # White may be 0; Pillow sees to this for greys of 8 bits only.
    sign = -1 if tags.get(Base.PhotometricInterpretation) == 0 else 1
    if image.mode.startswith("I;16"):
        is_narrow = tags.get(Base.BitsPerSample, (16,))[0] == 12  # Pillow does not widen these
        return sign * 255.0 / (4095.0 if is_narrow else 65535.0)
    brightest = max((_brightest(np.asarray(band, np.float64)) for _, band in _bands(image)), default=0.0)
    return sign * _scale_of(brightest, FLOAT_RANGES if image.mode == "F" else WHOLE_RANGES)


def to_8_bits(values: NDArray[np.number]) -> NDArray[np.uint8]:
    """Values of any type as 0..255, by the range that they are written in; what is not a number becomes 0."""
    is_float = np.issubdtype(values.dtype, np.floating)
    return _scaled(values, _scale_of(_brightest(values), FLOAT_RANGES if is_float else WHOLE_RANGES))


def _brightest(values: NDArray[np.number]) -> float:
    return float(np.max(values, initial=0, where=np.isfinite(values)))


def _scale_of(brightest: float, ranges: tuple[int, ...]) -> float:
    return 255.0 / next((top for top in ranges if brightest <= top), brightest)


def _scaled(values: NDArray[np.number], scale: float) -> NDArray[np.uint8]:
    white = 255.0 if scale < 0 else 0.0
    return np.clip(np.nan_to_num(values.astype(np.float64)) * scale + white + 0.5, 0, 255).astype(np.uint8)


def _reduce_depth(image: Image.Image, scale: float) -> Image.Image:
    return Image.fromarray(_scaled(np.asarray(image), scale))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image, lab, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    if profile and image.mode in ("RGB", "L", "CMYK") and not is_srgb(profile):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
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
