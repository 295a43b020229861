"""RGB in Lab of 8 bits, to the bit as OpenCV computes it, which spends 0.1 s on tables when it is first asked to."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

LEVEL = np.arange(256) / 255
LIGHT = np.where(LEVEL <= 0.04045, LEVEL / 12.92, ((LEVEL + 0.055) / 1.055) ** 2.4)
LINEAR = np.round(2040 * LIGHT).astype(np.float32)
"""sRGB's levels as amounts of light, 0 to 2040: OpenCV counts in whole numbers."""
TO_XYZ = np.array([[1777, 1541, 778, 2048], [871, 2929, 296, 2048], [73, 448, 3575, 2048]]) / 4096
"""From them to X, Y and Z, of which white has 2040 each; the last column rounds to the nearest."""
AMOUNT = np.arange(2041) / 2040
LIGHTNESS = np.where(AMOUNT < 216 / 24389, AMOUNT * 841 / 108 + 16 / 116, np.cbrt(AMOUNT))
ROOT = np.round(32768 * LIGHTNESS).astype(np.float32)
"""Lab's cube root of these."""
ROOT[[49, 628]] = 9454, 22126  # in float32, as OpenCV computes them, two are nearer to the next number
TO_LAB = np.array([[0, 296, 0, -1320550], [500, -500, 0, 4210688], [0, 200, -200, 4210688]]) / 32768
"""From the roots to L, a and b; the last column has their zero and rounds to the nearest."""


def to_lab(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image in sRGB, `[height, width, 3]`, in Lab: L from 0 to 255, a and b around 128."""
    xyz = cv2.transform(cv2.LUT(pixels, LINEAR), TO_XYZ).astype(np.int32)
    return cv2.transform(ROOT.take(xyz), TO_LAB).astype(np.uint8)
