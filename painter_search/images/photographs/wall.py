"""The wall: what runs along the borders of a photograph, taken for smooth light on one material."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BORDER = 0.04
"""Width of the border from which the wall is learnt, as a share of the photograph's size."""
ROUNDS = 4
"""Rounds of the fit; in each, what lies far from the wall so far (a neighbouring painting, the floor) counts less."""


def distance_from_wall(lab: Floats, border: float = BORDER) -> tuple[Floats, Floats]:
    """How far each pixel's colour is from the wall's at that place.

    The wall's colour is a quadratic function of the place, fitted to the photograph's borders.

    Args:
        lab: The photograph in Lab of 8 bits, smoothed, float32 `[height, width, 3]`.
        border: Width of the border from which the wall is learnt, as a share of the size.

    Returns:
        The distance in units of Lab, `[height, width]`, and the median along the top, right, bottom and left border,
        which a plain wall has low: `[4]`.
    """
    height, width = lab.shape[:2]
    basis = _quadratic(height, width)
    y, x = max(1, round(border * height)), max(1, round(border * width))
    every = slice(None)
    sides = [(slice(y), every), (every, slice(-x, None)), (slice(-y, None), every), (every, slice(x))]
    rows = np.concatenate([basis[side].reshape(-1, 6)[::2] for side in sides])
    colours = np.concatenate([lab[side].reshape(-1, 3)[::2] for side in sides])
    weights = np.ones(len(rows), np.float32)
    coefficients = np.zeros((6, 3), np.float32)
    for _ in range(ROUNDS):
        weighted = rows * weights[:, None]
        coefficients = np.linalg.solve(weighted.T @ rows + 1e-3 * np.eye(6, dtype=np.float32), weighted.T @ colours)
        far = np.linalg.norm(colours - rows @ coefficients, axis=1)
        weights = 1 / (1 + (far / (1.5 * max(2.0, float(np.median(far))))) ** 2) ** 2
    difference = lab - (basis.reshape(-1, 6) @ coefficients).reshape(lab.shape)
    distance = np.sqrt(np.einsum("ijk,ijk->ij", difference, difference))
    return np.asarray(distance, np.float32), np.array([np.median(distance[side]) for side in sides], np.float32)


@lru_cache(maxsize=8)
def _quadratic(height: int, width: int) -> Floats:
    """1, x, y, xy, x² and y² at each pixel, x and y from -1 to 1: `[height, width, 6]`."""
    across = np.broadcast_to(np.linspace(-1, 1, width, dtype=np.float32)[None], (height, width))
    down = np.broadcast_to(np.linspace(-1, 1, height, dtype=np.float32)[:, None], (height, width))
    return np.stack([np.ones_like(across), across, down, across * down, across**2, down**2], axis=-1)


def smooth(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without grain and joints, with its edges."""
    return np.asarray(cv2.medianBlur(image, 5), np.uint8)


def outline_segments(distance: Floats, spread: float) -> Floats:
    """The straight parts of the outlines of what is not wall: x, y of both ends, `[n, 4]` pixels."""
    grey = np.clip(distance * 2, 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found = []
    for threshold in (min(otsu, 8 * max(2.0, spread)), otsu):
        mask = cv2.morphologyEx((grey > threshold).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for outline in sorted(outlines, key=cv2.contourArea, reverse=True)[:3]:
            hull = cv2.convexHull(outline)
            polygon = cv2.approxPolyDP(hull, 0.012 * cv2.arcLength(hull, True), True)[:, 0].astype(np.float32)
            found.append(np.hstack([polygon, np.roll(polygon, -1, axis=0)]))
    return np.concatenate(found) if found else np.zeros((0, 4), np.float32)
