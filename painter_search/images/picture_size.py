"""How large the pictures are that pages show of a painting."""

from __future__ import annotations

from typing import TypeGuard

from painter_search.common.errors import InvalidValueError

THUMBNAIL_SIDE = 512
"""Long side of a thumbnail in pixels: what every collection and index has of each painting."""
MAX_PICTURE_SIZE = 4096
"""Long side in pixels of the largest picture that is kept beside the thumbnail: more than a screen shows."""


def is_picture_size(size: object) -> TypeGuard[int]:
    """Whether this is the size of the pictures of a collection or an index."""
    return type(size) is int and THUMBNAIL_SIDE <= size <= MAX_PICTURE_SIZE


def check_picture_size(size: int) -> None:
    """Raise `InvalidValueError` for a size that `--picture-size` does not take."""
    if not is_picture_size(size):
        raise InvalidValueError(
            f"--picture-size is {size}; it must be at least {THUMBNAIL_SIDE} (the thumbnails alone) and at most "
            f"{MAX_PICTURE_SIZE:,}."
        )
