"""Counts the scans of a JPEG file: each is a pass over the whole picture, however few bytes it has."""

from __future__ import annotations

import re

MAX_SCANS = 200
"""A progressive JPEG has about 10 scans; with thousands a small file could keep a decoder busy for hours."""
MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""What ends the data of a scan: any marker but a restart marker (ITU-T T.81, table B.1)."""
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9


def has_too_many_scans(content: bytes) -> bool:
    """Whether a JPEG file has more than `MAX_SCANS` scans."""
    position, scans = 2, 0
    while scans <= MAX_SCANS:
        marker = MARKER.search(content, position)
        if marker is None or content[marker.start() + 1] == END_OF_IMAGE:
            return False
        scans += content[marker.start() + 1] == START_OF_SCAN
        segment_length = int.from_bytes(content[marker.end() : marker.end() + 2], "big")
        position = marker.end() + segment_length  # bytes inside the segment may look like markers
    return True
