"""Where the picture begins inside a rectified outline: frames and passe-partouts are taken off, one after another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from painter_search.images.photographs.lines import Floats
from painter_search.images.photographs.wall import fit_wall

MAX_WIDTH = 0.3
"""Widest frame, as a share of the outline's short side."""
MIN_REST = 0.3
"""Smallest picture, as a share of the outline's width and height."""
MIN_FRAME_SUPPORT = 0.66
"""Share of the length of its inner edges, on average over the four sides, at which a frame shows an edge."""
INWARD = 0.35
"""How much support an edge at the largest width may lack, compared with one at the outline, to be preferred."""
MIN_SIDE_SUPPORT = 0.35
"""The same for the side that shows it least."""
MAX_FILLET = 0.1
"""The same for what is inside a frame or a passe-partout already."""
MIN_FILLET_SUPPORT = 0.85
"""Support that its inner edge needs."""
MAT_TRIMS = (0.022, 0.07)
"""What of a passe-partout, or of a page, may be shadow, as shares of the outline; tried one after another."""
SHADOW, SHADOW_SUPPORT = 0.07, 0.9
"""How wide a shadow within an outline may be, as a share of it, and the support of the edge at which it ends."""
MAT_BORDER = 0.014
"""Width of the border from which the material of a passe-partout is learnt, as a share of the outline."""
MAX_MAT_CHANGE = 6.0
"""Median distance in Lab from its own colour up to which a border is of one material."""
MAX_BAR_LIGHTNESS = 75
"""Lightness, 0 to 255, up to which a screen's bars are dark."""
MAX_BAR_CHANGE = 12.0
"""Distance in Lab from its median colour up to which a pixel belongs to a bar of a screen."""
MIN_FILLED = 0.6
"""Share of the rectangle inside a passe-partout that must differ from it."""
ROUNDS = 3
"""Frames, passe-partouts and fillets inside one another that are taken off."""


@dataclass(frozen=True)
class PixelBox:
    """A rectangle in pixels; `right` and `bottom` are just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    def inset(self, left: int, top: int, right: int, bottom: int) -> PixelBox:
        """The box without margins."""
        return PixelBox(self.left + left, self.top + top, self.right - right, self.bottom - bottom)


def picture_box(lab: Floats) -> tuple[PixelBox, float]:
    """The picture in a rectified outline.

    Args:
        lab: What is inside the outline, in Lab of 8 bits, float32 `[height, width, 3]`.

    Returns:
        The picture's box, and how well the innermost edge that was found is supported, 0 to 1; 0 if none was.
    """
    height, width = lab.shape[:2]
    box, found, widest = PixelBox(0, 0, width, height), 0.0, MAX_WIDTH
    for _ in range(ROUNDS):
        inner, support = _without_mat(lab, box)
        if inner is None:
            inner, support = _without_bars(lab, box)
        if inner is None:
            inner, support = _without_frame(lab, box, widest)
            if widest == MAX_FILLET and support < MIN_FILLET_SUPPORT:
                break
        widest = MAX_FILLET
        if inner is None or inner.width < MIN_REST * width or inner.height < MIN_REST * height:
            break
        box, found = inner, support
    return box, found


def _sides(lab: Floats, box: PixelBox) -> list[Floats]:
    """The box seen from each side, top, right, bottom and left, the side's own border first."""
    inside = lab[box.top : box.bottom, box.left : box.right]
    return [inside, inside[:, ::-1].swapaxes(0, 1), inside[::-1], inside.swapaxes(0, 1)]


def _edge_support(side: Floats, depth: int) -> Floats:
    """The share of a side's length that shows an edge at each distance from it: `[depth]`."""
    trim = depth // 2
    strip = side[: depth + 3, trim : side.shape[1] - trim] if side.shape[1] > 3 * trim else side[: depth + 3]
    blurred = cv2.blur(np.ascontiguousarray(strip), (5, 1))
    change = np.abs(np.diff(blurred, axis=0)).max(axis=2)  # [depth + 2, length], between rows d and d + 1
    change = change[:-1] + change[1:]
    usual = float(np.median(change))
    shown = np.clip((change - 1.5 * usual - 3) / (6 + 1.5 * usual), 0, 1)
    support = np.zeros(depth, np.float32)
    thick = cv2.dilate(shown, np.ones((3, 1), np.uint8))
    support[: len(thick)] = thick.mean(axis=1)[:depth]
    return support


def _without_frame(lab: Floats, box: PixelBox, widest: float) -> tuple[PixelBox | None, float]:
    """The box inside a frame of one width; if a passe-partout begins inside a frame of some width, this one."""
    frames = _possible_frames(lab, box, widest)
    tight = _without_shadow(lab, box)
    if tight != box:
        frames = sorted([*frames, *_possible_frames(lab, tight, widest)], key=lambda frame: -frame.score)
    for frame in frames:
        if _without_mat(lab, frame.inside)[0] is not None:
            return frame.inside, frame.support
    return (frames[0].inside, frames[0].support) if frames else (None, 0.0)


def _without_shadow(lab: Floats, box: PixelBox) -> PixelBox:
    """The box without what lies outside a clear edge near one of its sides."""
    depth = max(3, round(SHADOW * min(box.width, box.height)))
    cuts = []
    for side in _sides(lab, box):
        clear = np.flatnonzero(_edge_support(side, depth) >= SHADOW_SUPPORT)
        cuts.append(int(clear[-1]) + 1 if len(clear) else 0)
    top, right, bottom, left = cuts
    return box.inset(left, top, right, bottom)


