"""The scans of a JPEG file: each is a pass over the whole picture, however few bytes it has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

MAX_SCANS = 200
"""A progressive JPEG has about 10 scans; with thousands a small file could keep a decoder busy for hours."""
MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""What ends the data of a scan: any marker but a restart marker (ITU-T T.81, table B.1)."""
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
"""Start-of-frame markers of progressive files."""


def has_too_many_scans(content: bytes) -> bool:
    """Whether a JPEG file has more than `MAX_SCANS` scans."""
    scans = 0
    for marker, _ in _segments(content):
        scans += marker == START_OF_SCAN
        if scans > MAX_SCANS:
            return True
    return False


def has_every_scan(content: bytes) -> bool:
    """Whether the scans of a JPEG file bring every coefficient of every channel to its last bit."""
    is_progressive = False
    # Per channel, the last bit (Al) that each of the 64 coefficients has come to, and 16 where it has not come at all.
    bits: defaultdict[int, list[int]] = defaultdict(lambda: [16] * 64)
    for marker, segment in _segments(content):
        is_progressive = is_progressive or marker in PROGRESSIVE
        if marker == START_OF_SCAN and len(segment) >= 4 + 2 * segment[0]:
            channels = segment[0]
            first, last, approximation = segment[1 + 2 * channels : 4 + 2 * channels]
            for channel in segment[1 : 1 + 2 * channels : 2]:
                for coefficient in range(first, min(last, 63) + 1):
                    bits[channel][coefficient] = approximation & 15
    return not is_progressive or all(not any(of_channel) for of_channel in bits.values())


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker of each segment up to the end of the image, and what follows its length."""
    position = 2
    while marker := MARKER.search(content, position):
        kind = content[marker.start() + 1]
        if kind == END_OF_IMAGE:
            return
        length = int.from_bytes(content[marker.end() : marker.end() + 2], "big")
        yield kind, content[marker.end() + 2 : marker.end() + length]
        position = marker.end() + length  # bytes inside the segment may look like markers
