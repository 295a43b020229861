"""What the network sees of a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def central_square(frame: Image.Image, side: int) -> Image.Image:
    """The central square of a frame, brought to `side` px; a 224 px `center` frame is taken as it is."""
    short = min(frame.size)
    left, top = (frame.width - short) // 2, (frame.height - short) // 2
    if frame.size == (side, side):
        return frame
    square = frame.crop((left, top, left + short, top + short))
    return square.resize((side, side), Image.Resampling.BICUBIC)


def to_pixels(view: Image.Image) -> NDArray[np.uint8]:
    """A view as uint8 `[3, height, width]`."""
    return np.ascontiguousarray(np.asarray(view, dtype=np.uint8).transpose(2, 0, 1))
