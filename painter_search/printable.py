"""Text from files of strangers, made safe to show in a terminal."""

from __future__ import annotations

import re

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, and what turns the direction of writing: terminals obey them."""


def printable(text: str) -> str:
    """The text with characters that would steer a terminal shown as their escapes."""
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
