"""Training works as an encoder sees them that was not trained on their artists (cross-fitting)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.encoder.views import MOST_VIEWS
from painter_search.training.recipe import TrainConfig

if TYPE_CHECKING:
    from painter_search.training.strong import StrongCourse

Group = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Embeddings `[n, 256]` by one encoder, and the number of each work's artist `[n]`."""
HALVES = 2
"""The artists are divided into this many groups: few, so that each is large enough to stand for an index."""
BLOCK = 256
"""Works embedded at once."""


def held_out_groups(course: StrongCourse, artists: NDArray[np.int64], config: TrainConfig) -> list[Group]:
    """Train anew without each half of the artists in turn, and embed its works.

    `artists` numbers the artist of each of the course's works `[n]`. The encoder is left as the last training made it.
    """
    half = np.random.default_rng(config.seed).permutation(int(artists.max()) + 1) % HALVES
    groups = []
    for left_out in range(HALVES):
        taught = np.flatnonzero(half[artists] != left_out)
        asked = np.flatnonzero(half[artists] == left_out)
        if len(np.unique(artists[taught])) < 2 or not len(asked):
            continue
        other = course.among(taught)
        for epoch in range(1, config.settled.epochs + 1):
            other.train(epoch)
        groups.append((_embed(other, course, asked), artists[asked]))
    return groups


def _embed(encoding: StrongCourse, owning: StrongCourse, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    blocks = []
    for start in range(0, len(rows), BLOCK):
        views = encoding.embed(owning.views(rows[start : start + BLOCK]))
        means = views.view(-1, MOST_VIEWS, views.shape[1]).mean(dim=1)
        blocks.append(torch.nn.functional.normalize(means, dim=1).cpu().numpy())
    return np.concatenate(blocks)
