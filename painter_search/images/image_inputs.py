"""Images as Python users have them: paths, bytes of image files, PIL images and arrays; one or many."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import BinaryIO, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from painter_search.common.errors import InvalidValueError, UnreadableImageError
from painter_search.common.files.urls import expand_home
from painter_search.images.formats.decoded import failure_reason
from painter_search.images.sources import read_file
from painter_search.images.types import ImageFile

ImageInput: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[np.uint8]
)
"""A path, the bytes of an image file, such a file opened in binary mode, a PIL image, or an array uint8
`[height, width]` or `[height, width, 1]` (grey) or `[height, width, 3]` (RGB; a fourth channel is alpha)."""
ImageInputs: TypeAlias = ImageInput | Iterable[ImageInput]
"""One image or many. A string is always one path, bytes and an open file are always one file, an array of numbers of up
to 3 dimensions is one image."""

MODES_FOR_TIFF = {"La": "LA", "RGBa": "RGBA", "HSV": "RGB"}
"""Pillow's modes that TIFF lacks, and what they are converted to."""


def as_list(images: ImageInputs) -> list[ImageInput]:
    """The images as a list; a single image becomes a list of one, an array `[n, height, width, 3]` a list of n.

    Arrays of strings or objects, as tables give them, are lists too.
    """
    if isinstance(images, np.ndarray):
        if images.dtype.kind in "OUT":
            return list(images.flat)
        return [images] if images.ndim <= 3 else list(images)
    if isinstance(images, str | os.PathLike | bytes | bytearray | memoryview | Image.Image) or _is_open_file(images):
        return [images]
    return list(images) if isinstance(images, Iterable) else [images]


def read_content(image: object) -> bytes | None:
    """The bytes of an image file that are given as bytes of any kind, or as an open file; None for anything else.

    A file is read from its beginning. Raises `InvalidValueError` for one that was opened as text.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if not _is_open_file(image):
        return None
    if isinstance(image, io.TextIOBase):
        raise InvalidValueError("an image file is open as text; open it in binary mode: open(path, 'rb').")
    if image.seekable():
        image.seek(0)
    return image.read()


def _is_open_file(image: object) -> TypeGuard[BinaryIO]:
    return hasattr(image, "read") and hasattr(image, "seekable")


def image_file(image: ImageInput) -> ImageFile:
    """The bytes of an image file, or its path, so that every kind of input is decoded and framed in the same way.

    PIL images and arrays become uncompressed TIFF files, which keep mode, colour profile, orientation and every pixel.
    Only modes and transparent colours that TIFF lacks are converted. A JPEG image opened by Pillow is framed from its
    decoded pixels, a JPEG file from its bytes: the frames differ by rounding.

    Raises:
        UnreadableImageError: The path is not a readable file, or the PIL image's own file is damaged.
        InvalidValueError: The array is not an image, the file is open as text, or the input is of another type.
    """
    content = read_content(image)
    if content is not None:
        return content
    if isinstance(image, str | os.PathLike):
        path = expand_home(image)
        if os.path.isdir(path):  # that of `Path` fails for names that no file can have
            raise UnreadableImageError("a folder; give the files in it")
        return read_file(path)
    if isinstance(image, np.ndarray):
        image = _from_array(image)
    if not isinstance(image, Image.Image):
        raise InvalidValueError(
            f"{type(image).__name__} is not an image; give a path, the bytes of a file, a PIL image or a NumPy array."
        )
    return _as_tiff(image)


def _from_array(array: NDArray[np.generic]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    is_grey = array.ndim == 2
    if array.dtype != np.uint8 or not (is_grey or (array.ndim == 3 and array.shape[2] in (3, 4))) or array.size == 0:
        raise InvalidValueError(
            f"an array of {array.dtype} {list(array.shape)} is not an image; give uint8 [height, width] or "
            "[height, width, channels] with 1, 3 or 4 channels."
        )
    return Image.fromarray(array)


def _as_tiff(image: Image.Image) -> bytes:
    try:
        image.load()
        exif = Image.Exif()
        exif[Base.Orientation] = image.getexif().get(Base.Orientation, 1)
        profile = image.info.get("icc_profile")
        if "transparency" in image.info:
            image = image.convert("RGBA")
        elif image.mode in MODES_FOR_TIFF:
            image = image.convert(MODES_FOR_TIFF[image.mode])
        file = io.BytesIO()
        # The compression of the image's own file, which Pillow would repeat, may be lossy.
        image.save(file, "TIFF", compression="raw", exif=exif, icc_profile=profile)
    except Exception as error:  # Pillow's decoders raise anything
        raise UnreadableImageError(failure_reason(error)) from error
    return file.getvalue()
