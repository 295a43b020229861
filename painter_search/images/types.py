"""Types used throughout `images/`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

Framing = Literal["whole", "center"]
"""What a collection keeps of a painting: all of it, reduced, or its central 224 x 224 px at the original resolution."""
ImageFile: TypeAlias = bytes | Path
"""An image file: its bytes, or the path of one that is too large to be held in memory."""
