"""Duplicates: one picture in several files, whether re-saved, resized, cropped, mounted, photographed or mirrored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from painter_search.common.progress import track
from painter_search.images.duplicates.alignment import Agreement, compare_detail
from painter_search.images.duplicates.candidates import BLOCK_SIZE, Candidate, find_candidates
from painter_search.images.duplicates.sketch import PictureSketch
from painter_search.images.fingerprint import is_flat, same_picture, stack_fingerprints

Kind = Literal["same", "altered", "mirrored"]
"""How two pictures are duplicates: `same` by their fingerprints, `altered` or `mirrored` once aligned."""

MIN_CORRELATION = 0.57
"""Aligned pictures whose detail correlates above this are duplicates. Among 12,977 paintings, pairs that a person takes
for one picture or one composition reach 0.62 and more, pairs of different ones at most 0.52; 19 of 20 planted copies
reach 0.8."""
MIN_DETAIL = 0.02
"""Smallest share of a picture with detail that a likeness may rest on; a picture with less is blank."""


@dataclass(frozen=True)
class Duplicate:
    """Two pictures of a sequence, by their positions in it, that show the same."""

    first: int
    second: int
    kind: Kind
    likeness: float
    """1 if `same`; else how well their detail correlates once aligned, see `Agreement`."""
    without_margins: bool = False
    """Whether the margins of one or both were taken away before they were compared."""


def find_duplicates(sketches: Sequence[PictureSketch]) -> list[Duplicate]:
    """Find every pair of pictures that show the same.

    The sketches of all pairs are correlated, whole and without margins, also with one of the two mirrored. Pairs that
    correlate are compared by their fingerprints, then aligned: their detail has to agree, part by part.

    Args:
        sketches: One per picture.

    Returns:
        Each pair once, `first < second`, in order of position.
    """
    if not sketches:
        return []
    pairs = {(found.first, found.second): found for found in _duplicates_of_flat(sketches)}
    candidates = find_candidates(sketches)
    tracked = track(candidates, "Aligning pictures") if len(candidates) > BLOCK_SIZE else candidates
    for pair, ways in groupby(tracked, key=lambda candidate: (candidate.first, candidate.second)):
        if pair not in pairs and (duplicate := _confirm(sketches, list(ways))):
            pairs[pair] = duplicate
    return [pairs[pair] for pair in sorted(pairs)]


def shows_same_picture(one: PictureSketch, other: PictureSketch) -> bool | None:
    """Whether two files are of the very same picture: their fingerprints are the same, and they agree in detail.

    None if both are of the same colour and blank, so that nothing else can tell.
    """
    if not same_picture(one.fingerprint, stack_fingerprints([other.fingerprint]))[0]:
        return False
    greys = one.extents[0].detail, other.extents[0].detail
    if all(compare_detail(grey, grey).detail < MIN_DETAIL for grey in greys):
        return None
    return agree_in_detail(*greys)


def agree_in_detail(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two details, as of `Extent`, show one picture once aligned, in any light and with a little cut off."""
    return _agree(compare_detail(one, other))


def _duplicates_of_flat(sketches: Sequence[PictureSketch]) -> Iterator[Duplicate]:
    """Duplicates among pictures of almost one colour, which their sketches cannot tell apart."""
    fingerprints = stack_fingerprints([sketch.fingerprint for sketch in sketches])
    flat = is_flat(fingerprints)
    for first in np.flatnonzero(flat).tolist():
        for second in np.flatnonzero(same_picture(sketches[first].fingerprint, fingerprints)).tolist():
            is_new = second > first or (second < first and not flat[second])
            if is_new and shows_same_picture(sketches[first], sketches[second]) is not False:
                yield Duplicate(min(first, second), max(first, second), "same", 1.0)


def _confirm(sketches: Sequence[PictureSketch], candidates: Sequence[Candidate]) -> Duplicate | None:
    """The best of the ways in which two pictures, given by all candidates of the pair, are duplicates."""
    first, second = candidates[0].first, candidates[0].second
    one, other = sketches[first], sketches[second]
    if not candidates[0].mirrored and shows_same_picture(one, other):
        return Duplicate(first, second, "same", 1.0)
    found = []
    for candidate in candidates:
        one_extent, other_extent = one.extents[candidate.first_extent], other.extents[candidate.second_extent]
        detail = np.ascontiguousarray(one_extent.detail[:, ::-1]) if candidate.mirrored else one_extent.detail
        agreement = compare_detail(detail, other_extent.detail, candidate.placement)
        if _agree(agreement):
            kind: Kind = "mirrored" if candidate.mirrored else "altered"
            trimmed = one_extent.trimmed or other_extent.trimmed
            found.append(Duplicate(first, second, kind, agreement.correlation, trimmed))
    return max(found, key=lambda duplicate: duplicate.likeness, default=None)


def _agree(agreement: Agreement) -> bool:
    return agreement.correlation > MIN_CORRELATION and agreement.detail > MIN_DETAIL
