"""Finding the painting in a photograph of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from painter_search.images.photographs.evidence import gather_evidence
from painter_search.images.photographs.frame_edges import picture_box
from painter_search.images.photographs.lab import to_lab
from painter_search.images.photographs.lines import Floats, edge_strengths, find_segments, level_lines
from painter_search.images.photographs.quadrilaterals import Candidates, find_quadrilaterals
from painter_search.images.photographs.rectify import aspect_ratio, rectified_size, rectify, to_rectangle
from painter_search.images.photographs.sureness import POSSIBLE, sureness, with_frame
from painter_search.images.photographs.wall import distance_from_wall, outline_segments, smooth

SIDE = 400
"""Long side in pixels of the copy in which outlines are looked for."""
QUICK_SIDE, QUICK_SURENESS = 240, 0.005
"""A copy of this long side is looked at first, and coarsely; below this sureness nothing more is done. Of 200 composed
photographs of training works that ends the search in none whose painting would have been found, and in 280 of 300
plain reproductions."""
FRAME_SIDE = 300
"""Long side in pixels of the rectified outline in which frames are looked for."""
MIN_SIDE = 32
"""Short side in pixels from which on anything is looked for."""
NEARLY = 0.5
"""Odds of an outline around the surest one, as a share of that one's, from which on it is preferred."""
FRAME_SUPPORT, MIN_FRAME = 0.7, 0.02
"""How well the inner edge of a frame must show to speak for a painting, and its width, as a share of the outline."""


@dataclass(frozen=True)
class FoundPainting:
    """A painting in a photograph."""

    corners: Floats
    """`[4, 2]` pixels of the photograph, x and y, clockwise from the top left."""
    sureness: float
    """How sure it is that the painting, or its frame, was found, 0 to 1."""


@dataclass(frozen=True)
class Outlines:
    """Quadrilaterals that may be a painting's outline, with what speaks for each."""

    candidates: Candidates
    """In pixels of the shrunken copy."""
    evidence: Floats
    """`[n, len(NAMES)]`."""
    scale: float
    """Pixels of the copy to a pixel of the photograph."""


def find_painting(pixels: NDArray[np.uint8]) -> FoundPainting | None:
    """Find the painting in a photograph, without its frame and passe-partout; None if it shows none, most likely.

    Args:
        pixels: The upright photograph, RGB uint8 `[height, width, 3]`.

    Returns:
        What is likeliest to be the painting, unless that is less than `POSSIBLE`; see `sureness.py`.
    """
    if min(pixels.shape[:2]) < MIN_SIDE:
        return None
    quick = sureness(find_outlines(pixels, QUICK_SIDE, reductions=(2,)).evidence)
    if quick.max(initial=0) < QUICK_SURENESS:
        return None
    outlines = find_outlines(pixels)
    sure = sureness(outlines.evidence)
    if with_frame(float(sure.max(initial=0))) < POSSIBLE:
        return None
    best = _outermost(outlines.candidates.corners, sure)
    outline = (outlines.candidates.corners[best] / outlines.scale).astype(np.float32)
    corners, is_framed = _without_frame(pixels, outline)
    return FoundPainting(corners, with_frame(float(sure[best])) if is_framed else float(sure[best]))


def _outermost(corners: Floats, sure: Floats) -> int:
    """The largest of the candidates around the surest one that are nearly as sure: the frame is taken off later."""
    best = int(sure.argmax())
    odds = sure / np.maximum(1e-9, 1 - sure)
    size = float(np.sqrt(cv2.contourArea(corners[best])))
    around = [
        number
        for number in np.flatnonzero(odds >= NEARLY * odds[best]).tolist()
        if all(cv2.pointPolygonTest(corners[number], tuple(map(float, c)), True) >= -0.03 * size for c in corners[best])
    ]
    return max(around, key=lambda number: float(cv2.contourArea(corners[number])))


def find_outlines(pixels: NDArray[np.uint8], side: int = SIDE, reductions: Sequence[int] = (1, 2)) -> Outlines:
    """Look for outlines in a photograph.

    Args:
        pixels: RGB uint8 `[height, width, 3]`.
        side: Long side in pixels of the copy that is looked at.
        reductions: By how much the copy is reduced to find line segments in it.
    """
    scale = min(1.0, side / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    lab8 = smooth(to_lab(np.asarray(small, np.uint8)))
    lab = lab8.astype(np.float32)
    wall, spread = distance_from_wall(lab)
    level_strength, upright_strength = edge_strengths(
        np.asarray(cv2.GaussianBlur(np.dstack([lab, wall]), (0, 0), 1.2), np.float32)
    )
    greys = [np.ascontiguousarray(lab8[..., 0]), np.clip(2 * wall, 0, 255).astype(np.uint8)]
    segments = []
    for by in reductions:
        reduced = (cv2.resize(grey, None, fx=1 / by, fy=1 / by, interpolation=cv2.INTER_AREA) for grey in greys)
        segments.append(by * find_segments([np.asarray(grey, np.uint8) for grey in reduced]) + (by - 1) / 2)
    segments.append(outline_segments(wall, float(np.median(spread))))
    joined = np.concatenate(segments)
    level = level_lines(joined, level_strength)
    upright = level_lines(joined[:, [1, 0, 3, 2]], np.ascontiguousarray(upright_strength.T))
    candidates = find_quadrilaterals(level, upright, *size)
    return Outlines(candidates, gather_evidence(candidates, lab, wall, spread), scale)


def _without_frame(pixels: NDArray[np.uint8], outline: Floats) -> tuple[Floats, bool]:
    """The corners of the picture inside an outline, and whether there is a frame or passe-partout around it."""
    height, width = pixels.shape[:2]
    size = rectified_size(outline, aspect_ratio(outline, width, height), FRAME_SIDE)
    lab = to_lab(rectify(pixels, outline, *size)).astype(np.float32)
    box, support = picture_box(lab)
    rest = min(box.width / size[0], box.height / size[1])
    corners = np.array(
        [[[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]], np.float64
    )
    back = np.linalg.inv(to_rectangle(outline, *size))
    is_framed = support >= FRAME_SUPPORT and rest <= 1 - 2 * MIN_FRAME
    return np.asarray(cv2.perspectiveTransform(corners, back)[0], np.float32), is_framed
