"""Duplicates: one picture in several files, whether re-saved, resized, cropped, photographed again or mirrored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.common.progress import track
from painter_search.images.fingerprint import fingerprint, is_flat, same_picture, stack_fingerprints

Kind = Literal["same", "altered", "mirrored"]
"""How two pictures are duplicates: `same` by their fingerprints, `altered` or `mirrored` once aligned."""

DETAIL_SIDE = 64
"""Pictures are aligned at 64 x 64 pixels of grey."""
SKETCH_SIDE = 12
"""All pairs are compared at 12 x 12 pixels of grey, without the coarsest greys: half of all landscapes share a bright
sky over dark ground."""
WINDOWS = tuple(
    (slice(top, top + side), slice(left, left + side))
    for side, top, left in ((DETAIL_SIDE, 0, 0), (59, 2, 2), (59, 0, 0), (59, 0, 5), (59, 5, 0), (59, 5, 5))
)
"""A whole picture is compared with another one and with five windows of it, 92 % of each side, so that a picture and
its crop match."""
MIN_SKETCH_CORRELATION = 0.75
"""Pairs whose sketches correlate above this are aligned. Of six million pairs of different paintings one in 14,000
does; of 300 planted copies all do when cropped by 8 % of their sides, 98 % by 12 %, 80 % by 16 %."""
MIN_ALIGNED_CORRELATION = 0.85
"""Aligned pictures that correlate above this are duplicates. Among 5,326 paintings, pairs that a person takes for one
picture reach 0.87 and more, pairs of different ones at most 0.83; 19 of 20 planted copies reach 0.91."""
MAX_ASPECT_DIFFERENCE = 0.35
"""Largest relative difference of the aspect ratios of two pictures that are compared: a crop changes them."""
MAX_STRETCH = 0.35
"""Largest stretch or shrinkage, along any direction, that may align one picture with another."""
BLOCK_SIZE = 1024
"""Pictures whose sketches are compared with all others at once."""
ALIGNMENT_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
"""Alignment stops after 60 steps, or when the correlation rises by less than this."""


@dataclass(frozen=True)
class PictureSketch:
    """A picture reduced to what `find_duplicates` compares."""

    fingerprint: bytes
    detail: NDArray[np.uint8]
    """Greys `[DETAIL_SIDE, DETAIL_SIDE]`, whatever the aspect ratio."""
    width: int
    """Width of the picture in pixels."""
    height: int
    """Height of the picture in pixels."""

    @classmethod
    def from_image(cls, picture: Image.Image) -> PictureSketch:
        """The sketch of a whole picture, RGB, of any size."""
        grey = picture.convert("L").resize((DETAIL_SIDE, DETAIL_SIDE), Image.Resampling.BOX)
        return cls(fingerprint(picture), np.asarray(grey), picture.width, picture.height)

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.width / self.height


@dataclass(frozen=True)
class Duplicate:
    """Two pictures of a sequence, by their positions in it, that show the same."""

    first: int
    second: int
    kind: Kind
    likeness: float
    """1 if `same`, else the correlation of the two pictures once aligned."""


@dataclass(frozen=True)
class _Candidate:
    """A pair of pictures to align, by their positions, with the first mirrored or not."""

    first: int
    second: int
    mirrored: bool


def find_duplicates(sketches: Sequence[PictureSketch], block_size: int = BLOCK_SIZE) -> list[Duplicate]:
    """Find every pair of pictures that show the same.

    The sketches of all pairs are correlated, also with one of the two mirrored. Pairs that correlate are compared by
    their fingerprints (`same_picture`), then aligned (`aligned_correlation`).

    Args:
        sketches: One per picture.
        block_size: Pictures that are compared with all others at once; it changes memory and time, not the result.

    Returns:
        Each pair once, `first < second`, in order of position.
    """
    if not sketches:
        return []
    pairs: dict[tuple[int, int], Duplicate] = {}
    for duplicate in [*_duplicates_of_flat(sketches), *_duplicates_by_sketch(sketches, block_size)]:
        pair = (duplicate.first, duplicate.second)
        if pair not in pairs or (pairs[pair].kind != "same" and duplicate.likeness > pairs[pair].likeness):
            pairs[pair] = duplicate
    return [pairs[pair] for pair in sorted(pairs)]


def aligned_correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Correlation of two pictures, greys `[DETAIL_SIDE, DETAIL_SIDE]`, once the second is aligned with the first.

    The affine map maximises the enhanced correlation coefficient (Evangelidis and Psarakis, 2008). The correlation is
    that of a band of spatial frequencies, without the finest and the coarsest greys. 0 if no map is found, or only one
    that stretches by more than `MAX_STRETCH`.
    """
    try:
        _, warp = cv2.findTransformECC(one, other, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, ALIGNMENT_STOP)
    except cv2.error:  # does not converge: the two have nothing in common
        return 0.0
    warp = np.asarray(warp)
    stretches = np.linalg.svd(warp[:, :2], compute_uv=False)
    if np.abs(np.log(np.maximum(stretches, 1e-6))).max() > np.log1p(MAX_STRETCH):
        return 0.0
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shared = cv2.warpAffine(np.ones_like(other), warp, (DETAIL_SIDE, DETAIL_SIDE), flags=flags) > 0
    if shared.mean() < 1 / (1 + MAX_STRETCH) ** 2:
        return 0.0
    moved = cv2.warpAffine(_band_pass(other, 1, 6), warp, (DETAIL_SIDE, DETAIL_SIDE), flags=flags)
    return float(np.corrcoef(_band_pass(one, 1, 6)[shared], moved[shared])[0, 1])


