"""Quadrilaterals of two level and two upright lines, those first whose sides are edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.images.photographs.lines import Floats, Lines

MAX_CANDIDATES = 40
"""Quadrilaterals examined further."""
MIN_SIDE = 0.12
"""Shortest side, as a share of the photograph's long side."""
MAX_OUTSIDE = 0.01
"""How far corners may lie outside the photograph, as a share of its size."""
MAX_CONVERGENCE = 0.45
"""Largest difference of the lengths of two opposite sides, as a share of the longer."""
BEYOND = 0.12
"""Length of the stretch beyond a corner in which the edge should have ended, as a share of the side."""


@dataclass(frozen=True)
class Candidates:
    """Quadrilaterals that may be the painting's outline, or its frame's, the best supported first."""

    corners: Floats
    """`[n, 4, 2]` pixels, clockwise from the top left."""
    support: Floats
    """Of the top, right, bottom and left side, 0 to 1: `[n, 4]`."""
    beyond: Floats
    """Of the same edges beyond the corners, the mean: `[n]`."""


def find_quadrilaterals(level: Lines, upright: Lines, width: int, height: int) -> Candidates:
    """The best supported quadrilaterals of the lines of a photograph of `width` x `height` px."""
    tops, bottoms = _pairs(level, MIN_SIDE * max(width, height))
    lefts, rights = _pairs(upright, MIN_SIDE * max(width, height))
    top, left = (grid.ravel() for grid in np.meshgrid(tops, lefts, indexing="ij"))
    bottom, right = (grid.ravel() for grid in np.meshgrid(bottoms, rights, indexing="ij"))
    crossing = _crossings(level.ends, upright.ends, width, height)  # [levels, uprights, 2]
    corners = np.stack(
        [crossing[top, left], crossing[top, right], crossing[bottom, right], crossing[bottom, left]], axis=1
    )
    keep = _plausible(corners, width, height)
    corners, top, bottom, left, right = corners[keep], top[keep], bottom[keep], left[keep], right[keep]
    along_x = np.asarray(corners[..., 0] / max(1, width - 1), np.float32)
    along_y = np.asarray(corners[..., 1] / max(1, height - 1), np.float32)
    sides = (
        (level, top, along_x[:, 0], along_x[:, 1]),
        (upright, right, along_y[:, 1], along_y[:, 2]),
        (level, bottom, along_x[:, 3], along_x[:, 2]),
        (upright, left, along_y[:, 0], along_y[:, 3]),
    )
    support = np.stack([lines.support(which, start, end) for lines, which, start, end in sides], axis=1)
    beyond = np.mean([_beyond(*side) for side in sides], axis=0) if len(corners) else np.zeros(0)
    quality = support.min(axis=1) + 0.5 * support.mean(axis=1) - 0.3 * beyond
    order = _distinct(corners, np.argsort(-quality, kind="stable")[: 8 * MAX_CANDIDATES], 0.015 * max(width, height))
    return Candidates(corners[order], support[order], np.asarray(beyond[order], np.float32))


def _pairs(lines: Lines, apart: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of lines of which the first lies so many pixels before the second, and nowhere far behind it."""
    offset = lines.ends[None] - lines.ends[:, None]  # [n, n, 2]
    first, second = np.nonzero((offset.mean(axis=2) >= apart) & (offset.min(axis=2) >= -apart))
    return first, second


def _crossings(level: Floats, upright: Floats, width: int, height: int) -> Floats:
    """Where each level line crosses each upright one: `[levels, uprights, 2]` pixels."""
    slope = (level[:, 1] - level[:, 0])[:, None] / max(1, width - 1)
    lean = (upright[:, 1] - upright[:, 0])[None] / max(1, height - 1)
    x = (upright[None, :, 0] + lean * level[:, :1]) / (1 - lean * slope)
    return np.stack([x, level[:, :1] + slope * x], axis=-1).astype(np.float32)


def _plausible(corners: Floats, width: int, height: int) -> NDArray[np.int64]:
    """Those in the photograph whose sides are long enough, and opposite ones alike."""
    x, y = corners[..., 0], corners[..., 1]
    inside = (x.min(axis=1) >= -MAX_OUTSIDE * width) & (x.max(axis=1) <= (1 + MAX_OUTSIDE) * width)
    inside &= (y.min(axis=1) >= -MAX_OUTSIDE * height) & (y.max(axis=1) <= (1 + MAX_OUTSIDE) * height)
    numbers = np.flatnonzero(inside)
    x, y = x[numbers], y[numbers]
    top, right, bottom, left = (
        np.hypot(x[:, a] - x[:, b], y[:, a] - y[:, b]) for a, b in ((0, 1), (1, 2), (2, 3), (3, 0))
    )
    shortest = np.minimum(np.minimum(top, bottom), np.minimum(left, right)) >= MIN_SIDE * max(width, height)
    alike = (np.minimum(top, bottom) >= (1 - MAX_CONVERGENCE) * np.maximum(top, bottom)) & (
        np.minimum(left, right) >= (1 - MAX_CONVERGENCE) * np.maximum(left, right)
    )
    clockwise = (y[:, 3] > y[:, 0]) & (y[:, 2] > y[:, 1]) & (x[:, 1] > x[:, 0]) & (x[:, 2] > x[:, 3])
    return np.asarray(numbers[shortest & alike & clockwise], np.int64)


def _distinct(corners: Floats, order: NDArray[np.int64], distance: float) -> NDArray[np.int64]:
    """The first `MAX_CANDIDATES` in an order, without those within a distance of an earlier one at all corners."""
    chosen: list[int] = []
    flat = corners.reshape(len(corners), 8)
    for number in order.tolist():
        if not chosen or np.abs(flat[chosen] - flat[number]).max(axis=1).min() > distance:
            chosen.append(number)
            if len(chosen) == MAX_CANDIDATES:
                break
    return np.array(chosen, np.int64)


def _beyond(lines: Lines, which: NDArray[np.int64], start: Floats, end: Floats) -> Floats:
    """The support of the edges just beyond both ends of a side; 0 where the photograph ends."""
    stretch = BEYOND * (end - start)
    margin = 0.2 * stretch
    before = lines.support(which, start - stretch, start - margin) * (start - stretch > 0)
    after = lines.support(which, end + margin, end + stretch) * (end + stretch < 1)
    return np.asarray((before + after) / 2)
