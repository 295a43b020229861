"""Batches of P artists with K works each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

WORKS_AN_ARTIST = 4
"""K: works of each artist in a batch."""

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class ArtistBatches:
    """As many artists as fit into a batch with `WORKS_AN_ARTIST` each, the same number from every collection.

    Negatives from another collection teach little: they differ in how they were photographed, too. Drawn from the seed
    and the epoch; works without replacement while an artist has enough. Each process takes its share of every batch.
    """

    def __init__(
        self,
        artists: Sequence[int] | NDArray[np.int64],
        collections: Sequence[int] | NDArray[np.int64],
        batch: int,
        steps: int,
        seed: int,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        """The number of each work's artist `[works]`, and of each artist's collection `[artists]`."""
        numbers, homes = np.asarray(artists), np.asarray(collections)
        self.works = [np.flatnonzero(numbers == number) for number in range(len(homes))]
        self.groups = [np.flatnonzero(homes == home) for home in np.unique(homes)]
        each = max(1, batch // WORKS_AN_ARTIST // len(self.groups))
        self.sizes = [min(each, len(group)) for group in self.groups]
        while sum(self.sizes) * WORKS_AN_ARTIST % processes:  # every process has as many to embed
            self.sizes[int(np.argmax(self.sizes))] -= 1
        self.steps, self.seed, self.epoch = steps, seed, 0
        self.rank, self.processes = rank, processes

    def __iter__(self) -> Iterator[Batch]:
        """Rows of the works `[n]`, a number for each from which its view follows `[n]`, and its artist `[n]`."""
        rng = np.random.default_rng([self.seed, self.epoch])
        for _ in range(self.steps):
            drawn = [
                rng.choice(group, size, replace=False) for group, size in zip(self.groups, self.sizes, strict=True)
            ]
            chosen = np.concatenate(drawn)
            rows: list[int] = []
            for artist in chosen:
                works = self.works[artist]
                rows += list(rng.choice(works, WORKS_AN_ARTIST, replace=len(works) < WORKS_AN_ARTIST))
            views = rng.integers(0, 2**31, len(rows))
            artists = np.repeat(chosen, WORKS_AN_ARTIST)
            mine = slice(self.rank, None, self.processes)
            yield torch.tensor(rows)[mine], torch.from_numpy(views)[mine], torch.from_numpy(artists)[mine]
