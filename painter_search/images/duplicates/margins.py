"""What surrounds a picture in its file: margins, mats, frames and walls, and the even ground around an oval."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

RelativeBox = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the width and the height."""

MEASURED_SIDE = 128
"""Margins are measured at 128 x 128 pixels of grey."""
MAX_STEP = 6.0
"""Steps of grey (0 to 255) from pixel to pixel that the grain of paper or of a wall makes. Of 180 paintings planted on
a grainy wall 178 are found at 6, and 110 at 2."""
CROSSED_SHARE = 0.05
"""Share of a margin's line that may have larger steps: it crosses the slanted edges of a frame, or a signature."""
MAX_BORDERS = 3
"""Borders within one another that are taken away: a margin, a mat and a frame."""
BLURRED_EDGE = 4
"""Pixels over which the edge of the border just taken away is blurred; they do not count as detail of the next."""
MIN_MARGIN = 2
"""Narrower margins, in pixels of `MEASURED_SIDE`, do no harm where pictures are compared."""
MIN_CONTENT = 0.3
"""Shortest side that margins leave, as a share of the file's side; else it is no margin but an even picture."""
GROUND_TOLERANCE = 10
"""Largest difference of an even ground from the commonest grey of the border (0 to 255)."""
MAX_SPECK = 4
"""Pixels of another grey that belong to the ground if they are by themselves: dust, or traces of compression."""
MIN_GROUND_BORDER = 0.25
"""Smallest share of the border that is ground, if there is any."""


def content_boxes(picture: Image.Image) -> list[RelativeBox]:
    """What is left of a picture, of any mode, once lines without detail are taken from its four sides.

    A margin, a mat and a plain frame lie within one another, so what is left is returned after each of them. A clear
    sky may go too; where two pictures are compared it goes from both. Empty if there are no margins, or hardly
    anything else.
    """
    grey = picture.convert("L").resize((MEASURED_SIDE, MEASURED_SIDE), Image.Resampling.BOX)
    smooth = cv2.GaussianBlur(np.asarray(grey).astype(np.float32), (0, 0), 1)
    vertical, horizontal = (np.abs(np.diff(smooth, axis=axis)) > MAX_STEP for axis in (0, 1))
    left, top, right, bottom = 0, 0, MEASURED_SIDE, MEASURED_SIDE
    boxes: list[RelativeBox] = []
    for border in range(MAX_BORDERS):
        inset = BLURRED_EDGE if border else 0
        columns = np.flatnonzero(vertical[top + inset : bottom - 1 - inset, left:right].mean(axis=0) > CROSSED_SHARE)
        rows = np.flatnonzero(horizontal[top:bottom, left + inset : right - 1 - inset].mean(axis=1) > CROSSED_SHARE)
        if not len(columns) or not len(rows):
            break
        margins = (
            int(columns[0]),
            int(rows[0]),
            right - left - 1 - int(columns[-1]),
            bottom - top - 1 - int(rows[-1]),
        )
        left, top, right, bottom = left + margins[0], top + margins[1], right - margins[2], bottom - margins[3]
        if max(margins) < MIN_MARGIN or min(right - left, bottom - top) < MIN_CONTENT * MEASURED_SIDE:
            break
        boxes.append((left / MEASURED_SIDE, top / MEASURED_SIDE, right / MEASURED_SIDE, bottom / MEASURED_SIDE))
    return boxes


def find_ground(greys: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The even ground around a picture, such as the sheet that an oval is on: bool in the shape of the greys `[h, w]`.

    The picture is the convex hull of what is not of the ground's grey: the paper between a drawing's lines is its own.
    """
    border = np.concatenate([greys[0], greys[-1], greys[:, 0], greys[:, -1]]).astype(np.int16)
    alike = np.convolve(np.bincount(border, minlength=256), np.ones(2 * GROUND_TOLERANCE + 1), "same")
    if alike.max() < MIN_GROUND_BORDER * len(border):
        return np.zeros(greys.shape, bool)
    grey = border[np.abs(border - alike.argmax()) <= GROUND_TOLERANCE].mean()
    others = (np.abs(greys - grey) > GROUND_TOLERANCE).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(others)
    inside = (np.asarray(stats)[:, cv2.CC_STAT_AREA] > MAX_SPECK)[parts] & (np.asarray(parts) > 0)
    if not inside.any():
        return np.zeros(greys.shape, bool)
    hull = cv2.convexHull(np.argwhere(inside)[:, ::-1].astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(np.ones(greys.shape, np.uint8), hull, 0) > 0)
