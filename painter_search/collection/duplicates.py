"""One picture in several files: re-saved or resized, cropped or photographed otherwise, mirrored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.collection.fingerprint import fingerprint, is_flat, same_picture, stack_fingerprints
from painter_search.progress import track

Kind = Literal["same", "altered", "mirrored"]

DETAIL = 64
"""Pictures are laid over one another at 64 x 64 pixels of grey."""
SKETCH = 12
"""All pairs are compared at 12 x 12 pixels of grey, from which the coarsest greys are taken away: a bright sky over
a dark ground is common to half of all landscapes, and says nothing."""
WINDOWS = tuple(
    (slice(top, top + side), slice(left, left + side))
    for side, top, left in ((DETAIL, 0, 0), (59, 2, 2), (59, 0, 0), (59, 0, 5), (59, 5, 0), (59, 5, 5))
)
"""The whole of one picture is compared with the whole of another and with five windows of it, 92 % of either side, so
that a picture and a crop of it find one another."""
CANDIDATE = 0.75
"""Correlation of two sketches above which the pictures are laid over one another. Of six million pairs of different
paintings one in 14,000 comes up; of 300 pictures planted again, cropped by 8 % of their sides, every one does, by 12 %
98 %, by 16 % 80 %."""
ALIGNED = 0.85
"""Correlation of two pictures laid over one another above which they are one. Of 5,326 paintings, pairs that a person
takes for one picture reach 0.87 and more, and pairs of different ones 0.83 at the most; the pictures planted again 0.91
and more, nineteen times of twenty."""
ASPECT = 0.35
"""Relative difference of the aspect ratios up to which two are compared: a crop changes them."""
STRETCH = 0.35
"""The most that one may have to be stretched or shrunk along any direction to lie over the other."""
BLOCK = 1024
"""Pictures that are compared with all others at once."""
STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
"""Where laying over ends: after 60 steps, or when the correlation gains less than this."""


@dataclass(frozen=True)
class Look:
    """What is kept of a picture to know it again."""

    mark: bytes
    """Its fingerprint."""
    detail: NDArray[np.uint8]
    """Its greys, `[DETAIL, DETAIL]`, whatever its aspect ratio."""
    width: int
    height: int
    """Size of the picture that was looked at, in pixels."""

    @classmethod
    def at(cls, picture: Image.Image) -> Look:
        """Look at a whole picture, RGB, at any size."""
        grey = picture.convert("L").resize((DETAIL, DETAIL), Image.Resampling.BOX)
        return cls(fingerprint(picture), np.asarray(grey), picture.width, picture.height)

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.width / self.height


@dataclass(frozen=True)
class Repeat:
    """Two pictures of a list, by their places in it, that show the same."""

    first: int
    second: int
    kind: Kind
    likeness: float
    """Correlation, at most 1: of the fingerprints where `same`, else of the two laid over one another."""


def find_repeats(looks: Sequence[Look]) -> list[Repeat]:
    """Every pair of pictures that show the same, each pair once, in order of their places.

    Sketches of all pairs are correlated, a block at a time; pairs that are alike, also with one of the two mirrored,
    are looked at closely: `same` is what `same_picture` says of the fingerprints, the others are laid over one
    another (`align`).
    """
    if not looks:
        return []
    found: dict[tuple[int, int], Repeat] = {}
    for repeat in [*_repeats_among_flat(looks), *_repeats_among_others(looks)]:
        pair = (repeat.first, repeat.second)
        if pair not in found or (found[pair].kind != "same" and repeat.likeness > found[pair].likeness):
            found[pair] = repeat
    return [found[pair] for pair in sorted(found)]


def align(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How well two pictures of greys `[DETAIL, DETAIL]` correlate once the second is laid over the first.

    The affine map is found by maximising the enhanced correlation coefficient (Evangelidis and Psarakis, 2008); what
    is correlated then is neither the finest nor the coarsest of their greys. 0 where no map is found, or only one
    that stretches by more than `STRETCH`.
    """
    try:
        _, warp = cv2.findTransformECC(one, other, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, STEPS)
    except cv2.error:  # It does not converge: the two have nothing in common.
        return 0.0
    warp = np.asarray(warp)
    stretches = np.linalg.svd(warp[:, :2], compute_uv=False)
    if np.abs(np.log(np.maximum(stretches, 1e-6))).max() > np.log1p(STRETCH):
        return 0.0
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shared = cv2.warpAffine(np.ones_like(other), warp, (DETAIL, DETAIL), flags=how) > 0
    if shared.mean() < 1 / (1 + STRETCH) ** 2:
        return 0.0
    moved = cv2.warpAffine(_without_coarse(other, 1, 6), warp, (DETAIL, DETAIL), flags=how)
    return float(np.corrcoef(_without_coarse(one, 1, 6)[shared], moved[shared])[0, 1])


