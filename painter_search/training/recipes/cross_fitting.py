"""Training works embedded by encoders that were not trained on their artists (cross-fitting)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.encoder.views import MAX_VIEWS
from painter_search.metrics.confidence import EmbeddedWorks
from painter_search.training.config import TrainConfig

FOLDS = 2
"""Groups that the artists are divided into: few, so that each is as large as the artists of an index."""
BLOCK = 256
"""Works embedded at once."""


class CrossFittable(Protocol):
    """A recipe that can be trained again on some of its works, in seconds."""

    def subset(self, rows: NDArray[np.int64]) -> CrossFittable:
        """A new training on these works alone; it works on the same encoder."""

    def train(self, epoch: int) -> object:
        """Train one epoch."""

    def features(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """The features of all views of these works: `[n * MAX_VIEWS, width]`."""

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """Embeddings of views from their features, by the encoder as trained so far: `[n, 256]`."""


def cross_fit(recipe: CrossFittable, artists: NDArray[np.int64], config: TrainConfig) -> list[EmbeddedWorks]:
    """Train anew without each fold of the artists in turn, and embed its works.

    The encoder is left as the last training made it.

    Args:
        recipe: The recipe on all works.
        artists: The number of each work's artist, `[n]`.
        config: `seed` divides the artists; the folds train as many epochs as the run.
    """
    folds = np.random.default_rng(config.seed).permutation(int(artists.max()) + 1) % FOLDS
    groups: list[EmbeddedWorks] = []
    for fold in range(FOLDS):
        trained_on = np.flatnonzero(folds[artists] != fold)
        held_out = np.flatnonzero(folds[artists] == fold)
        if len(np.unique(artists[trained_on])) < 2 or not len(held_out):
            continue
        training = recipe.subset(trained_on)
        for epoch in range(1, config.resolved.epochs + 1):
            training.train(epoch)
        groups.append((_embed(training, recipe, held_out), artists[held_out]))
    return groups


def _embed(training: CrossFittable, recipe: CrossFittable, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Embed works of `recipe` with the encoder of `training`: float32 `[n, 256]`."""
    blocks = []
    for start in range(0, len(rows), BLOCK):
        views = training.embed(recipe.features(rows[start : start + BLOCK]))
        means = views.view(-1, MAX_VIEWS, views.shape[1]).mean(dim=1)
        blocks.append(torch.nn.functional.normalize(means, dim=1).cpu().numpy())
    return np.concatenate(blocks)
