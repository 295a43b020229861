"""Copies of pictures as they turn up in collections: re-saved, cropped, mounted, photographed on a wall."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

Rng = np.random.Generator
MIRROR = Image.Transpose.FLIP_LEFT_RIGHT
PAPERS = ((255, 255, 255), (242, 238, 226), (20, 20, 20))
"""Colours of margins."""


def encoded(image: Image.Image, quality: int = 85) -> Image.Image:
    """The image once it was a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def cropped(image: Image.Image, share: float, rng: Rng) -> Image.Image:
    """The image without this share of its sides, cut from any of the four."""
    width, height = round(image.width * (1 - share)), round(image.height * (1 - share))
    left, top = int(rng.integers(0, image.width - width + 1)), int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def with_margin(image: Image.Image, rng: Rng) -> Image.Image:
    """The image on a sheet of paper, with margins of 6 to 15 % of its sides, each of its own width."""
    left, right = (round(image.width * rng.uniform(0.06, 0.15)) for _ in range(2))
    top, bottom = (round(image.height * rng.uniform(0.06, 0.15)) for _ in range(2))
    sheet = Image.new("RGB", (image.width + left + right, image.height + top + bottom), PAPERS[rng.integers(3)])
    sheet.paste(image, (left, top))
    return sheet


def on_wall(image: Image.Image, rng: Rng) -> Image.Image:
    """The image in a plain frame on a wall that has grain and a shadow, photographed a little from the side."""
    frame = max(2, round(0.03 * min(image.size)))
    colour = [float(value) for value in rng.integers(20, 110, 3)]
    framed = cv2.copyMakeBorder(np.asarray(image), frame, frame, frame, frame, cv2.BORDER_CONSTANT, value=colour)
    height, width = framed.shape[:2]
    left, right, top, bottom = rng.uniform(0.06, 0.16, 4) * (width, width, height, height)
    size = round(width + left + right), round(height + top + bottom)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    shadow = (x / size[0] - 0.5) * rng.uniform(-40, 40) + (y / size[1] - 0.5) * rng.uniform(-40, 40)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (size[1], size[0])), (0, 0), 1.2)
    wall = rng.integers(120, 235, 3) + (shadow + 3 * grain / grain.std())[..., None]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = corners + (left, top) + rng.uniform(-0.025, 0.025, (4, 2)) * (width, height)
    warp = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    painting = cv2.warpPerspective(framed.astype(np.float32), warp, size)
    covered = cv2.warpPerspective(np.ones((height, width), np.float32), warp, size)[..., None]
    photograph = (wall * (1 - covered) + painting * covered) * rng.uniform(0.85, 1.05)
    return Image.fromarray(np.clip(photograph, 0, 255).astype(np.uint8))


COPIES: dict[str, Callable[[Image.Image, Rng], Image.Image]] = {
    "re-encoded": lambda image, rng: encoded(image, int(rng.integers(25, 60))),
    "halved": lambda image, rng: encoded(image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)),
    "grey": lambda image, rng: encoded(image.convert("L").convert("RGB")),
    "mirrored": lambda image, rng: encoded(image.transpose(MIRROR)),
    "cropped by 8 %": lambda image, rng: encoded(cropped(image, 0.08, rng)),
    "cropped by 12 %": lambda image, rng: encoded(cropped(image, 0.12, rng)),
    "mirrored, cropped by 8 %": lambda image, rng: encoded(cropped(image.transpose(MIRROR), 0.08, rng)),
    "on a wall": lambda image, rng: encoded(on_wall(image, rng)),
    "with a margin": lambda image, rng: encoded(with_margin(image, rng)),
}
"""`COPIES[kind](picture, rng)` is a copy of the picture."""
