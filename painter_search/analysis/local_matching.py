"""Local matching: which parts of one painting resemble which parts of another, by the encoder's feature maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.inference.onnx_export import OnnxEncoder
from painter_search.encoder.views import STRIDE, to_pixels
from painter_search.images.framing import open_frame
from painter_search.index.painting_index import PaintingIndex

Point = tuple[float, float]
"""A position in a picture: shares of the width and the height, from the left and the top."""
Grid = NDArray[np.float32]

MAX_PAIRS = 5
"""Matching parts that are pointed out; nobody looks at more than a few."""
MIN_SEPARATION = 0.22
"""Smallest distance between the centres of two parts of a picture, as a share of its sides."""
EDGE = 1
"""Outermost locations that are left out: there a network sees the end of the picture, which all pictures share."""
NEIGHBOURHOOD = 10
"""Nearest locations over which a location's hubness is measured (Conneau et al., Word translation without parallel
data, 2018)."""
LOW_QUANTILE, HIGH_QUANTILE = 0.4, 0.95
"""Quantiles of the match strengths of both pictures that become 0 and 1 in the maps."""


@dataclass(frozen=True)
class PartPair:
    """A part of one painting and the part of the other that resembles it."""

    one: Point
    """Centre of the part in the one painting."""
    other: Point
    """Centre of the part in the other painting."""
    similarity: float
    """Cosine similarity of the encoder's features there, -1 to 1."""


@dataclass(frozen=True)
class MatchingParts:
    """Two paintings and what in them is alike."""

    maps: tuple[Grid, Grid]
    """How well each pixel of the one, and of the other, is matched somewhere in the other picture: float32 `[h, w]` in
    the size of the pictures, 0 to 1. Both share one scale, from medium to the best matches between these two pictures,
    however alike they are."""
    pairs: tuple[PartPair, ...]
    """Parts that are each other's best match, best first, and lie apart in both pictures."""


def match_parts_in(index: PaintingIndex, one: bytes, other: bytes) -> MatchingParts | None:
    """`match_parts` by the encoder of an index; None where it has no encoder."""
    return None if index.encoder_digest is None else match_parts(index.encoder, one, other)