def _duplicates_of_flat(sketches: Sequence[PictureSketch]) -> Iterator[Duplicate]:
    """Duplicates among pictures of almost one colour, which only that colour tells apart."""
    fingerprints = stack_fingerprints([sketch.fingerprint for sketch in sketches])
    flat = is_flat(fingerprints)
    for first in np.flatnonzero(flat).tolist():
        for second in np.flatnonzero(same_picture(sketches[first].fingerprint, fingerprints)).tolist():
            if second > first or (second < first and not flat[second]):
                yield Duplicate(min(first, second), max(first, second), "same", 1.0)


def _duplicates_by_sketch(sketches: Sequence[PictureSketch], block_size: int) -> Iterator[Duplicate]:
    candidates = sorted(
        _find_candidates(sketches, block_size), key=lambda pair: (pair.first, pair.second, pair.mirrored)
    )
    for candidate in track(candidates, "Aligning pictures") if len(candidates) > BLOCK_SIZE else candidates:
        if duplicate := _confirm(sketches, candidate):
            yield duplicate


def _find_candidates(sketches: Sequence[PictureSketch], block_size: int) -> set[_Candidate]:
    """Pairs whose sketches correlate, with or without one of the two mirrored."""
    aspects = np.log([sketch.aspect for sketch in sketches])
    details = [sketch.detail for sketch in sketches]
    windows = [_normalized_sketches(details, window) for window in WINDOWS]
    whole = windows[0].reshape(len(sketches), -1).T
    candidates: set[_Candidate] = set()
    starts = range(0, len(sketches), block_size)
    for start in track(starts, "Comparing pictures") if len(starts) > 2 else starts:
        rows = slice(start, start + block_size)
        for mirrored in (False, True):
            for window in windows:
                block = window[rows, :, ::-1] if mirrored else window[rows]
                correlations = block.reshape(len(block), -1) @ whole
                row, other = np.divmod(np.flatnonzero(correlations.ravel() > MIN_SKETCH_CORRELATION), len(sketches))
                row += start
                pairs = (row != other) & (np.abs(aspects[row] - aspects[other]) < np.log1p(MAX_ASPECT_DIFFERENCE))
                for first, second in zip(row[pairs].tolist(), other[pairs].tolist(), strict=True):
                    candidates.add(_Candidate(min(first, second), max(first, second), mirrored))
    return candidates


def _confirm(sketches: Sequence[PictureSketch], pair: _Candidate) -> Duplicate | None:
    one, other = sketches[pair.first], sketches[pair.second]
    if not pair.mirrored and same_picture(one.fingerprint, stack_fingerprints([other.fingerprint]))[0]:
        return Duplicate(pair.first, pair.second, "same", 1.0)
    detail = np.ascontiguousarray(one.detail[:, ::-1]) if pair.mirrored else one.detail
    likeness = aligned_correlation(detail, other.detail)
    if likeness <= MIN_ALIGNED_CORRELATION:
        return None
    return Duplicate(pair.first, pair.second, "mirrored" if pair.mirrored else "altered", likeness)


def _normalized_sketches(details: Sequence[NDArray[np.uint8]], window: tuple[slice, slice]) -> NDArray[np.float32]:
    """Sketches `[n, SKETCH_SIDE, SKETCH_SIDE]` of a window of each picture, with mean 0 and length 1, so that a dot
    product of two is their correlation."""
    sketches = np.empty((len(details), SKETCH_SIDE, SKETCH_SIDE), np.float32)
    for i, detail in enumerate(details):
        small = cv2.resize(detail[window].astype(np.float32), (SKETCH_SIDE, SKETCH_SIDE), interpolation=cv2.INTER_AREA)
        sketches[i] = small - cv2.GaussianBlur(small, (0, 0), 3)
    sketches -= sketches.mean(axis=(1, 2), keepdims=True)
    return np.asarray(sketches / np.maximum(np.linalg.norm(sketches, axis=(1, 2), keepdims=True), 1e-6))


def _band_pass(greys: NDArray[np.uint8], fine_sigma: float, coarse_sigma: float) -> NDArray[np.float32]:
    """The greys between two Gaussian blurs, whose standard deviations are given in pixels."""
    floats = greys.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(floats, (0, 0), fine_sigma) - cv2.GaussianBlur(floats, (0, 0), coarse_sigma))
