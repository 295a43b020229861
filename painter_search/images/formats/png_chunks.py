"""The chunks of a PNG file, whose checksums tell damage that no decoder of its pixels notices."""

from __future__ import annotations

import struct
import zlib

SIGNATURE_BYTES = 8
WRONG_CHECKSUM = "damaged (its checksum is wrong); copy or download it again"
"""The reason for a file whose pixels are not those that were written."""


def has_wrong_checksum(content: bytes) -> bool:
    """Whether a checksum of the pixels (`IDAT`) of a PNG file is wrong, which Pillow passes over; a cut one is not."""
    view, position = memoryview(content), SIGNATURE_BYTES
    while position + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, position)
        if name == b"IEND":
            break  # what comes after it is not part of the image
        end = position + 8 + size
        if name == b"IDAT" and end + 4 <= len(content):
            (checksum,) = struct.unpack_from(">I", content, end)
            if zlib.crc32(view[position + 4 : end]) != checksum:
                return True
        position = end + 4
    return False
