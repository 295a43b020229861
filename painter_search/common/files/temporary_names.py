"""Names under which files and folders are made before they are renamed; no message shows one."""

from __future__ import annotations

import re
from pathlib import Path

_TEMPORARY = re.compile(
    r"\.(?P<name>.+)\.(partial|discarded|rest|lock|[0-9]+)|\.(adding|revision|lock)"
    r"|\.(building|collection|filling|shards)-.*"
)
"""Hidden names of files and folders that are being made: beside what they become, `name`, or inside of it."""


def lasting_path(path: Path) -> Path:
    """The path as its user knows it: of what is being made under a temporary name, the name that it will have."""
    for number, part in enumerate(path.parts):
        found = _TEMPORARY.fullmatch(part)
        if found:
            return Path(*path.parts[:number], found["name"] or "")
    return path
