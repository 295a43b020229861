"""A photograph of a painting, as a visitor takes it, drawn from a reproduction; every one from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photographs.frames import FRAMES, Pixels, Rng, add_frame, add_page, add_passe_partout, add_screen

WALLS = ("plain", "gradient", "texture", "brick")
STRAIGHT_SHARE = 0.1
"""Share of photographs that are taken exactly from the front."""
FOCAL_LENGTHS = (0.65, 1.5)
"""As shares of the photograph's long side: those of telephones, from wide to zoomed twice."""
MAX_ANGLE = 30.0
"""Degrees from which a painting is seen aside, or from above or below."""


@dataclass(frozen=True)
class Composition:
    """A photograph, and where the painting is."""

    pixels: NDArray[np.uint8]
    """RGB `[height, width, 3]`."""
    corners: NDArray[np.float32]
    """Of the painting: `[4, 2]` pixels, x and y, clockwise from its top left."""
    outline: NDArray[np.float32]
    """The corners of the frame, page or screen around it; those of the painting where there is none."""
    kind: str
    """What is around it, such as `brick ornate mat glare`."""


def compose(picture: NDArray[np.uint8], neighbours: Sequence[NDArray[np.uint8]], rng: Rng) -> Composition:
    """Photograph a painting.

    Args:
        picture: The reproduction, RGB `[height, width, 3]`.
        neighbours: Other paintings that may hang beside it.
        rng: Decides on everything.
    """
    scale = rng.uniform(500, 800) / max(picture.shape[:2])
    framed, offset, kind = _surround(_resize(picture, scale), rng)
    size = np.float32([round(picture.shape[1] * scale), round(picture.shape[0] * scale)])
    wall_kind = str(rng.choice(WALLS))
    span = round(2.6 * max(framed.shape[:2]))
    wall = _wall(span, wall_kind, rng)
    left, top = (span - framed.shape[1]) // 2, (span - framed.shape[0]) // 2
    _cast_shadow(wall, left, top, framed, rng)
    if rng.random() < 0.3:
        kind += " neighbour"
        _hang_neighbours(wall, left, framed, neighbours, rng)
    wall[top : top + framed.shape[0], left : left + framed.shape[1]] = framed
    corner = np.float32([left, top]) + offset
    corners = corner + np.float32([[0, 0], [size[0], 0], size, [0, size[1]]])
    pixels, seen, outline = _photograph(wall, corners, (left, top, framed.shape[1], framed.shape[0]), rng)
    if rng.random() < 0.25:
        kind += " glare"
        _add_glare(pixels, seen, rng)
    return Composition(_develop(pixels, rng), seen, outline, f"{wall_kind} {kind}")


def _surround(picture: Pixels, rng: Rng) -> tuple[Pixels, NDArray[np.float32], str]:
    """Frame, page or screen around a picture; where it begins there, and what was added."""
    drawn = rng.random()
    if drawn < 0.08:
        return *add_page(picture, rng), "page"
    if drawn < 0.16:
        return *add_screen(picture, rng), "screen"
    offset, kind = np.zeros(2, np.float32), ""
    if rng.random() < 0.25:
        picture, offset = add_passe_partout(picture, rng)
        kind = " mat"
    frame = str(rng.choice(FRAMES))
    framed, width = add_frame(picture, frame, rng)
    return framed, offset + width, frame + kind