def match_parts(encoder: OnnxEncoder, one: bytes, other: bytes) -> MatchingParts | None:
    """Find the parts that two paintings, given as JPEG files, have in common; thumbnails suffice.

    Each picture is squeezed whole into the encoder's square. Returns None if the encoder has no feature maps (see
    `OnnxEncoder.feature_maps`), or too small ones.
    """
    pictures = [open_frame(one), open_frame(other)]
    side = matching_side(encoder.config)
    views = [to_pixels(picture.resize((side, side), Image.Resampling.BICUBIC)) for picture in pictures]
    stages = encoder.feature_maps(np.stack(views))
    if not stages:
        return None
    if stages[len(stages) // 2].shape[2] <= 2 * EDGE:  # nothing is left without the edge
        return None
    features = local_features(stages)
    count = features.shape[1]
    one_features, other_features = features.reshape(2, count * count, -1)
    similarity = one_features @ other_features.T
    scores = csls_similarity(similarity)
    best = smooth(np.stack([scores.max(axis=1), scores.max(axis=0)]).reshape(2, count, count))
    low, high = np.quantile(best, [LOW_QUANTILE, HIGH_QUANTILE])
    one_map, other_map = (
        enlarge((grid - low) / max(high - low, 1e-6), picture.size)
        for grid, picture in zip(best, pictures, strict=True)
    )
    return MatchingParts((one_map, other_map), tuple(strongest_pairs(similarity, scores, count)))


def matching_side(config: EncoderConfig) -> int:
    """Side in pixels of the square in which parts are matched.

    An encoder trained on quarters too knows details at twice the size, so it gets one and a half times as many pixels.
    """
    return config.img_size * 3 // 2 // STRIDE * STRIDE if config.any_size else config.img_size


def local_features(stages: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Features of two views at each location of one grid: float32 `[2, n, n, c]`, of length 1.

    Every channel is standardised over both pictures, so that what is everywhere in both, such as a plain ground or the
    canvas, does not count. Every stage weighs the same. The grid is the middle stage's, without its edge.

    Args:
        stages: Feature maps of each stage of the network, `[2, c, h, w]`.
    """
    side = stages[len(stages) // 2].shape[2]
    fitted_stages = []
    for stage in stages:
        standard = stage - stage.mean(axis=(0, 2, 3), keepdims=True)
        standard /= standard.std(axis=(0, 2, 3), keepdims=True) + 1e-6
        resize = resizing_matrix(stage.shape[2], side)[EDGE : side - EDGE]
        fitted = np.einsum("ih,nchw,jw->nijc", resize, standard, resize, optimize=True)
        fitted_stages.append(fitted / (np.linalg.norm(fitted, axis=3, keepdims=True) + 1e-6))
    return np.asarray(np.concatenate(fitted_stages, axis=3) / len(stages) ** 0.5, np.float32)


def csls_similarity(similarity: Grid) -> Grid:
    """Cross-domain similarity local scaling (Conneau et al., 2018) of cosines `[a, b]`: float32 `[a, b]`.

    Twice the cosine less each location's mean cosine to its `NEIGHBOURHOOD` nearest locations in the other picture, so
    that a ground that resembles all of the other's ground does not drown the rest.
    """
    count = min(NEIGHBOURHOOD, *similarity.shape)
    rows = np.sort(similarity, axis=1)[:, -count:].mean(axis=1)
    columns = np.sort(similarity, axis=0)[-count:].mean(axis=0)
    return np.asarray(2 * similarity - rows[:, None] - columns[None, :], np.float32)


def strongest_pairs(similarity: Grid, scores: Grid, count: int) -> list[PartPair]:
    """Locations that are each other's best match, best first, apart from those before them in both pictures.

    Both arrays are `[a, b]`, locations in row-major order of grids of `count` x `count` each; `scores` ranks them, and
    `similarity` is reported.
    """
    best_of_one, best_of_other = scores.argmax(axis=1), scores.argmax(axis=0)
    mutual = np.flatnonzero(best_of_other[best_of_one] == np.arange(len(best_of_one)))
    pairs: list[PartPair] = []
    for location in mutual[np.argsort(-scores[mutual, best_of_one[mutual]], kind="stable")]:
        match = best_of_one[location]
        pair = PartPair(_center(location, count), _center(match, count), float(similarity[location, match]))
        if all(_apart(pair.one, better.one) and _apart(pair.other, better.other) for better in pairs):
            pairs.append(pair)
        if len(pairs) == MAX_PAIRS:
            break
    return pairs


def resizing_matrix(size: int, new_size: int) -> NDArray[np.float32]:
    """The matrix `[new_size, size]` that resizes a row linearly and without aliasing, as Pillow's BILINEAR does.

    Not cv2.resize: when shrinking, INTER_LINEAR aliases and INTER_AREA is a box filter. Pillow resizes one channel at a
    time; this takes all channels of a stage in one product.
    """
    reach = max(size / new_size, 1.0)
    centers = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    weights = np.clip(1 - np.abs(np.arange(size)[None, :] - centers[:, None]) / reach, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def smooth(grids: Grid) -> Grid:
    """Mean of the 3 x 3 locations around each of grids `[n, h, w]`, since a part is more than a point.

    Not cv2.blur: the same within float rounding, but importing cv2 takes 30 ms to save 0.2.
    """
    padded = np.pad(grids, ((0, 0), (1, 1), (1, 1)), mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2)).mean(axis=(3, 4)))


def enlarge(grid: Grid, size: tuple[int, int]) -> Grid:
    """A grid without its edge in the size (width, height) of a picture, smoothly, 0 to 1: float32 `[h, w]`.

    Not cv2.resize: its INTER_CUBIC has another kernel (a = -0.75, Pillow's is -0.5) and overshoots more.
    """
    padded = np.pad(np.asarray(grid, np.float32), EDGE, mode="edge")
    image = Image.fromarray(padded).resize(size, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, np.float32), 0, 1)


def _center(location: int, count: int) -> Point:
    row, column = divmod(int(location), count)
    side = count + 2 * EDGE
    return (column + EDGE + 0.5) / side, (row + EDGE + 0.5) / side


def _apart(one: Point, other: Point) -> bool:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 >= MIN_SEPARATION**2
