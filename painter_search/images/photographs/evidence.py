"""What speaks for a quadrilateral being a painting in front of a wall or whatever else: figures from 0 to about 1."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from painter_search.images.photographs.lines import Floats
from painter_search.images.photographs.quadrilaterals import Candidates

NAMES = (
    "least_support", "support", "beyond", "wall_outside", "least_wall_outside", "wall_inside", "wall_elsewhere",
    "step", "change_outside", "change_inside", "margin", "area", "tilt", "border_spread", "border_unlike",
    "off_centre", "upright", "paper",
)  # fmt: skip
"""The figures, in the order of `weigh`'s columns."""
ALONG = (np.arange(14, dtype=np.float32) + 0.5) / 14
"""Places along a side that are looked at."""
AWAY = np.array([0.02, 0.045, 0.07], np.float32)
"""How far from a side, outside and inside, as shares of the quadrilateral's size."""
GRID = 20
"""Points across and down at which the photograph as a whole is looked at."""


def gather_evidence(candidates: Candidates, lab: Floats, wall: Floats, spread: Floats) -> Floats:
    """The evidence for each candidate.

    Args:
        candidates: The quadrilaterals, in pixels of the shrunken photograph.
        lab: The shrunken photograph in Lab of 8 bits, smoothed, `[height, width, 3]`.
        wall: Each pixel's distance from the wall's colour, `[height, width]`.
        spread: The medians of that along the four borders, `[4]`.

    Returns:
        `[n, len(NAMES)]`.
    """
    height, width = wall.shape
    corners, count = candidates.corners, len(candidates.corners)
    if not count:
        return np.zeros((0, len(NAMES)), np.float32)
    following = np.roll(corners, -1, axis=1)
    centre = corners.mean(axis=1)
    size = np.sqrt(_area(corners))
    wallness = 1 / (1 + (wall / (8 + 1.5 * float(np.median(spread)))) ** 2)

    on_side = corners[:, :, None] + (following - corners)[:, :, None] * ALONG[None, None, :, None]  # [n, 4, along, 2]
    direction = (following - corners) / np.maximum(1e-6, np.linalg.norm(following - corners, axis=2, keepdims=True))
    outward = np.stack([direction[..., 1], -direction[..., 0]], axis=-1)[:, :, None, None]  # clockwise: to the left
    step = (AWAY * size[:, None])[:, None, None, :, None] * outward
    outside, inside = on_side[:, :, :, None] + step, on_side[:, :, :, None] - step  # [n, 4, along, away, 2]
    in_view = ((outside >= 0) & (outside <= np.array([width - 1, height - 1]))).all(axis=-1)
    wall_outside = _per_side(_look(np.asarray(wallness, np.float32), outside), in_view)
    lab_outside, lab_inside = _look(lab, outside), _look(lab, inside)
    difference = np.linalg.norm(lab_outside - lab_inside, axis=-1)[..., 0]
    seen = in_view[..., 0]
    stepped = ((difference > 10) & seen).sum(axis=(1, 2)) / np.maximum(1, seen.sum(axis=(1, 2)))

    across, down = np.meshgrid(
        (np.arange(GRID, dtype=np.float32) + 0.5) * width / GRID,
        (np.arange(GRID, dtype=np.float32) + 0.5) * height / GRID,
    )
    points = np.stack([across.ravel(), down.ravel()], axis=-1)
    grid_wall = _look(np.asarray(wallness, np.float32), points[None])[0]
    offset = points[None, :, None] - corners[:, None]  # [n, points, 4, 2]
    is_inside = ((outward[:, None, :, 0, 0] * offset).sum(axis=-1) < 0).all(axis=-1)
    elsewhere = (grid_wall * ~is_inside).sum(axis=1) / np.maximum(1, (~is_inside).sum(axis=1))
    within = (grid_wall * is_inside).sum(axis=1) / np.maximum(1, is_inside.sum(axis=1))

    edges = np.stack(
        [
            corners[..., 0].min(axis=1),
            width - corners[..., 0].max(axis=1),
            corners[..., 1].min(axis=1),
            height - corners[..., 1].max(axis=1),
        ],
        axis=1,
    )
    lean = np.abs(direction).min(axis=2).mean(axis=1)
    middle = np.linalg.norm(centre / [width, height] - 0.5, axis=1)
    ones = np.ones(count, np.float32)
    return np.stack(
        [
            candidates.support.min(axis=1),
            candidates.support.mean(axis=1),
            candidates.beyond,
            wall_outside.mean(axis=1),
            wall_outside.min(axis=1),
            within,
            elsewhere,
            stepped,
            np.clip(_change(lab_outside, in_view), 0, 40) / 20,
            np.clip(_change(lab_inside, np.ones_like(in_view)), 0, 40) / 20,
            np.clip(edges.min(axis=1) / max(width, height), 0, 0.1) * 10,
            _area(corners) / (width * height),
            np.clip(lean * 20, 0, 2),
            ones * min(2.0, float(np.median(spread)) / 10),
            ones * min(2.0, float(spread.max() - np.median(spread)) / 10),
            middle * 2,
            np.clip(1 - 40 * lean, 0, 1),
            _paper(lab_outside, in_view),
        ],
        axis=1,
    ).astype(np.float32)


def _look(image: Floats, points: NDArray[np.floating]) -> Floats:
    """The image at points `[..., 2]`, x and y; outside it, the nearest border."""
    flat = np.ascontiguousarray(points.reshape(points.shape[0], -1, 2), np.float32)
    seen = cv2.remap(image, flat[..., 0], flat[..., 1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen.reshape(*points.shape[:-1], *image.shape[2:]), np.float32)


def _per_side(values: Floats, in_view: NDArray[np.bool_]) -> Floats:
    """Means over the points of each side that are in view; 0 for a side of which none is: `[n, 4]`."""
    return np.asarray((values * in_view).sum(axis=(2, 3)) / np.maximum(1, in_view.sum(axis=(2, 3))), np.float32)


def _change(lab: Floats, in_view: NDArray[np.bool_]) -> Floats:
    """How much the colour changes along the sides, the mean of their standard deviations: `[n]`."""
    weights = in_view[..., None].astype(np.float32)
    count = np.maximum(1, weights.sum(axis=(2, 3), keepdims=True))
    mean = (lab * weights).sum(axis=(2, 3), keepdims=True) / count
    variance = (np.square(lab - mean) * weights).sum(axis=(2, 3), keepdims=True) / count
    return np.asarray(np.sqrt(variance.sum(axis=-1)).mean(axis=(1, 2, 3)))


def _paper(lab: Floats, in_view: NDArray[np.bool_]) -> Floats:
    """How white what lies around is, 0 to 1: `[n]`."""
    count = np.maximum(1, in_view.sum(axis=(1, 2, 3)))
    lightness, red, yellow = ((lab[..., number] * in_view).sum(axis=(1, 2, 3)) / count for number in range(3))
    return np.asarray(
        np.clip((lightness - 195) / 40, 0, 1) * np.clip(1.5 - np.hypot(red - 128, yellow - 128) / 14, 0, 1)
    )


def _area(corners: Floats) -> Floats:
    x, y = corners[..., 0], corners[..., 1]
    return np.asarray(np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1)) / 2)
