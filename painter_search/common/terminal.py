"""Printing: untrusted text made safe for a terminal, and streams that nobody reads any more."""

from __future__ import annotations

import os
import re

CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters except tab and line feed, and Unicode's bidirectional overrides: terminals obey both."""


def printable(text: str) -> str:
    """The text with `CONTROL_CHARACTERS` shown as escapes, such as `\\x1b`."""
    return CONTROL_CHARACTERS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def discard_output(descriptor: int) -> None:
    """Drop what is written to a file descriptor from now on, also what Python tries to write again at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
