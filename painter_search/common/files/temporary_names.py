"""Names under which files and folders are made before they are renamed; no message shows one."""

from __future__ import annotations

import re
from pathlib import Path

_TEMPORARY = re.compile(
    r"\.(?P<name>.+)\.(partial|discarded|rest|lock|exporting|fetching|saving)|\.(adding|revision|lock)"
    r"|\.(building|collection|filling|shards)-.*"
)
"""Hidden names of files and folders that are being made: beside what they become, `name`, or inside of it."""
_WRITTEN = re.compile(r"\.(?P<name>.+)\.[0-9]+")
"""Hidden names of files that a process, named by its number, is writing; a user's folder may be called so, too."""


def lasting_path(path: Path) -> Path:
    """The path as its user knows it: of what is being made under a temporary name, the name that it will have."""
    for number, part in enumerate(path.parts):
        found = _TEMPORARY.fullmatch(part)
        if found:
            return Path(*path.parts[:number], found["name"] or "")
    written = _WRITTEN.fullmatch(path.name)
    return path.with_name(written["name"]) if written else path
