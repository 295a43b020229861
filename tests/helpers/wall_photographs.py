"""Photographs of paintings on walls, drawn without any image file."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image


class WallPhotograph(NamedTuple):
    """A photograph, and the painting's corners in it, `[4, 2]` pixels clockwise from the top left."""

    image: Image.Image
    corners: NDArray[np.float32]


def photograph_on_wall(
    picture: Image.Image,
    *,
    wall: str = "plain",
    frame: int = 16,
    mat: int = 0,
    roll: float = 2.0,
    yaw: float = 0.0,
    size: tuple[int, int] = (960, 720),
    seed: int = 0,
) -> WallPhotograph:
    """A picture in a dark frame on a wall, turned by `roll` degrees and seen `yaw` degrees from aside."""
    rng = np.random.default_rng(seed)
    framed = np.asarray(picture.convert("RGB"))
    for width, colour in ((mat, (238, 235, 226)), (frame, (74, 50, 30))):
        framed = cv2.copyMakeBorder(framed, width, width, width, width, cv2.BORDER_CONSTANT, value=colour)
    width, height = size
    background = np.full((height, width, 3), (186, 178, 166), np.float32)
    if wall == "gradient":
        background *= np.linspace(0.75, 1.2, width, dtype=np.float32)[None, :, None]
    elif wall == "texture":
        background += 9 * cv2.GaussianBlur(rng.standard_normal((height, width, 1), np.float32), (0, 0), 1.5)[..., None]
    elif wall == "brick":
        for row, top in enumerate(range(0, height, 36)):
            background[top : top + 4] *= 0.85
            background[top : top + 36, (row % 2) * 45 :: 90] *= 0.85
    elif wall == "white":
        background[:] = 250
    edge = frame + mat
    outline = np.array([[0, 0], [framed.shape[1], 0], [framed.shape[1], framed.shape[0]], [0, framed.shape[0]]])
    inner = outline + np.array([[edge, edge], [-edge, edge], [-edge, -edge], [edge, -edge]])
    turn = cv2.Rodrigues(np.array([0, np.radians(yaw), 0]))[0] @ cv2.Rodrigues(np.array([0, 0, np.radians(roll)]))[0]
    focal = 0.8 * max(size)
    distance = focal * max(framed.shape[1] / (0.72 * width), framed.shape[0] / (0.72 * height))

    def seen(points: NDArray[np.int64]) -> NDArray[np.float32]:
        flat = np.c_[points - outline.mean(axis=0), np.zeros(4)] @ turn.T
        return np.asarray(focal * flat[:, :2] / (flat[:, 2:] + distance) + [width / 2, height / 2], np.float32)

    matrix = cv2.getPerspectiveTransform(outline.astype(np.float32), seen(outline))
    drawn = cv2.warpPerspective(framed.astype(np.float32), matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones(framed.shape[:2], np.float32), matrix, size)[..., None]
    pixels = background * (1 - mask) + drawn * mask + 2 * rng.standard_normal((height, width, 1), np.float32)
    return WallPhotograph(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), seen(inner))


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Intersection over union of two quadrilaterals `[4, 2]`."""
    common = float(cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))[0])
    areas = [float(cv2.contourArea(corners.astype(np.float32))) for corners in (one, other)]
    return common / (sum(areas) - common)
