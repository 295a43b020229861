"""A decoded painting, what of it is asked for, and the reasons for which a file is not decoded."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from painter_search.common.errors import UnreadableImageError

MAX_HELD_BYTES = 900_000_000
"""Images whose decoding would hold more bytes in memory are reduced while they are decoded, or refused."""
MAX_ELONGATION = 50
"""Images with a larger ratio of long to short side are refused: their frames would be as large as the original."""
MIN_SIDE = 16
"""Images with a shorter side, in pixels, are refused: they are dots and icons."""


@dataclass(frozen=True)
class Need:
    """What is asked for of a painting."""

    short_side: int
    """The whole painting may be reduced while it is decoded, to this many pixels of its short side or more."""
    middle: int | None = None
    """Side of the central square that is asked for at the original resolution, in pixels; None if it is not."""
    max_held_bytes: int = MAX_HELD_BYTES
    """Bytes of memory that decoding may hold."""


@dataclass(frozen=True)
class DecodedPainting:
    """A painting's pixels."""

    image: Image.Image
    """All of it, upright and in sRGB; reduced if it is too large for memory, or if nothing else was asked for."""
    width: int
    """Width of the upright original in pixels."""
    height: int
    """Height of the upright original in pixels."""
    middle: Image.Image | None = None
    """The central square at the original resolution, where it was asked for and `image` is reduced."""
    plain_jpeg: bytes | None = None
    """The file itself, where it is an upright JPEG in sRGB, so that re-encoding it would only lose sharpness."""


class RefusedImageError(UnreadableImageError):
    """A file that no other reader would read either, or must not."""


class VagueReasonError(UnreadableImageError):
    """A reason that gives way to that of another reader."""


def check_shape(width: int, height: int) -> None:
    """Raise `RefusedImageError` if an image is too elongated."""
    if max(width, height) > MAX_ELONGATION * min(width, height):
        raise RefusedImageError(f"too elongated to be a painting ({width} x {height} px)")


def is_one_colour(image: Image.Image) -> bool:
    """Whether all pixels of an image in RGB are equal."""
    return image.getcolors(maxcolors=1) is not None


def failure_reason(error: Exception) -> str:
    """A decoder's exception as the reason that `rejected.csv` lists."""
    message = str(error) or type(error).__name__
    return "truncated (the file ends early)" if "truncated" in message.lower() else f"unreadable ({message})"
