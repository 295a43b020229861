"""The order of triplets in an epoch, which depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler


class Draw(NamedTuple):
    """One item to load, and the seed of its augmentations."""

    item: int
    seed: int


class EpochSampler(Sampler[Draw]):
    """Draw every triplet once, in an order from the seed and the epoch, each with a seed of its own."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed, self.epoch = size, seed, 0

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Draw]:
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(self.size)
        seeds = rng.integers(0, 2**62, self.size)
        return (Draw(int(item), int(seed)) for item, seed in zip(order, seeds, strict=True))
