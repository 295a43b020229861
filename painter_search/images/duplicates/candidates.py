"""Pairs of pictures that may show the same: the sketches of all pairs are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from painter_search.common.progress import track
from painter_search.images.duplicates.alignment import Placement
from painter_search.images.duplicates.margins import find_ground
from painter_search.images.duplicates.sketch import DETAIL_SIDE, Extent, PictureSketch

SKETCH_SIDE = 12
"""All pairs are compared at 12 x 12 pixels of grey, without the coarsest greys: half of all landscapes share a bright
sky over dark ground."""
COARSE_SIGMA = 3.0
"""Standard deviation, in pixels of a sketch, of the Gaussian blur that gives its coarsest greys."""
WINDOW_SIDE = 59
WINDOWS = ((DETAIL_SIDE, 0, 0), *((WINDOW_SIDE, left, top) for left, top in ((2, 2), (0, 0), (5, 0), (0, 5), (5, 5))))
"""Side, left and top of the parts of an extent that are compared with another whole extent: itself and five windows,
92 % of each side, so that a picture and its crop match."""
MIN_SKETCH_CORRELATION = 0.72
"""Extents whose sketches correlate above this are aligned. Of 25 million pairs among 7,086 paintings one in 3,000 does;
of 600 planted copies 599 do when cropped by 8 % of their sides, 597 by 12 %, 529 by 16 %."""
MAX_ASPECT_DIFFERENCE = 0.35
"""Largest relative difference of the aspect ratios of two extents that are compared: a crop changes them."""
BLOCK_SIZE = 1024
"""Extents that are compared with all others at once; it changes memory and time, not the result."""


@dataclass(frozen=True)
class Candidate:
    """Two extents to align: positions of the pictures, numbers of their extents, and whether the first is mirrored."""

    first: int
    second: int
    mirrored: bool
    first_extent: int
    second_extent: int
    correlation: float
    """Correlation of the two sketches."""
    placement: Placement
    """Where the first extent, mirrored or not, lies in the second."""


def find_candidates(sketches: Sequence[PictureSketch]) -> list[Candidate]:
    """Pairs of extents of different pictures, `first < second`, whose sketches correlate, in order of position.

    Args:
        sketches: One per picture.
    """
    names = [(position, number) for position, sketch in enumerate(sketches) for number in range(len(sketch.extents))]
    extents = [sketches[position].extents[number] for position, number in names]
    pictures, aspects = np.array([position for position, _ in names]), np.log([extent.aspect for extent in extents])
    windows = _normalized_sketches(extents)
    whole = windows[0].reshape(len(extents), -1).T
    found: dict[tuple[int, int, bool, int, int], Candidate] = {}
    starts = range(0, len(extents), BLOCK_SIZE)
    for start in track(starts, "Comparing pictures") if len(starts) > 2 else starts:
        for mirrored in (False, True):
            for window, sketched in zip(WINDOWS, windows, strict=True):
                block = sketched[start : start + BLOCK_SIZE, :, :: -1 if mirrored else 1]
                correlations = block.reshape(len(block), -1) @ whole
                rows, others = np.nonzero(correlations > MIN_SKETCH_CORRELATION)
                values = correlations[rows, others]
                rows += start
                pairs = pictures[rows] != pictures[others]
                pairs &= np.abs(aspects[rows] - aspects[others]) < np.log1p(MAX_ASPECT_DIFFERENCE)
                for row, other, value in zip(*(array[pairs].tolist() for array in (rows, others, values)), strict=True):
                    (first, first_extent), (second, second_extent) = names[min(row, other)], names[max(row, other)]
                    key = (first, second, mirrored, first_extent, second_extent)
                    if key not in found or value > found[key].correlation:
                        found[key] = Candidate(*key, value, _placement(window, row < other, mirrored))
    return [found[key] for key in sorted(found)]


def _placement(window: tuple[int, int, int], of_first: bool, mirrored: bool) -> Placement:
    """Where the first extent lies in the second if a window of the one matches the other as a whole."""
    side, left, top = window
    if not of_first:
        return Placement(side / DETAIL_SIDE, left, top)
    left_mirrored = DETAIL_SIDE - side - left if mirrored else left
    return Placement(DETAIL_SIDE / side, -left_mirrored * DETAIL_SIDE / side, -top * DETAIL_SIDE / side)


def _normalized_sketches(extents: Sequence[Extent]) -> NDArray[np.float32]:
    """Sketches of each window of each extent, float32 `[windows, n, SKETCH_SIDE, SKETCH_SIDE]`, 0 in the even ground
    around a picture; with mean 0 and length 1, so that a dot product of two is their correlation."""
    sketches = np.empty((len(WINDOWS), len(extents), SKETCH_SIDE, SKETCH_SIDE), np.float32)
    for number, extent in enumerate(extents):
        ground = cv2.dilate(find_ground(extent.detail).astype(np.uint8), np.ones((3, 3), np.uint8))
        inside = 1 - ground.astype(np.float32)
        greys = extent.detail * inside
        for window, (side, left, top) in enumerate(WINDOWS):
            part = slice(top, top + side), slice(left, left + side)
            small, share = (
                cv2.resize(array[part], (SKETCH_SIDE, SKETCH_SIDE), interpolation=cv2.INTER_AREA)
                for array in (greys, inside)
            )
            coarse, coarse_share = (cv2.GaussianBlur(array, (0, 0), COARSE_SIGMA) for array in (small, share))
            sketch = small - share * coarse / np.maximum(coarse_share, 1e-3)
            sketches[window, number] = sketch - share * (sketch.sum() / max(share.sum(), 1e-3))
    return np.asarray(sketches / np.maximum(np.linalg.norm(sketches, axis=(2, 3), keepdims=True), 1e-6))
