"""A trained encoder's calibration, fitted on artists that the embedding encoder was not trained on."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_world import BACKBONE, paint_tiny_artists, register_tiny_backbone
from training_runs import train

from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.encoder.load_encoder import load_encoder
from painter_search.metrics.identification.plda import EmbeddedWorks
from painter_search.training.config import TrainConfig
from painter_search.training.recipes.cross_fitting import MAX_FOLDS, cross_fit
from painter_search.training.recipes.readout_training import ReadoutTraining


def tiny_training(home: Path, artists: int) -> TrainConfig:
    """One epoch of the strong recipe on a prepared folder of tiny paintings, four by each artist."""
    register_tiny_backbone()
    folder = paint_tiny_artists(home / "artists", artists, 4)
    prepare_collection(PrepareConfig(folder=folder, out=home / "data", test_share=0.1, workers=1))
    return TrainConfig(
        data=(home / "data",), runs=home / "runs", backbone=BACKBONE, weights="none", img_size=64, epochs=1,
        finetune_epochs=0, batch_size=8, device="cpu",
    )  # fmt: skip


def test_trained_encoder_gives_probabilities(tmp_path: Path) -> None:
    encoder = load_encoder(train(tiny_training(tmp_path, 24), name="one").best)
    assert encoder.confidence is not None
    assert encoder.plda is not None


def test_training_with_too_few_artists_says_that_there_will_be_no_probabilities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = load_encoder(train(tiny_training(tmp_path, 8), name="one").best)
    assert encoder.confidence is encoder.plda is None
    assert "Too few artists to calibrate the encoder" in capsys.readouterr().err


class Recorder:
    """A training that embeds every work as noise, and records which works it is trained on."""

    def __init__(self, artists: NDArray[np.int64]) -> None:
        self.artists = artists
        self.subsets: list[NDArray[np.int64]] = []
        self.epochs: list[int] = []

    def subset(self, rows: NDArray[np.int64]) -> Recorder:
        self.subsets.append(rows)
        return self

    def train(self, epoch: int) -> None:
        self.epochs.append(epoch)

    def split_collections(self, rows: NDArray[np.int64]) -> list[EmbeddedWorks]:
        noise = np.random.default_rng(len(self.epochs)).random((len(rows), 8), dtype=np.float32)
        return [EmbeddedWorks(noise + len(self.epochs), self.artists[rows])]


def test_cross_fit_embeds_works_by_trainings_without_their_artists() -> None:
    artists = np.random.default_rng(0).permutation(np.repeat(np.arange(40), 3))
    recipe = Recorder(artists)
    groups = cross_fit(cast("ReadoutTraining", recipe), TrainConfig(data=(Path("data"),), epochs=2))
    assert len(groups) == len(recipe.subsets) == MAX_FOLDS
    assert recipe.epochs == [1, 2] * MAX_FOLDS
    for number, (group, rows) in enumerate(zip(groups, recipe.subsets, strict=True), start=1):
        assert set(group.artists).isdisjoint(artists[rows])
        assert len(group.artists) + len(rows) == len(artists)
        assert np.floor(group.embeddings).min() == np.floor(group.embeddings).max() == 2 * number
        assert group.plda is not None
    assert sorted(np.concatenate([group.artists for group in groups])) == sorted(artists)
