"""Whether two pictures agree in detail once one is laid over the other."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from painter_search.images.duplicates.margins import find_ground

MAX_STRETCH = 0.35
"""Largest stretch or shrinkage, along any direction, that may align one picture with another."""
MIN_SHARED = 1 / (1 + MAX_STRETCH) ** 2
"""Smallest share of the one picture that the other has to cover."""
ALIGNMENT_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
"""Alignment stops after 60 steps, or when the correlation rises by less than this."""
WARP_FLAGS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
DETAIL_SIGMAS = (0.7, 2.0)
"""Detail lies between two Gaussian blurs of these standard deviations, in pixels: lines and brushwork, not the masses
of light and dark that many paintings share."""
LOCAL_SIGMA = 3.0
"""Standard deviation, in pixels, of the Gaussian weights with which detail is correlated around each pixel."""
EDGE = 4
"""Pixels beside the even ground around a picture that do not count: its outline is no detail inside."""
NOISE = 1.5
"""Standard deviation of detail (0 to 255) that weighs half, as compression may have made it."""
QUANTILE = 0.25
"""A quarter of the detail may agree less: in another impression or state, under a reflection, or inside a shape that
the two merely share."""


class Placement(NamedTuple):
    """Where one picture lies in another, as far as is known: a point at `p` is at `scale * p + (x, y)`, in pixels."""

    scale: float = 1
    x: float = 0
    y: float = 0


class Agreement(NamedTuple):
    """How far two aligned pictures agree."""

    correlation: float
    """Three quarters of the detail correlate by at least this, each part by itself; -1 to 1."""
    detail: float
    """Share of the picture that has detail in both, 0 to 1."""


NO_AGREEMENT = Agreement(0, 0)
IN_PLACE = Placement()


def compare_detail(one: NDArray[np.uint8], other: NDArray[np.uint8], placement: Placement = IN_PLACE) -> Agreement:
    """How far two pictures agree, greys of the same shape `[h, w]`, once the second is aligned with the first.

    The affine map maximises the enhanced correlation coefficient (Evangelidis and Psarakis, 2008), from a first
    placement on. Then detail is correlated around each pixel, so that no strong contour outweighs the rest, and without
    the even ground around either picture. There is no agreement if no map is found, or one that stretches by more than
    `MAX_STRETCH`.
    """
    warp = _align(one, other, placement)
    if warp is None:
        return NO_AGREEMENT
    shape = (one.shape[1], one.shape[0])
    shared = cv2.warpAffine(np.ones_like(other), warp, shape, flags=WARP_FLAGS) > 0
    if shared.mean() < MIN_SHARED:
        return NO_AGREEMENT
    moved = cv2.warpAffine(other, warp, shape, flags=WARP_FLAGS, borderMode=cv2.BORDER_REPLICATE)
    moved_ground = cv2.warpAffine(find_ground(other).astype(np.uint8), warp, shape, flags=WARP_FLAGS)
    ground = np.maximum(find_ground(one), moved_ground).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * EDGE + 1, 2 * EDGE + 1))
    inside = shared & (cv2.dilate(ground, disc) == 0)
    return _local_agreement(_detail(one), _detail(np.asarray(moved)), inside.astype(np.float32))


def _align(one: NDArray[np.uint8], other: NDArray[np.uint8], placement: Placement) -> NDArray[np.float32] | None:
    """The affine map from the one to the other, `[2, 3]`; None if there is none within `MAX_STRETCH`."""
    scale, x, y = placement
    start = np.array([[scale, 0, x], [0, scale, y]], np.float32)
    try:
        _, found = cv2.findTransformECC(one, other, start, cv2.MOTION_AFFINE, ALIGNMENT_STOP)
    except cv2.error:  # does not converge: the two have nothing in common
        return None
    warp: NDArray[np.float32] = np.asarray(found, np.float32)
    stretches = np.linalg.svd(warp[:, :2], compute_uv=False)
    return None if np.abs(np.log(np.maximum(stretches, 1e-6))).max() > np.log1p(MAX_STRETCH) else warp


def _detail(greys: NDArray[np.uint8]) -> NDArray[np.float32]:
    floats = greys.astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(floats, (0, 0), sigma) for sigma in DETAIL_SIGMAS)
    return np.asarray(fine - coarse)


def _local_agreement(one: NDArray[np.float32], other: NDArray[np.float32], inside: NDArray[np.float32]) -> Agreement:
    """The agreement of two arrays of detail `[h, w]` where `inside` is 1 and not 0."""
    weights = np.maximum(cv2.GaussianBlur(inside, (0, 0), LOCAL_SIGMA), 1e-3)
    ones, others, products = (
        cv2.GaussianBlur(product * inside, (0, 0), LOCAL_SIGMA) / weights
        for product in (one * one, other * other, one * other)
    )
    contrast = np.sqrt(ones * others)  # grey levels squared, as the products are
    detail = inside * contrast / (contrast + NOISE**2)
    correlations = (products / (contrast + NOISE**2 / 4)).ravel()
    order = np.argsort(correlations)
    below = np.cumsum(detail.ravel()[order])
    quantile = min(int(np.searchsorted(below, QUANTILE * below[-1])), len(order) - 1)
    return Agreement(float(correlations[order[quantile]]), float(detail.mean()))
