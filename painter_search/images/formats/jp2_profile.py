"""The ICC profile in a JPEG 2000 file, which Pillow does not hand on."""

from __future__ import annotations

import io
import struct
from typing import IO

from painter_search.images.types import ImageFile

MAX_BOXES = 100
"""Further boxes are not looked at: a file may hold any number."""
MAX_PROFILE_BYTES = 20_000_000
"""Larger profiles are passed over."""
ICC_METHODS = (2, 3)
"""Methods of a colour box that holds an ICC profile (ISO/IEC 15444-1, I.5.3.3, and 15444-2)."""


def jp2_profile(file: ImageFile) -> bytes | None:
    """The ICC profile that a JPEG 2000 file's first colour box holds; None if it holds none or is damaged."""
    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as content:
        try:
            header_end = _enter_box(content, b"jp2h", content.seek(0, io.SEEK_END), 0)
            end = _enter_box(content, b"colr", header_end, content.tell())
            method = content.read(3)[0]  # then its precedence and approximation
        except (struct.error, LookupError):
            return None
        size = end - content.tell()
        return content.read(size) if method in ICC_METHODS and 0 < size <= MAX_PROFILE_BYTES else None


def _enter_box(content: IO[bytes], name: bytes, end: int, start: int) -> int:
    """Move behind the header of the first box of a name between two positions; the position where that box ends.

    Raises `LookupError` if there is none, `struct.error` where the file ends.
    """
    for _ in range(MAX_BOXES):
        content.seek(start)
        size, found = struct.unpack(">I4s", content.read(8))
        if size == 1:
            (size,) = struct.unpack(">Q", content.read(8))
        box_end = min(start + size, end) if size else end
        if found == name:
            return box_end
        if not content.tell() <= box_end < end:
            break
        start = box_end
    raise LookupError(name)
