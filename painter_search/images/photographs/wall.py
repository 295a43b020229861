"""The wall: what runs along the borders of a photograph, taken for smooth light on one material."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from painter_search.images.photographs.lines import Floats

BORDER = 0.04
"""Width of the border from which the wall is learnt, as a share of the photograph's size."""
ROUNDS = 4
"""Rounds of the fit; in each, what lies far from the wall so far (a neighbouring painting, the floor) counts less."""


def distance_from_wall(lab: Floats) -> tuple[Floats, Floats]:
    """How far each pixel's colour is from the wall's at that place.

    Args:
        lab: The photograph in Lab of 8 bits, smoothed, float32 `[height, width, 3]`.

    Returns:
        The distance in units of Lab, `[height, width]`, and the median along the top, right, bottom and left border,
        which a plain wall has low: `[4]`.
    """
    wall = fit_wall(lab, BORDER)
    return wall.distance(lab), wall.spread


@dataclass(frozen=True)
class Wall:
    """The colour of a wall, a quadratic function of the place."""

    coefficients: Floats
    """`[6, 3]`."""
    spread: Floats
    """The median distance from it along the top, right, bottom and left border, in units of Lab: `[4]`."""

    def distance(self, lab: Floats) -> Floats:
        """How far each pixel of the photograph is from it, in units of Lab: `[height, width]`."""
        x, y = _places(*lab.shape[:2])
        constant, by_x, by_y, by_xy, by_xx, by_yy = self.coefficients
        along = constant + x[:, None] * by_x + (x**2)[:, None] * by_xx
        down = y[:, None] * by_y + (y**2)[:, None] * by_yy
        difference = lab - along - down[:, None] - (y[:, None] * x)[..., None] * by_xy
        return np.asarray(np.sqrt(np.einsum("ijk,ijk->ij", difference, difference)), np.float32)


def fit_wall(lab: Floats, border: float) -> Wall:
    """Fit a wall to the borders of a photograph.

    Args:
        lab: The photograph in Lab of 8 bits, float32 `[height, width, 3]`.
        border: Width of the border, as a share of the size.
    """
    height, width = lab.shape[:2]
    across, down = _places(height, width)
    y, x = max(1, round(border * height)), max(1, round(border * width))
    every = slice(None)
    sides = [(slice(y), every), (every, slice(-x, None)), (slice(-y, None), every), (every, slice(x))]
    rows = [_quadratic(across[columns], down[lines]).reshape(-1, 6) for lines, columns in sides]
    colours = [lab[side].reshape(-1, 3) for side in sides]
    half_rows, half_colours = (np.concatenate([side[::2] for side in part]) for part in (rows, colours))
    weights = np.ones(len(half_rows), np.float32)
    coefficients = np.zeros((6, 3), np.float32)
    equations = np.hstack([half_rows, half_colours])
    for _ in range(ROUNDS):
        # OpenCV's product keeps to this thread: a large one of NumPy's leaves its threads turning idly for a while
        products = cv2.mulTransposed(equations * np.sqrt(weights)[:, None], aTa=True, dtype=cv2.CV_64F)
        coefficients = np.linalg.solve(products[:6, :6] + 1e-3 * np.eye(6, dtype=np.float32), products[:6, 6:])
        far = np.linalg.norm(half_colours - half_rows @ coefficients, axis=1)
        weights = 1 / (1 + (far / (1.5 * max(2.0, float(np.median(far))))) ** 2) ** 2
    spread = [
        np.median(np.linalg.norm(colour - row @ coefficients, axis=1))
        for row, colour in zip(rows, colours, strict=True)
    ]
    return Wall(coefficients, np.array(spread, np.float32))


def _places(height: int, width: int) -> tuple[Floats, Floats]:
    """The place of each column and row, -1 to 1."""
    return np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)


def _quadratic(across: Floats, down: Floats) -> Floats:
    """1, x, y, xy, x² and y² at each place: `[len(down), len(across), 6]`."""
    x, y = np.meshgrid(across, down)
    return np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=-1)


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
