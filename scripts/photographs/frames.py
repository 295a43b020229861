"""What lies around a painting: passe-partouts, frames, book pages and screens, as drawn on a flat scan."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""RGB, 0 to 255, `[height, width, 3]`."""
Rng = np.random.Generator
FRAMES = ("none", "plain", "thin", "wood", "gold", "ornate", "white")
WOOD, GOLD = (96, 62, 36), (176, 138, 66)


def pad(picture: Pixels, left: int, top: int, right: int, bottom: int, colour: object) -> Pixels:
    """The picture on a larger sheet of one colour."""
    value = [float(part) for part in np.asarray(colour, np.float32)]
    return cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_CONSTANT, value=value)


def add_passe_partout(picture: Pixels, rng: Rng) -> tuple[Pixels, NDArray[np.float32]]:
    """A mat with a cut edge around the picture, deeper below for one in two; also its `[x, y]` offset."""
    side = min(picture.shape[:2])
    edge = max(1, round(side * rng.uniform(0.004, 0.01)))
    width = round(side * rng.uniform(0.06, 0.22))
    bottom = round(width * rng.choice([1.0, rng.uniform(1.1, 1.5)]))
    colour = np.array([1, 1, rng.uniform(0.9, 1)]) * rng.uniform(205, 250)
    cut = pad(picture, edge, edge, edge, edge, colour * rng.uniform(0.75, 0.95))
    return pad(cut, width, width, width, bottom, colour), np.float32([width + edge] * 2)


def add_frame(picture: Pixels, kind: str, rng: Rng) -> tuple[Pixels, int]:
    """A frame of four mitred bars around the picture, lit from one side; also its width in pixels."""
    if kind == "none":
        return picture, 0
    side = min(picture.shape[:2])
    share = {"thin": (0.012, 0.03), "plain": (0.03, 0.09), "white": (0.02, 0.07)}.get(kind, (0.05, 0.18))
    width = max(3, round(side * rng.uniform(*share)))
    framed = pad(picture, width, width, width, width, (0, 0, 0))
    height, across = framed.shape[:2]
    lengths = {"top": across, "bottom": across, "left": height, "right": height}
    light = dict(zip(lengths, rng.permutation([1.15, 0.8, 1.05, 0.9]), strict=True))
    profile = _profile(width, kind, rng)
    for name, length in lengths.items():
        bar = np.clip(_bar(profile, length, kind, rng) * light[name], 0, 255)
        depth, place = np.arange(width)[:, None], np.arange(length)[None]
        mitred = ((place >= depth) & (place < length - depth))[..., None]
        side = {"top": framed, "bottom": framed[::-1], "left": framed.swapaxes(0, 1)}.get(name)
        view = (framed[:, ::-1].swapaxes(0, 1) if side is None else side)[:width]
        view[:] = np.where(mitred, bar, view)
    return framed, width


def _profile(width: int, kind: str, rng: Rng) -> Pixels:
    """The colours of a frame from the outside in: `[width, 3]`."""
    depth = np.linspace(0, 1, width, dtype=np.float32)
    if kind in ("plain", "thin"):
        base = rng.uniform(10, 90) * np.ones(3) if rng.random() < 0.6 else rng.uniform(20, 200, 3)
    elif kind == "white":
        base = np.full(3, rng.uniform(200, 250))
    else:
        base = np.array(WOOD if kind == "wood" else GOLD) * rng.uniform(0.6, 1.3)
    if kind in ("plain", "thin", "white"):
        shade = 1 + 0.1 * np.sin(depth * rng.uniform(2, 6))
    else:  # lips and hollows
        shade = 1 + 0.35 * np.sin(depth * rng.uniform(4, 14) + rng.uniform(0, 6)) * rng.uniform(0.4, 1)
        lips = rng.random(width) < 0.06
        shade = np.where(lips, shade * rng.uniform(0.5, 1.4), shade)
    return (shade[:, None] * base[None]).astype(np.float32)


def _bar(profile: Pixels, length: int, kind: str, rng: Rng) -> Pixels:
    width = len(profile)
    bar = np.repeat(profile[:, None], length, axis=1)
    if kind in ("wood", "gold", "ornate"):
        grain = cv2.GaussianBlur(rng.normal(0, 1, (width, length)).astype(np.float32), (0, 0), 6, sigmaY=0.8)
        bar *= 1 + 0.08 * (grain / max(1e-6, grain.std()))[..., None]
    if kind == "ornate":
        along, depth = np.arange(length) / width * rng.uniform(2, 7), np.linspace(0, np.pi, width)
        ornament = np.sin(along)[None] * np.sin(depth)[:, None] + 0.5 * np.sin(2.7 * along + 1)[None]
        bar *= 1 + rng.uniform(0.1, 0.3) * ornament[..., None]
    return bar.astype(np.float32)


def add_page(picture: Pixels, rng: Rng) -> tuple[Pixels, NDArray[np.float32]]:
    """A book page with the picture on it and a caption below; also the picture's `[x, y]` offset."""
    side = max(picture.shape[:2])
    left, right, top = (round(side * rng.uniform(0.08, 0.3)) for _ in range(3))
    bottom = round(side * rng.uniform(0.15, 0.4))
    page = pad(picture, left, top, right, bottom, np.array([1, 0.99, 0.95]) * rng.uniform(215, 250))
    height, width = page.shape[:2]
    line = max(4, side // 60)
    for number in range(int(rng.integers(1, 6))):
        y = height - bottom + 3 * line + number * 2 * line
        if y + line < height - line:
            end = int(width - right - rng.uniform(0, 0.3) * width)
            for x in range(left, end, line):
                if rng.random() < 0.8:
                    cv2.rectangle(page, (x, y), (x + int(line * 0.7), y + line // 2), (60, 60, 60), -1)
    return page, np.float32([left, top])


def add_screen(picture: Pixels, rng: Rng) -> tuple[Pixels, NDArray[np.float32]]:
    """A screen that shows the picture between dark bars, in a bezel; also the picture's `[x, y]` offset."""
    height, width = picture.shape[:2]
    wide = max(0, round(height * 1.6 - width)) // 2
    tall = max(0, round(width / 1.6 - height)) // 2
    shown = pad(picture, wide, tall, wide, tall, np.full(3, rng.uniform(0, 30)))
    bezel = round(min(shown.shape[:2]) * rng.uniform(0.02, 0.05))
    colour = np.full(3, rng.choice([rng.uniform(5, 40), rng.uniform(150, 210)]))
    return pad(shown, bezel, bezel, bezel, bezel, colour), np.float32([wide + bezel, tall + bezel])
