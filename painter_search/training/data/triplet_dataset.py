"""Triplets as a PyTorch dataset: images are read only when indexed, and augmented on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from painter_search.training.data.augmentations import Augmentation
from painter_search.training.data.epoch_sampler import Draw
from painter_search.training.data.image_cache import ImageCache


class TripletDataset(Dataset[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]):
    """Triplets of uint8 images `[3, side, side]`: (anchor, positive, negative).

    Indexed by a `Draw`, whose seed makes its augmentations the same with any number of workers.
    """

    def __init__(
        self, triplets: Sequence[tuple[Path, Path, Path]], images: ImageCache, augmentations: Sequence[str]
    ) -> None:
        self.triplets = triplets
        self.images = images
        self.augment = Augmentation(augmentations)

    def __len__(self) -> int:
        return len(self.triplets)

    def __getitem__(self, draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng(draw.seed)
        anchor, positive, negative = (self._image(path, rng) for path in self.triplets[draw.item])
        return anchor, positive, negative

    def _image(self, path: Path, rng: np.random.Generator) -> torch.Tensor:
        pixels = self.augment(self.images[path], rng)
        image = np.empty((3, *pixels.shape[:2]), np.uint8)
        cv2.split(pixels, list(image))  # writes the channels into it, twice as fast as a transposed copy
        return torch.from_numpy(image)
