"""A quadrilateral of a photograph as the rectangle that it is in the world."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from painter_search.images.photographs.lines import Floats

USUAL_FOCAL_LENGTH = 0.8
"""Of a photograph, as a share of its long side: telephones have 0.75 and, zoomed twice, 1.5."""
MIN_TILT = 0.02
"""Nearness of one side to the opposite one, from which on the focal length is told by it."""
FOCAL_LENGTHS = (0.55, 3.0)
"""Focal lengths that are believed, as shares of the long side."""

BLUR = 1.5
"""Width in pixels of what a lens, a sensor and the resampling blur, as the standard deviation of a Gaussian."""


def aspect_ratio(corners: Floats, width: int, height: int) -> float:
    """Width over height of the rectangle that is seen as a quadrilateral.

    By Zhang and He, Whiteboard scanning and image enhancement (2007), equations 11 to 20: both pairs of parallel sides
    give the focal length, and this the proportions. The camera is taken to point at the photograph's centre. Where
    sides are nearly parallel as seen, the focal length cannot be told, matters little, and is taken as usual.

    Args:
        corners: `[4, 2]` pixels, clockwise from the top left.
        width: Of the photograph, in pixels.
        height: Of the photograph, in pixels.
    """
    long_side = max(width, height)
    centred = (np.asarray(corners, np.float64) - [width / 2, height / 2]) / long_side
    top_left, top_right, bottom_right, bottom_left = np.c_[centred, np.ones(4)]
    diagonal = np.cross(top_left, bottom_right)
    k2 = diagonal @ bottom_left / (np.cross(top_right, bottom_right) @ bottom_left)
    k3 = diagonal @ top_right / (np.cross(bottom_left, bottom_right) @ top_right)
    across, down = k2 * top_right - top_left, k3 * bottom_left - top_left
    squared = -(across[0] * down[0] + across[1] * down[1]) / (across[2] * down[2]) if across[2] * down[2] else 0.0
    tilt = min(abs(across[2]), abs(down[2]))
    focal = float(np.sqrt(squared)) if squared > 0 and tilt > MIN_TILT else USUAL_FOCAL_LENGTH
    focal = float(np.clip(focal, *FOCAL_LENGTHS))

    def length(direction: NDArray[np.float64]) -> float:
        return float(np.hypot(np.hypot(direction[0], direction[1]) / focal, direction[2]))

    return length(across) / max(1e-9, length(down))


def rectified_size(corners: Floats, aspect: float, long_side: float | None = None) -> tuple[int, int]:
    """Width and height in pixels of a quadrilateral made a rectangle of an aspect ratio.

    Its area in pixels stays, or its long side becomes `long_side`.
    """
    if long_side is None:
        area = max(1.0, float(cv2.contourArea(np.asarray(corners, np.float32))))
        wide, high = np.sqrt(area * aspect), np.sqrt(area / aspect)
    else:
        wide, high = (long_side, long_side / aspect) if aspect >= 1 else (long_side * aspect, long_side)
    return max(1, round(wide)), max(1, round(high))


def to_rectangle(corners: Floats, width: int, height: int) -> NDArray[np.float64]:
    """The homography from a photograph's pixels to those of a rectangle of `width` x `height` px."""
    rectangle = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(np.asarray(corners, np.float32), rectangle), np.float64)


def rectify(pixels: NDArray[np.uint8], corners: Floats, width: int, height: int) -> NDArray[np.uint8]:
    """The inside of a quadrilateral as a rectangle of `width` x `height` px.

    Args:
        pixels: uint8 `[height, width, 3]`.
        corners: `[4, 2]` in its pixels, clockwise from what becomes the top left.
        width: Of the result.
        height: Of the result.
    """
    matrix = to_rectangle(corners, width, height)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # corners are at the edges of pixels, not in their middles
    matrix = np.linalg.inv(half) @ matrix @ half
    size = (width, height)
    return np.asarray(
        cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def sharpen(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A rectified part of a photograph without a camera's blur, by an unsharp mask: an encoder takes blur for style."""
    blurred = cv2.GaussianBlur(pixels, (0, 0), BLUR)
    return np.asarray(cv2.addWeighted(pixels, 2, blurred, -1, 0), np.uint8)
