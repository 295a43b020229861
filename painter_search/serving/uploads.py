"""Uploaded files, and their names."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple

from painter_search.images.photographs.crop import Crop

MAX_NAME_CHARACTERS = 120
"""A longer file name is cut."""


class Upload(NamedTuple):
    """An uploaded file."""

    name: str
    content: bytes
    crop: Crop = "auto"


def plain_file_name(name: str | None, number: int) -> str:
    """The name of an uploaded file without folders and unprintable characters, or `painting NUMBER` if none is left."""
    base = PurePosixPath((name or "").replace("\\", "/")).name
    plain = "".join(character for character in base if character.isprintable()).strip()[:MAX_NAME_CHARACTERS]
    return plain or f"painting {number}"
