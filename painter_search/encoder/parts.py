"""Which parts of one painting resemble which parts of another, as the encoder sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.collection.framing import open_frame
from painter_search.encoder.exported import ExportedEncoder
from painter_search.encoder.settings import EncoderConfig
from painter_search.encoder.views import GRAIN, to_pixels

Place = tuple[float, float]
Grid = NDArray[np.float32]

MOST_PAIRS = 5
"""Corresponding parts that are pointed out: more than a few are not looked at."""
APART = 0.22
"""Least distance between the centres of two parts of a picture, as a share of its sides."""
EDGE = 1
"""Outermost places that are left out: there a network sees the end of the picture, which all pictures share."""
NEIGHBOURHOOD = 10
"""Nearest locations over which a location's hubness is measured: Conneau et al., Word translation without parallel
data, 2018."""
FAINT, CLEAR = 0.4, 0.95
"""Shares of the places of both pictures below which a match counts nothing, and above which it counts wholly."""


@dataclass(frozen=True)
class PartPair:
    """A part of one painting and the part of the other that resembles it."""

    one: Place
    """Its centre in the one painting: shares of the width and the height, from the left and the top."""
    other: Place
    similarity: float
    """Cosine between what the encoder sees in them, -1 to 1."""


@dataclass(frozen=True)
class MatchingParts:
    """Two paintings and what in them is alike."""

    maps: tuple[Grid, Grid]
    """How well each place of the one, and of the other, is matched somewhere in the other picture: float32 `[h, w]`
    in the size of the pictures, 0 to 1. Both are on one scale, which reaches from the middling to the best matches
    between these two, however alike they are."""
    pairs: tuple[PartPair, ...]
    """Parts that are each other's best match, best first, lying apart in both pictures."""


def match_parts(encoder: ExportedEncoder, one: bytes, other: bytes) -> MatchingParts | None:
    """What in one painting resembles what in another, given as JPEG files (thumbnails suffice).

    Each is brought to the encoder's square whole. None where the encoder shows nothing by place (see `planes`).
    """
    pictures = [open_frame(one), open_frame(other)]
    side = side_for_parts(encoder.config)
    views = [to_pixels(picture.resize((side, side), Image.Resampling.BICUBIC)) for picture in pictures]
    planes = encoder.planes(np.stack(views))
    if not planes:
        return None
    features = describe_places(planes)
    count = features.shape[1]
    places = features.reshape(2, count * count, -1)
    similarity = places[0] @ places[1].T
    distinct = distinctness(similarity)
    best = smooth(np.stack([distinct.max(axis=1), distinct.max(axis=0)]).reshape(2, count, count))
    faint, clear = np.quantile(best, [FAINT, CLEAR])
    maps = [
        enlarge((part - faint) / max(clear - faint, 1e-6), picture.size)
        for part, picture in zip(best, pictures, strict=True)
    ]
    return MatchingParts((maps[0], maps[1]), tuple(strongest_pairs(similarity, distinct, count)))


def side_for_parts(config: EncoderConfig) -> int:
    """Side in pixels of the square in which parts are looked for.

    An encoder that looks at quarters knows details at twice the size, so that it may see half as many more.
    """
    return config.image_side * 3 // 2 // GRAIN * GRAIN if config.views == "parts" else config.image_side


def describe_places(planes: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What two views show at each place of one grid, from the stages' planes `[2, c, h, w]`: float32 `[2, n, n, c]`.

    Every channel is centred and scaled over both pictures, so that what is everywhere in both, a plain ground or the
    canvas, tells nothing. Every stage weighs the same, and every place has length 1. The grid is the middle stage's,
    without its edge.
    """
    side = planes[len(planes) // 2].shape[2]
    parts = []
    for plane in planes:
        standard = plane - plane.mean(axis=(0, 2, 3), keepdims=True)
        standard /= standard.std(axis=(0, 2, 3), keepdims=True) + 1e-6
        fit = resampling(plane.shape[2], side)[EDGE : side - EDGE]
        fitted = np.einsum("ih,nchw,jw->nijc", fit, standard, fit, optimize=True)
        parts.append(fitted / (np.linalg.norm(fitted, axis=3, keepdims=True) + 1e-6))
    return np.asarray(np.concatenate(parts, axis=3) / len(parts) ** 0.5, np.float32)


def distinctness(similarity: Grid) -> Grid:
    """How much more alike two places are than each is to what it resembles anyway: float32 `[a, b]`.

    Twice the cosine less the mean cosine of each place to its nearest ones in the other picture (cross-domain
    similarity local scaling, Conneau et al., 2018). A ground that resembles all of the other's ground does not drown
    the rest.
    """
    count = min(NEIGHBOURHOOD, *similarity.shape)
    rows = np.sort(similarity, axis=1)[:, -count:].mean(axis=1)
    columns = np.sort(similarity, axis=0)[-count:].mean(axis=0)
    return np.asarray(2 * similarity - rows[:, None] - columns[None, :], np.float32)


def strongest_pairs(similarity: Grid, distinct: Grid, count: int) -> list[PartPair]:
    """Places that are each other's best match, best first, apart from those before them in both pictures.

    Both arrays are `[a, b]`, places in order of row and column in grids of `count` x `count` each.
    """
    forth, back = distinct.argmax(axis=1), distinct.argmax(axis=0)
    mutual = np.flatnonzero(back[forth] == np.arange(len(forth)))
    found: list[PartPair] = []
    for row in mutual[np.argsort(-distinct[mutual, forth[mutual]], kind="stable")]:
        pair = PartPair(_center(row, count), _center(forth[row], count), float(similarity[row, forth[row]]))
        if all(_apart(pair.one, known.one) and _apart(pair.other, known.other) for known in found):
            found.append(pair)
        if len(found) == MOST_PAIRS:
            break
    return found


def resampling(given: int, wanted: int) -> NDArray[np.float32]:
    """The matrix `[wanted, given]` that brings a row of samples to another number of them, linearly, as Pillow does."""
    reach = max(given / wanted, 1.0)
    centers = (np.arange(wanted) + 0.5) * given / wanted - 0.5
    weights = np.clip(1 - np.abs(np.arange(given)[None, :] - centers[:, None]) / reach, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def smooth(grids: Grid) -> Grid:
    """Each value of grids `[n, h, w]` becomes the mean of the 3 x 3 around it: a part is more than a point."""
    padded = np.pad(grids, ((0, 0), (1, 1), (1, 1)), mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2)).mean(axis=(3, 4)))


def enlarge(grid: Grid, size: tuple[int, int]) -> Grid:
    """A grid without its edge in the size (width, height) of a picture, smoothly, 0 to 1: float32 `[h, w]`."""
    padded = np.pad(np.asarray(grid, np.float32), EDGE, mode="edge")
    image = Image.fromarray(padded).resize(size, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, np.float32), 0, 1)


def _center(place: int, count: int) -> Place:
    row, column = divmod(int(place), count)
    side = count + 2 * EDGE
    return (column + EDGE + 0.5) / side, (row + EDGE + 0.5) / side


def _apart(one: Place, other: Place) -> bool:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 >= APART**2
