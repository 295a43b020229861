"""Whole pictures in damaged files: what is missing or wrong around the pixels is put right."""

from __future__ import annotations

import struct

from painter_search.common.errors import UnreadableImageError
from painter_search.images.formats.jpeg_scans import has_every_scan

END_MARKER = b"\xff\xd9"
"""The end of JPEG and JPEG 2000 files (ITU-T T.81 and T.800)."""
PICTURE_CHUNKS = (b"VP8X", b"ICCP", b"ALPH", b"VP8 ", b"VP8L", b"ANIM", b"ANMF", b"EXIF")
"""Chunks of a WebP file that are kept (RFC 9649)."""
ANNOUNCED = {b"EXIF": 0x08, b"XMP ": 0x04}
"""Bits of the chunk VP8X that announce chunks after the picture."""


def with_end_marker(content: bytes, file_format: str) -> tuple[bytes, ...]:
    """A JPEG or JPEG 2000 file that lacks its end marker with it and, for JPEG, the same with other bytes before it.

    All of the pixels are there if all of these decode to the same: libjpeg, if it lacks some, takes what comes next.
    Raises `UnreadableImageError` if whole scans of a progressive JPEG are missing, which leaves a coarse picture.
    """
    body = content.removesuffix(END_MARKER[:1])
    if file_format == "JPEG2000":
        return (body + END_MARKER,)  # the lengths of its parts tell what is missing
    if not has_every_scan(body):
        raise UnreadableImageError("truncated (the last scans are missing)")
    return body + END_MARKER, body + b"\xaa" * 64 + END_MARKER


def rewrap_webp(content: bytes) -> bytes:
    """A WebP file of those chunks that are whole in `content` and belong to the picture, with the sizes put right.

    Raises `UnreadableImageError` if the picture itself is not whole.
    """
    chunks: dict[int, tuple[bytes, bytes]] = {}
    position = 12
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        chunk = content[position + 8 : position + 8 + size]
        if len(chunk) < size:
            break
        if name in PICTURE_CHUNKS:
            chunks[position] = name, chunk
        position += 8 + size + size % 2
    if not any(name in (b"VP8 ", b"VP8L", b"ANMF") for name, _ in chunks.values()):
        raise UnreadableImageError("truncated (the last pixels are missing)")
    if chunks.get(12, (b"", b""))[0] == b"VP8X":
        header = bytearray(chunks[12][1])
        for name, bit in ANNOUNCED.items():
            if name not in {kept for kept, _ in chunks.values()}:
                header[0] &= ~bit
        chunks[12] = b"VP8X", bytes(header)
    parts = (struct.pack("<4sI", name, len(chunk)) + chunk + bytes(len(chunk) % 2) for name, chunk in chunks.values())
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body
