"""The type of a collection's framing."""

from __future__ import annotations

from typing import Literal

Framing = Literal["whole", "center"]
"""What a collection keeps of a painting: all of it, reduced, or its central 224 x 224 px at the original resolution."""