def _wall(span: int, kind: str, rng: Rng) -> Pixels:
    colour = rng.uniform(70, 240) * (1 + rng.uniform(-0.15, 0.15, 3)) if rng.random() < 0.8 else rng.uniform(20, 235, 3)
    wall = np.empty((span, span, 3), np.float32)
    wall[:] = np.clip(colour, 5, 250)
    if kind == "brick":
        height, joint = int(rng.uniform(40, 90)), int(rng.uniform(4, 9))
        length = int(height * rng.uniform(2, 3))
        for row, y in enumerate(range(0, span, height)):
            for x in range(-(row % 2) * length // 2, span, length):
                shade = wall[0, 0] * rng.uniform(0.8, 1.1)
                wall[y + joint : y + height, max(0, x + joint) : max(0, x + length)] = shade
        wall[:, :, :] *= 1 + 0.04 * rng.standard_normal((span, span, 1), np.float32)
    elif kind == "texture":
        coarse, fine = rng.uniform(2, 7), rng.uniform(0.8, 1.5)
        for sigma, strength in ((coarse, rng.uniform(0.02, 0.06)), (fine, 0.03)):
            grain = cv2.GaussianBlur(rng.standard_normal((span, span), np.float32), (0, 0), sigma)
            wall *= 1 + strength * (grain / grain.std())[..., None]
    if kind != "plain":
        direction = rng.uniform(-0.25, 0.25, 2)
        across = np.linspace(-1, 1, span, dtype=np.float32)
        wall *= 1 + (direction[0] * across[None] + direction[1] * across[:, None])[..., None]
    return wall


def _cast_shadow(wall: Pixels, left: int, top: int, framed: Pixels, rng: Rng) -> None:
    height, width = framed.shape[:2]
    shadow = np.zeros(wall.shape[:2], np.float32)
    depth = rng.uniform(0, 0.05) * min(height, width)
    x, y = int(left + depth * rng.uniform(-1, 1)), int(top + depth)
    shadow[y : y + height, x : x + width] = rng.uniform(0.15, 0.6)
    wall *= 1 - cv2.GaussianBlur(shadow, (0, 0), 1 + depth * rng.uniform(0.2, 0.8))[..., None]


def _hang_neighbours(
    wall: Pixels, left: int, framed: Pixels, neighbours: Sequence[NDArray[np.uint8]], rng: Rng
) -> None:
    span = len(wall)
    gap = int(framed.shape[1] * rng.uniform(0.08, 0.2))
    for side in ("left", "right")[: int(rng.integers(1, 3))]:
        other = neighbours[int(rng.integers(len(neighbours)))]
        other = add_frame(_resize(other, rng.uniform(350, 650) / max(other.shape[:2])), str(rng.choice(FRAMES)), rng)[0]
        top = (span - len(other)) // 2 + int(rng.uniform(-0.05, 0.05) * span)
        x = left - gap - other.shape[1] if side == "left" else left + framed.shape[1] + gap
        start, end = max(0, x), min(span, x + other.shape[1])
        if end > start:
            wall[top : top + len(other), start:end] = other[:, start - x : end - x]


def _photograph(
    wall: Pixels, corners: NDArray[np.float32], object_box: tuple[int, int, int, int], rng: Rng
) -> tuple[Pixels, NDArray[np.float32], NDArray[np.float32]]:
    """The wall through a camera that looks at the object from aside; also the corners and the box as seen."""
    left, top, width, height = object_box
    turned = 0.0 if rng.random() < STRAIGHT_SHARE else float(rng.choice([0.3, 1]))
    yaw, pitch = np.radians(rng.uniform(-MAX_ANGLE, MAX_ANGLE, 2) * [1, 0.6] * turned)
    roll = np.radians(rng.normal(0, 3)) * (turned > 0)
    turn = _rotation(yaw, pitch, roll)
    shape = (1200, 1600) if rng.random() < 0.5 else (1600, 1200)
    middle = np.array([shape[1], shape[0]]) / 2
    focal = rng.uniform(*FOCAL_LENGTHS) * max(shape)
    target = np.array([left + width / 2, top + height / 2])
    target += rng.uniform(-0.06, 0.06, 2) * [width, height]
    box = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    filled = rng.uniform(0.5, 0.93)

    def project(points: NDArray[np.floating], distance: float) -> NDArray[np.float32]:
        flat = np.c_[points - target, np.zeros(len(points))] @ turn.T
        return np.asarray(focal * flat[:, :2] / (flat[:, 2:] + distance) + middle, np.float32)

    nearest, farthest = 0.7 * max(width, height), 40.0 * max(width, height)
    for _ in range(30):  # the distance at which the object fills so much of the photograph
        distance = (nearest + farthest) / 2
        reach = (np.abs(project(box, distance) - middle).max(axis=0) / middle).max()
        nearest, farthest = (distance, farthest) if reach > filled else (nearest, distance)
    matrix = cv2.getPerspectiveTransform(np.float32(box), project(box, distance))
    pixels = cv2.warpPerspective(
        wall, matrix, (shape[1], shape[0]), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101
    )
    return pixels, project(corners, distance), project(box, distance)


def _rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    return np.asarray(
        cv2.Rodrigues(np.array([0, yaw, 0]))[0]
        @ cv2.Rodrigues(np.array([pitch, 0, 0]))[0]
        @ cv2.Rodrigues(np.array([0, 0, roll]))[0]
    )


def _add_glare(pixels: Pixels, corners: NDArray[np.float32], rng: Rng) -> None:
    height, width = pixels.shape[:2]
    x, y = corners.mean(axis=0) + rng.uniform(-0.3, 0.3, 2) * np.ptp(corners, axis=0)
    size = np.ptp(corners, axis=0).min() * rng.uniform(0.06, 0.2, 2)
    across, down = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    spot = np.exp(-(((across - x) / size[0]) ** 2))[None] * np.exp(-(((down - y) / size[1]) ** 2))[:, None]
    pixels += (255 - pixels) * (rng.uniform(0.4, 0.9) * spot)[..., None]


def _develop(pixels: Pixels, rng: Rng) -> NDArray[np.uint8]:
    """Light, white balance, blur, noise and JPEG compression."""
    height, width = pixels.shape[:2]
    across, down = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    slope = rng.uniform(-0.12, 0.12, 2)
    light = 1 + slope[0] * across[None] + slope[1] * down[:, None]
    light *= 1 - rng.uniform(0, 0.2) * (across[None] ** 2 + down[:, None] ** 2) / 2
    balance = np.float32(rng.uniform(0.75, 1.1) * (1 + rng.uniform(-0.06, 0.06, 3)))
    pixels = pixels * np.float32(light)[..., None] * balance
    pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 1.6))
    pixels += rng.uniform(0.5, 5) * rng.standard_normal(pixels.shape, np.float32)
    developed = np.clip(pixels, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 92))]
    file = cv2.imencode(".jpg", developed[..., ::-1], quality)[1]
    return np.ascontiguousarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1])


def _resize(picture: NDArray[np.uint8], scale: float) -> Pixels:
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).astype(np.float32)