@dataclass(frozen=True)
class FrameCandidate:
    """A frame that may be there."""

    inside: PixelBox
    support: float
    """How well its inner edge shows on the three sides that show it best, 0 to 1."""
    score: float
    """How likely it is, compared with others."""


def _possible_frames(lab: Floats, box: PixelBox, widest: float) -> list[FrameCandidate]:
    """The boxes inside frames of several widths whose inner edges show on the sides, the likeliest first.

    One side may show it less, where the picture is as dark as the frame.
    """
    depth = int(widest * min(box.width, box.height))
    if depth < 4:
        return []
    supports = np.stack([_edge_support(side, depth) for side in _sides(lab, box)])  # [4, depth]
    widths = np.arange(2, depth)
    slack = 1 + np.rint(0.06 * widths).astype(np.int64)
    starts = np.maximum(1, widths - slack)
    windows = starts[:, None] + np.arange(2 * slack.max() + 1)  # [widths, places]
    is_near = windows <= np.minimum(depth - 1, widths + slack)[:, None]
    near = np.where(is_near, supports[:, np.minimum(windows, depth - 1)], -1.0)  # [4, widths, places]
    best, places = near.max(axis=2), starts + near.argmax(axis=2)  # [4, widths]
    ranked = np.sort(best, axis=0)
    means = ranked[1:].mean(axis=0)
    found: list[FrameCandidate] = []
    for at in np.flatnonzero((means >= MIN_FRAME_SUPPORT) & (ranked[1] >= MIN_SIDE_SUPPORT)).tolist():
        mean, weak = float(means[at]), best[:, at] < MIN_SIDE_SUPPORT
        usual = round(float(np.median(places[~weak, at])))
        top, right, bottom, left = (np.where(weak, usual, places[:, at]) + 1).tolist()
        score = mean + 0.5 * float(ranked[0, at]) + INWARD * (at + 2) / depth
        found.append(FrameCandidate(box.inset(left, top, right, bottom), mean, score))
    chosen: list[FrameCandidate] = []
    for frame in sorted(found, key=lambda frame: -frame.score):
        inner = frame.inside
        if all(abs(inner.left - other.inside.left) + abs(inner.top - other.inside.top) > 6 for other in chosen):
            chosen.append(frame)
            if len(chosen) == 4:
                break
    return chosen


def _without_mat(lab: Floats, box: PixelBox) -> tuple[PixelBox | None, float]:
    """The box inside a margin of one material on all four sides, whose widths may differ."""
    for share in MAT_TRIMS:
        found = _without_trimmed_mat(lab, box, max(2, round(share * min(box.width, box.height))))
        if found[0] is not None:
            return found
    return None, 0.0


def _without_trimmed_mat(lab: Floats, box: PixelBox, trim: int) -> tuple[PixelBox | None, float]:
    inside = lab[box.top + trim : box.bottom - trim, box.left + trim : box.right - trim]
    if min(inside.shape[:2]) < 20:
        return None, 0.0
    mat = fit_wall(inside, MAT_BORDER)
    if mat.spread.max() > MAX_MAT_CHANGE:
        return None, 0.0
    other = (mat.distance(inside) > max(14.0, 5 * float(mat.spread.max()))).astype(np.uint8)
    closed = cv2.morphologyEx(other, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        return None, 0.0
    x, y, width, height, area = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())].tolist()
    margins = (x + trim, y + trim, box.width - x - width - trim, box.height - y - height - trim)
    if min(margins) < trim + 3 or width < MIN_REST * box.width or height < MIN_REST * box.height:
        return None, 0.0
    filled = area / (width * height)
    return (box.inset(*margins), filled) if filled > MIN_FILLED else (None, 0.0)


def _without_bars(lab: Floats, box: PixelBox) -> tuple[PixelBox | None, float]:
    """The box between two bars of one colour, above and below or left and right, as a screen shows them."""
    top, right, bottom, left = _sides(lab, box)
    for one, other, is_level in ((top, bottom, True), (left, right, False)):
        widths = [_bar_width(side) for side in (one, other)]
        colours = [
            np.median(side[2 : max(3, width - 2)].reshape(-1, 3), axis=0)
            for side, width in zip((one, other), widths, strict=True)
        ]
        alike = float(np.linalg.norm(colours[0] - colours[1])) <= MAX_BAR_CHANGE
        is_dark = max(float(colour[0]) for colour in colours) <= MAX_BAR_LIGHTNESS
        if (
            min(widths) >= 0.05 * len(one)
            and abs(widths[0] - widths[1]) <= 2 + 0.15 * max(widths)
            and alike
            and is_dark
        ):
            first, second = widths
            return (box.inset(0, first, 0, second) if is_level else box.inset(first, 0, second, 0)), 1.0
    return None, 0.0


def _bar_width(side: Floats) -> int:
    """Rows of one colour along a side that end all at once; 0 if there are none."""
    limit = round(0.4 * len(side))
    start = max(2, round(0.02 * len(side)))
    colour = np.median(side[start : start + 3].reshape(-1, 3), axis=0)
    other = (np.linalg.norm(side[: limit + 4] - colour, axis=2) > MAX_BAR_CHANGE).mean(axis=1)
    beyond = np.flatnonzero(other[start:] > 0.2) + start
    if not len(beyond) or beyond[0] >= limit:
        return 0
    width = int(beyond[0])
    is_sudden = other[start : max(start + 1, width - 2)].max() < 0.08 and other[width + 1 : width + 6].max() > 0.45
    return width if is_sudden else 0
