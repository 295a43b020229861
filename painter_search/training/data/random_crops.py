"""Random crops of a batch on its device, flipped and turned, with one resampling an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

MIN_AREA = 0.25
"""A crop has at least this share of the image's area: that of a quarter, the smallest view."""
MAX_ASPECT = 4 / 3
"""Its sides' shares differ by at most this factor, so motifs are stretched by as much."""
MAX_DEGREES = 10.0
"""It is turned by at most this angle; what lies outside the image is its reflection."""


def cut_crops(images: torch.Tensor, crops: NDArray[np.float32], side: int) -> torch.Tensor:
    """Cut a crop of each image.

    Args:
        images: uint8 `[n, 3, h, w]`.
        crops: As `draw_crops` returns them.
        side: Of the crops, in pixels.

    Returns:
        float32 `[n, 3, side, side]`, 0 to 255, on the device of `images`.
    """
    matrices = torch.from_numpy(crops).to(images.device)
    grid = torch.nn.functional.affine_grid(matrices, [len(images), 3, side, side], align_corners=False)
    return torch.nn.functional.grid_sample(
        images.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def draw_crops(seeds: Sequence[int]) -> NDArray[np.float32]:
    """Draw crops: matrices from a crop's coordinates to its image's, both from -1 to 1: float32 `[n, 2, 3]`.

    Each depends on its own seed alone, so it is the same on every device, and however a batch is shared.
    """
    return np.array([_draw_crop(np.random.default_rng(seed)) for seed in seeds], np.float32)


def _draw_crop(rng: np.random.Generator) -> NDArray[np.float64]:
    area = rng.uniform(MIN_AREA, 1)
    aspect = np.exp(rng.uniform(-np.log(MAX_ASPECT), np.log(MAX_ASPECT)))
    width, height = min(1.0, np.sqrt(area * aspect)), min(1.0, np.sqrt(area / aspect))
    x, y = rng.uniform(-1, 1, 2) * (1 - width, 1 - height)
    flip, angle = rng.choice([-1.0, 1.0]), np.radians(rng.uniform(-MAX_DEGREES, MAX_DEGREES))
    return np.array(
        [
            [flip * width * np.cos(angle), -height * np.sin(angle), x],
            [flip * width * np.sin(angle), height * np.cos(angle), y],
        ]
    )
