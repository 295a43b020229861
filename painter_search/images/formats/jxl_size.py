"""The size that a JPEG XL file claims, before it is decoded."""

from __future__ import annotations

RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Aspect ratios that a header may name instead of a width (ISO/IEC 18181-1, SizeHeader)."""
SIZE_BITS = (9, 13, 18, 30)
"""Lengths that a number of the header may have."""


def jxl_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG XL file; None if its header cannot be read."""
    codestream = _codestream(content)
    if codestream is None or len(codestream) < 12:
        return None
    bits = int.from_bytes(codestream[2:12], "little")
    position = 0

    def take(count: int) -> int:
        nonlocal position
        value = bits >> position & (1 << count) - 1
        position += count
        return value

    is_small = take(1)

    def side() -> int:
        return 8 * (1 + take(5)) if is_small else 1 + take(SIZE_BITS[take(2)])

    height = side()
    ratio = take(3)
    if ratio == 0:
        return side(), height
    numerator, denominator = RATIOS[ratio - 1]
    return height * numerator // denominator, height


def _codestream(content: bytes) -> bytes | None:
    """The first bytes of the codestream; None if there is none."""
    if content.startswith(b"\xff\x0a"):
        return content[:16]
    position = 0
    while position + 8 <= len(content):
        length, name = int.from_bytes(content[position : position + 4], "big"), content[position + 4 : position + 8]
        start = 8
        if length == 1:
            length, start = int.from_bytes(content[position + 8 : position + 16], "big"), 16
        if name in (b"jxlc", b"jxlp"):
            start += 4 * (name == b"jxlp")  # a part's number comes first
            return content[position + start : position + start + 16]
        if length < start:
            return None
        position += length
    return None
