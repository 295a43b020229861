"""Training works embedded by encoders that were not trained on their artists (cross-fitting)."""

from __future__ import annotations

import numpy as np

from painter_search.common.errors import NotEnoughDataError
from painter_search.common.progress import track
from painter_search.metrics.confidence_fit import MIN_ARTISTS, HeldOutWorks
from painter_search.metrics.identification.plda import EmbeddedWorks, fit_plda
from painter_search.training.config import TrainConfig
from painter_search.training.recipes.readout_training import ReadoutTraining

MAX_FOLDS = 4
"""Groups, at most, that the artists are divided into: few, so that each is as large as the artists of an index."""
ARTISTS_A_FOLD = 2 * MIN_ARTISTS
"""With fewer artists in each there are fewer groups, and at least two."""


def cross_fit(readout: ReadoutTraining, config: TrainConfig) -> list[HeldOutWorks]:
    """Train anew without each fold of the artists in turn, and embed its works.

    The encoder is left as the last training made it.

    Args:
        readout: The training on all works.
        config: `seed` divides the artists; the folds train as many epochs as the run.
    """
    artists = readout.artists
    count = int(artists.max()) + 1
    folds = max(2, min(MAX_FOLDS, count // ARTISTS_A_FOLD))
    fold_of_artist = np.random.default_rng(config.seed).permutation(count) % folds
    epochs = config.resolved.epochs
    steps = iter(track(range(folds * epochs), "Training without some of the artists"))
    groups: list[HeldOutWorks] = []
    for fold in range(folds):
        trained_on = np.flatnonzero(fold_of_artist[artists] != fold)
        held_out = np.flatnonzero(fold_of_artist[artists] == fold)
        if len(np.unique(artists[trained_on])) < 2 or not len(held_out):
            continue
        try:
            training = readout.subset(trained_on)
        except NotEnoughDataError:  # too few artists for several processes
            continue
        for epoch, _ in zip(range(1, epochs + 1), steps, strict=False):
            training.train(epoch)
        plda = fit_plda(readout.split_collections(trained_on))
        groups += [HeldOutWorks(*works, plda) for works in _large_enough(readout.split_collections(held_out))]
    for _ in steps:  # of folds that cannot be trained without
        pass
    return groups


def _large_enough(collections: list[EmbeddedWorks]) -> list[EmbeddedWorks]:
    """The works by collection, or all together where a collection has too few artists to calibrate on."""
    if all(len(np.unique(artists)) >= MIN_ARTISTS for _, artists in collections):
        return collections
    embeddings, artists = (np.concatenate(column) for column in zip(*collections, strict=True))
    return [EmbeddedWorks(embeddings, artists)]
