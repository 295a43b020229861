"""The report's training transforms, with one geometric resampling an image instead of one for every transform.

Strengths and distributions are those of the torchvision transforms that the report used; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]

FLIP_PROBABILITY = 0.5
"""RandomVerticalFlip(0.5), RandomHorizontalFlip(0.5)."""
DEGREES = 15.0
"""RandomRotation(15), and RandomAffine's (-15, 15)."""
BRIGHTNESS, HUE = 0.5, 0.3
"""ColorJitter(brightness=0.5, hue=0.3)."""
DISTORTION, DISTORTION_PROBABILITY = 0.6, 0.2
"""RandomPerspective(0.6, p=0.2)."""
KERNEL, SIGMA = (5, 9), (0.1, 5.0)
"""GaussianBlur((5, 9), (0.1, 5.0)): width and height of the kernel in pixels."""
SCALE, SHEAR = (0.8, 1.2), 10.0
"""RandomAffine(scale=(0.8, 1.2), shear=10), without translation."""


# Every loader process has one core, so OpenCV's own threads would only compete for it.
cv2.setNumThreads(0)


class Augmentation:
    """The named transforms in the report's order: flips, rotation, jitter, perspective, blur, affine."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def __call__(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Transform uint8 `[height, width, 3]` with draws from `rng`; pixels from outside the image are black."""
        height, width = pixels.shape[:2]
        warp = self.draw_warp(width, height, rng)
        if warp is not None:
            # OpenCV resamples four channels in half the time of three.
            padded = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
            warped = cv2.warpPerspective(padded, warp, (width, height), flags=cv2.INTER_LINEAR)
            pixels = _bytes(cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB))
        if "jitter" in self.names:
            pixels = jitter(pixels, rng)
        if "blur" in self.names:
            sigma = rng.uniform(*SIGMA)
            pixels = _bytes(cv2.GaussianBlur(pixels, KERNEL, sigma, sigmaY=sigma, borderType=cv2.BORDER_REFLECT_101))
        return pixels

    def draw_warp(self, width: int, height: int, rng: np.random.Generator) -> Matrix | None:
        """Draw all geometric transforms as one matrix from source to target pixels; None if nothing moves."""
        center = ((width - 1) / 2, (height - 1) / 2)
        steps: list[Matrix] = []
        if "flips" in self.names:
            left_right, up_down = rng.random(2) < FLIP_PROBABILITY
            if left_right or up_down:
                steps.append(_flip(width, height, left_right, up_down))
        if "rotation" in self.names:
            steps.append(_around(center, _rotation(rng.uniform(-DEGREES, DEGREES))))
        if "perspective" in self.names and rng.random() < DISTORTION_PROBABILITY:
            steps.append(_perspective(width, height, rng))
        if "affine" in self.names:
            angle, scale = rng.uniform(-DEGREES, DEGREES), rng.uniform(*SCALE)
            shear = np.eye(3)
            shear[0, 1] = -np.tan(np.radians(rng.uniform(-SHEAR, SHEAR)))
            steps.append(_around(center, _rotation(angle) @ shear @ np.diag([scale, scale, 1.0])))
        if not steps:
            return None
        warp = np.eye(3)
        for step in steps:
            warp = step @ warp
        return warp


def jitter(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Multiply brightness by 0.5 to 1.5 and shift the hue by up to 0.3 of the colour circle, in random order."""
    factor, shift = rng.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS), rng.uniform(-HUE, HUE)
    if rng.random() < 0.5:
        return shift_hue(_bytes(cv2.convertScaleAbs(pixels, alpha=factor)), shift)
    return _bytes(cv2.convertScaleAbs(shift_hue(pixels, shift), alpha=factor))


def shift_hue(pixels: Pixels, shift: float) -> Pixels:
    """Shift the hue of RGB pixels by a share of the colour circle."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.uint8(int(shift * 255) % 256)  # wraps around at 256, as hue does
    return _bytes(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL))


def _bytes(pixels: object) -> Pixels:
    # OpenCV keeps the dtype, but its type stubs do not say so.
    return np.asarray(pixels, np.uint8)


def _flip(width: int, height: int, left_right: bool, up_down: bool) -> Matrix:
    matrix = np.eye(3)
    if left_right:
        matrix[0] = (-1, 0, width - 1)
    if up_down:
        matrix[1] = (0, -1, height - 1)
    return matrix


def _rotation(degrees: float) -> Matrix:
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])


def _around(center: tuple[float, float], matrix: Matrix) -> Matrix:
    """The transform about `center` instead of the origin."""
    from_origin, to_origin = np.eye(3), np.eye(3)
    from_origin[:2, 2], to_origin[:2, 2] = center, (-center[0], -center[1])
    return from_origin @ matrix @ to_origin


def _perspective(width: int, height: int, rng: np.random.Generator) -> Matrix:
    """Move each corner inwards by up to 0.6 of half the image."""
    max_shift = np.array([int(DISTORTION * (width // 2)), int(DISTORTION * (height // 2))])
    corners = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], np.float32)
    inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    moved = corners + inwards * rng.integers(0, max_shift + 1, (4, 2))
    return np.asarray(cv2.getPerspectiveTransform(corners, moved.astype(np.float32)))
