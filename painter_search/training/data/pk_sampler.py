"""Batches of P artists with K works each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.errors import NotEnoughDataError

WORKS_PER_ARTIST = 4
"""K: works of each artist in a batch."""


class Batch(NamedTuple):
    """A batch of works; int64 `[n]` each."""

    rows: torch.Tensor
    """The works."""
    views: torch.Tensor
    """A random number for each work, which chooses its view."""
    artists: torch.Tensor
    """The number of each work's artist."""
    number: int
    """Of the batch in the training, the same in every process."""


class PKSampler:
    """Draw batches of as many artists as fit with `WORKS_PER_ARTIST` works each, equally many from every collection.

    Negatives from another collection teach little, since collections also differ in how they were photographed.
    Batches depend on the seed, the epoch and the neighbours alone. An artist's works are drawn without replacement if
    there are enough.

    Attributes:
        neighbours: For each artist the nearest others of the same collection, int64 `[artists, k]`; half of a batch's
            artists are then neighbours of the other half. None: all are drawn alike.
    """

    def __init__(
        self,
        artists: Sequence[int] | NDArray[np.int64],
        collections: Sequence[int] | NDArray[np.int64],
        batch_size: int,
        *,
        steps: int,
        seed: int,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        """Sample works by artist.

        Args:
            artists: The number of each work's artist, `[works]`.
            collections: The number of each artist's collection, `[artists]`.
            batch_size: Works a batch, over all processes.
            steps: Batches an epoch.
            seed: Seed of all draws.
            rank: Which of the processes takes its share of every batch here.
            processes: How many processes share every batch.

        Raises:
            NotEnoughDataError: No number of these artists can be shared equally by the processes.
        """
        artist_of_work, collection_of_artist = np.asarray(artists), np.asarray(collections)
        self.works = [np.flatnonzero(artist_of_work == number) for number in range(len(collection_of_artist))]
        self.groups = [
            np.flatnonzero(collection_of_artist == number) for number in np.unique(collection_of_artist)
        ]  # the artists of each collection
        per_group = max(1, batch_size // WORKS_PER_ARTIST // len(self.groups))
        self.sizes = [min(per_group, len(group)) for group in self.groups]
        while sum(self.sizes) * WORKS_PER_ARTIST % processes:  # every process embeds equally many
            self.sizes[int(np.argmax(self.sizes))] -= 1
        if not sum(self.sizes):
            raise NotEnoughDataError(
                f"{len(self.works)} training artists are too few to be shared by {processes} processes; start fewer."
            )
        self.steps, self.seed, self.epoch = steps, seed, 0
        self.rank, self.processes = rank, processes
        self.neighbours: NDArray[np.int64] | None = None

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng([self.seed, self.epoch])
        for step in range(self.steps):
            chosen = np.concatenate(
                [self._draw_artists(rng, group, size) for group, size in zip(self.groups, self.sizes, strict=True)]
            )
            rows: list[int] = []
            for artist in chosen:
                works = self.works[artist]
                rows += list(rng.choice(works, WORKS_PER_ARTIST, replace=len(works) < WORKS_PER_ARTIST))
            views = rng.integers(0, 2**31, len(rows))
            artists = np.repeat(chosen, WORKS_PER_ARTIST)
            share = slice(self.rank, None, self.processes)
            yield Batch(
                torch.tensor(rows)[share],
                torch.from_numpy(views)[share],
                torch.from_numpy(artists)[share],
                self.epoch * self.steps + step,
            )

    def _draw_artists(self, rng: np.random.Generator, group: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """So many different artists of a group."""
        drawn = rng.choice(group, size, replace=False)
        if self.neighbours is None:
            return drawn
        chosen: list[int] = drawn[: size - size // 2].tolist()
        for artist in chosen.copy()[: size // 2]:
            strangers = [int(other) for other in self.neighbours[artist] if other not in chosen]
            if strangers:
                chosen.append(int(rng.choice(strangers)))
        others = [int(artist) for artist in drawn if artist not in chosen]
        return np.array([*chosen, *others[: size - len(chosen)]])
