"""The header of a safetensors file: what its tensors are, and where."""

from __future__ import annotations

import json
from typing import Any


def read_header(file: bytes) -> tuple[dict[str, Any], int]:
    """The header of a file, and where the tensors begin, in bytes; raises `ValueError` where it is damaged."""
    start = 8 + int.from_bytes(file[:8], "little")
    header: dict[str, Any] = json.loads(file[8:start])
    return header, start
