"""Long straight edges of a photograph: line segments, joined to lines, with how far each is supported by an edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MAX_TILT = 40.0
"""Degrees from upright or level up to which an edge may be a side of the painting."""
MAX_LINES = 18
"""Lines kept of each direction, those with the longest supported runs."""
MIN_SEGMENT = 0.035
"""Shortest line segment used, as a share of the photograph's long side."""
SAMPLES = 200
"""Points at which the support of a line is measured."""
JOIN_DISTANCE = 3.0
"""Lines whose ends at the photograph's borders both lie within so many pixels are one line."""


@dataclass(frozen=True)
class Lines:
    """Lines across a photograph in one direction, near level or near upright.

    A level line is given by its heights at the left and the right border, an upright one by its places at the top and
    the bottom border.
    """

    ends: Floats
    """`[n, 2]` pixels."""
    run: Floats
    """The length of the longest supported run of each, as a share of the line: `[n]`."""
    sums: Floats
    """Cumulated support of each along the photograph, `[n, SAMPLES + 1]`; a wholly supported line ends at 1."""

    def support(self, which: NDArray[np.int64], start: Floats, end: Floats) -> Floats:
        """The mean support, 0 to 1, of lines between two places along them, 0 to 1 each: `[m]`."""
        low, high = (np.clip(place, 0, 1) for place in (np.minimum(start, end), np.maximum(start, end)))
        length = np.maximum(high - low, 1 / SAMPLES)
        return np.asarray((self._cumulated(which, high) - self._cumulated(which, low)) / length, np.float32)

    def _cumulated(self, which: NDArray[np.int64], place: Floats) -> Floats:
        position = place * SAMPLES
        lower = np.minimum(position.astype(np.int64), SAMPLES - 1)
        part = position - lower
        return np.asarray(self.sums[which, lower] * (1 - part) + self.sums[which, lower + 1] * part)


def edge_strengths(channels: Floats) -> tuple[Floats, Floats]:
    """How strong edges are at each pixel, 0 to 1, level and upright ones: `[height, width]` each.

    An edge as strong as the photograph's usual change from pixel to pixel counts little, one several times as strong
    counts fully, in the channel that shows it best.

    Args:
        channels: The photograph's channels, float32 `[height, width, channels]`.
    """
    strengths = []
    for across, down in ((0, 1), (1, 0)):
        strongest = np.zeros(channels.shape[:2], np.float32)
        for number in range(channels.shape[2]):
            gradient = cv2.Scharr(np.ascontiguousarray(channels[..., number]), cv2.CV_32F, across, down)
            np.maximum(strongest, np.abs(gradient) / 32, out=strongest)
        usual = max(1.0, float(np.median(strongest[::3, ::3])))
        strengths.append(np.clip((strongest - usual) / (4 + 2 * usual), 0, 1))
    return strengths[0], strengths[1]


def find_segments(images: Sequence[NDArray[np.uint8]]) -> Floats:
    """Line segments of grey images: x, y of both ends, `[n, 4]` pixels."""
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE, scale=1.0)
    found = [detector.detect(cv2.GaussianBlur(image, (0, 0), 1.0))[0] for image in images]
    kept = [segments.reshape(-1, 4) for segments in found if segments is not None]
    return np.concatenate(kept) if kept else np.zeros((0, 4), np.float32)


def level_lines(segments: Floats, strength: Floats) -> Lines:
    """The lines of segments that are nearer to level than `MAX_TILT`.

    For upright ones pass segments with x and y exchanged, and the transposed strength.

    Args:
        segments: x, y of both ends, `[n, 4]` pixels.
        strength: How strong level edges are at each pixel, 0 to 1: `[height, width]`.
    """
    height, width = strength.shape
    offset = segments[:, 2:] - segments[:, :2]
    length = np.hypot(offset[:, 0], offset[:, 1])
    long = length >= MIN_SEGMENT * max(height, width)
    level = np.abs(offset[:, 1]) <= np.tan(np.radians(MAX_TILT)) * np.abs(offset[:, 0])
    kept = segments[long & level]
    order = np.argsort(-length[long & level], kind="stable")[:150]
    kept = kept[order]
    if not len(kept):
        return Lines(np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros((0, SAMPLES + 1), np.float32))
    ends = _ends(kept, width)
    support = _sample(strength, ends)
    run = _longest_run(support)
    chosen: list[int] = []
    near = np.abs(ends[:, None] - ends[None]).max(axis=2) <= JOIN_DISTANCE
    free = np.ones(len(ends), bool)
    for number in np.argsort(-run, kind="stable").tolist():
        if free[number]:
            chosen.append(number)
            free &= ~near[number]
            if len(chosen) == MAX_LINES:
                break
    sums = np.zeros((len(chosen), SAMPLES + 1), np.float32)
    np.cumsum(support[chosen] / SAMPLES, axis=1, out=sums[:, 1:])
    return Lines(ends[chosen], run[chosen], sums)


def _ends(segments: Floats, width: int) -> Floats:
    slope = (segments[:, 3] - segments[:, 1]) / (segments[:, 2] - segments[:, 0])
    left = segments[:, 1] - slope * segments[:, 0]
    return np.stack([left, left + slope * (width - 1)], axis=1).astype(np.float32)


def _sample(strength: Floats, ends: Floats) -> Floats:
    """The strength along each line, the best of three neighbouring pixels: `[n, SAMPLES]`."""
    thick = cv2.dilate(strength, np.ones((3, 1), np.uint8))
    along = (np.arange(SAMPLES, dtype=np.float32) + 0.5) / SAMPLES
    x = np.broadcast_to(along * (strength.shape[1] - 1), (len(ends), SAMPLES)).astype(np.float32)
    y = (ends[:, :1] * (1 - along) + ends[:, 1:] * along).astype(np.float32)
    return np.asarray(
        cv2.remap(thick, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0), np.float32
    )


def _longest_run(support: Floats) -> Floats:
    """The largest sum of support above a third over any stretch of the line, as a share of it: `[n]`."""
    total = np.cumsum(support - 0.33, axis=1, dtype=np.float64)
    lowest_before = np.minimum.accumulate(np.pad(total, ((0, 0), (1, 0)))[:, :-1], axis=1)
    return np.asarray(np.maximum(0, (total - lowest_before).max(axis=1)) / support.shape[1], np.float32)
