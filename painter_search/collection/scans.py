"""How often a JPEG file goes over its picture."""

from __future__ import annotations

import re

MAX_SCANS = 200
"""A progressive JPEG has about 10. Every scan goes over the whole picture, however few bytes it has, so that a small
file could keep a decoder busy for hours."""
MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""What ends a scan's data: any marker but a restart (ITU-T T.81, table B.1)."""
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9


def has_too_many_scans(content: bytes) -> bool:
    """Whether a JPEG file has more than `MAX_SCANS` scans."""
    place, scans = 2, 0
    while scans <= MAX_SCANS:
        found = MARKER.search(content, place)
        if found is None or content[found.start() + 1] == END_OF_IMAGE:
            return False
        scans += content[found.start() + 1] == START_OF_SCAN
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        place = found.end() + length  # the segment, in which bytes may look like markers
    return True
