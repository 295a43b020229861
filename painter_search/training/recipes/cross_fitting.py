"""Training works embedded by encoders that were not trained on their artists (cross-fitting)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from painter_search.common.progress import track
from painter_search.metrics.confidence import EmbeddedWorks
from painter_search.training.config import TrainConfig

FOLDS = 2
"""Groups that the artists are divided into: few, so that each is as large as the artists of an index."""


class CrossFittable(Protocol):
    """A recipe that can be trained again on some of its works, in seconds."""

    def subset(self, rows: NDArray[np.int64]) -> CrossFittable:
        """A new training on these works alone; it works on the same encoder."""

    def train(self, epoch: int) -> object:
        """Train one epoch."""

    def embed_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The embeddings of these works by the encoder as trained so far: float32 `[n, 256]`."""


def cross_fit(recipe: CrossFittable, artists: NDArray[np.int64], config: TrainConfig) -> list[EmbeddedWorks]:
    """Train anew without each fold of the artists in turn, and embed its works.

    The encoder is left as the last training made it.

    Args:
        recipe: The recipe on all works.
        artists: The number of each work's artist, `[n]`.
        config: `seed` divides the artists; the folds train as many epochs as the run.
    """
    fold_of_artist = np.random.default_rng(config.seed).permutation(int(artists.max()) + 1) % FOLDS
    epochs = config.resolved.epochs
    steps = iter(track(range(FOLDS * epochs), "Training without some of the artists"))
    groups: list[EmbeddedWorks] = []
    for fold in range(FOLDS):
        trained_on = np.flatnonzero(fold_of_artist[artists] != fold)
        held_out = np.flatnonzero(fold_of_artist[artists] == fold)
        if len(np.unique(artists[trained_on])) < 2 or not len(held_out):
            continue
        training = recipe.subset(trained_on)
        for epoch, _ in zip(range(1, epochs + 1), steps, strict=False):
            training.train(epoch)
        groups.append((recipe.embed_rows(held_out), artists[held_out]))
    for _ in steps:  # of folds that cannot be trained without
        pass
    return groups