def _repeats_among_flat(looks: Sequence[Look]) -> Iterator[Repeat]:
    """Pictures of next to nothing are told by their colour alone."""
    marks = stack_fingerprints([look.mark for look in looks])
    flat = is_flat(marks)
    for first in np.flatnonzero(flat).tolist():
        for second in np.flatnonzero(same_picture(looks[first].mark, marks)).tolist():
            if second > first or (second < first and not flat[second]):
                yield Repeat(min(first, second), max(first, second), "same", 1.0)


def _repeats_among_others(looks: Sequence[Look]) -> Iterator[Repeat]:
    candidates = sorted(_candidates(looks))
    for first, second, flipped in track(candidates, "Laying over") if len(candidates) > BLOCK else candidates:
        if repeat := _confirm(looks, first, second, flipped):
            yield repeat


def _candidates(looks: Sequence[Look]) -> set[tuple[int, int, bool]]:
    """Pairs whose sketches are alike, and whether with one of them mirrored."""
    aspects = np.log([look.aspect for look in looks])
    details = [look.detail for look in looks]
    windows = [_sketches(details, window) for window in WINDOWS]
    whole = windows[0].reshape(len(looks), -1).T
    found: set[tuple[int, int, bool]] = set()
    starts = range(0, len(looks), BLOCK)
    for start in track(starts, "Comparing") if len(starts) > 2 else starts:
        rows = slice(start, start + BLOCK)
        for flipped in (False, True):
            for window in windows:
                turned = window[rows, :, ::-1] if flipped else window[rows]
                likeness = turned.reshape(len(turned), -1) @ whole
                row, other = np.divmod(np.flatnonzero(likeness.ravel() > CANDIDATE), len(looks))
                row += start
                pairs = (row != other) & (np.abs(aspects[row] - aspects[other]) < np.log1p(ASPECT))
                for first, second in zip(row[pairs].tolist(), other[pairs].tolist(), strict=True):
                    found.add((min(first, second), max(first, second), flipped))
    return found


def _confirm(looks: Sequence[Look], first: int, second: int, flipped: bool) -> Repeat | None:
    one, other = looks[first], looks[second]
    if not flipped and same_picture(one.mark, stack_fingerprints([other.mark]))[0]:
        return Repeat(first, second, "same", 1.0)
    likeness = align(np.ascontiguousarray(one.detail[:, ::-1]) if flipped else one.detail, other.detail)
    return Repeat(first, second, "mirrored" if flipped else "altered", likeness) if likeness > ALIGNED else None


def _sketches(details: Sequence[NDArray[np.uint8]], window: tuple[slice, slice]) -> NDArray[np.float32]:
    """Sketches `[n, SKETCH, SKETCH]` of windows of pictures, each without its mean and of length 1, so that a product
    of two is their correlation."""
    made = np.empty((len(details), SKETCH, SKETCH), np.float32)
    for place, detail in enumerate(details):
        small = cv2.resize(detail[window].astype(np.float32), (SKETCH, SKETCH), interpolation=cv2.INTER_AREA)
        made[place] = small - cv2.GaussianBlur(small, (0, 0), 3)
    made -= made.mean(axis=(1, 2), keepdims=True)
    return np.asarray(made / np.maximum(np.linalg.norm(made, axis=(1, 2), keepdims=True), 1e-6))


def _without_coarse(greys: NDArray[np.uint8], finest: float, coarsest: float) -> NDArray[np.float32]:
    floats = greys.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(floats, (0, 0), finest) - cv2.GaussianBlur(floats, (0, 0), coarsest))
