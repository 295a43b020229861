"""Fine-tuning: the last stages learn, what comes before is computed once, and validation artists decide."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tiny_world import BACKBONE, register_tiny_backbone
from training_runs import changed_weights, interrupt_after, train

from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.encoder.inference.embedding import embed_all
from painter_search.training.config import TrainConfig
from painter_search.training.early_stopping import best_epoch
from painter_search.training.recipes.fine_tuning import nearest_artists
from painter_search.training.recipes.tuned_stages import STAGE_DECAY, TunedStages, layer_wise_rates
from painter_search.training.run import Run


def test_only_the_last_stages_change(tuned_run: Run) -> None:
    changed = changed_weights(tuned_run.folder / "epoch_02.safetensors", tuned_run.folder / "epoch_04.safetensors")
    assert changed == {
        "network.taps.trunk.layer4.0.weight",  # the convolution; its batch normalisation keeps what it has
    }
    before = changed_weights(tuned_run.folder / "epoch_01.safetensors", tuned_run.folder / "epoch_02.safetensors")
    assert before == {"network.readout.linear.weight", "network.readout.linear.bias"}


def test_every_epoch_is_measured_and_the_best_on_validation_artists_is_kept(tuned_run: Run) -> None:
    phases = [(metrics.epoch, metrics.phase) for metrics in tuned_run.history]
    assert phases[-4:] == [(3, "train"), (3, "validation"), (4, "train"), (4, "validation")]
    assert tuned_run.best_epoch == best_epoch(tuned_run.history, "all_negatives")
    assert changed_weights(tuned_run.best, tuned_run.folder / f"epoch_{tuned_run.best_epoch:02d}.safetensors") == set()


def test_works_are_embedded_from_the_stage_as_from_their_pictures(
    tuned_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[float] = []
    embed = TunedStages.embed

    def embed_both_ways(stages: TunedStages, paths: Sequence[Path]) -> NDArray[np.float32]:
        from_stage = embed(stages, paths)
        from_pictures = embed_all(copy.deepcopy(stages._encoder).eval(), paths)
        compared.append(float(np.linalg.norm(from_stage - from_pictures, axis=1).max()))
        return from_stage

    monkeypatch.setattr(TunedStages, "embed", embed_both_ways)
    train(tuned_config, name="compared")
    assert len(compared) == 2
    assert max(compared) < 0.02


def test_fine_tuning_that_an_earlier_version_began_is_resumed_to_the_same_bits(
    tuned_config: TrainConfig, tuned_run: Run
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tuned_config, interrupt_after(3), name="earlier")
    for file in (tuned_config.runs / "earlier").glob("*.safetensors"):
        content = read_checkpoint(file)
        if tuning := content.get("fine_tuning"):  # no average, and a group of the optimizer for every parameter
            del tuning["trained"]
            optimizer = tuning["optimizer"]
            groups = [{**group, "params": [one]} for group in optimizer["param_groups"] for one in group["params"]]
            optimizer["param_groups"] = groups
            torch.save(content, file.with_suffix(".pt"))
            file.unlink()
    resumed = train(tuned_config, name="earlier", resume=True)
    assert changed_weights(resumed.folder / "last.safetensors", tuned_run.folder / "last.safetensors") == set()
    assert resumed.test == tuned_run.test


def test_no_fine_tuning_where_the_backbone_has_no_learning_rate(tuned_config: TrainConfig) -> None:
    run = train(tuned_config, name="frozen", backbone_lr=0.0)
    assert max(metrics.epoch for metrics in run.history) == 2
    assert not list(run.folder.glob("*.partial*"))


def test_last_stages_that_cannot_be_told_apart_are_not_trained_and_it_is_said(
    tuned_config: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    register_tiny_backbone()
    run = train(tuned_config, name="stageless", backbone=BACKBONE, epochs=1)
    assert max(metrics.epoch for metrics in run.history) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"The stages of {BACKBONE} cannot be told apart, so its new layer alone is trained" in said


def test_losses_of_all_epochs_are_triplet_losses(tuned_run: Run) -> None:
    """Supervised contrast, which gives the gradients of the last two epochs, is near the logarithm of a batch."""
    losses = {metrics.epoch: metrics.loss for metrics in tuned_run.history if metrics.phase == "train"}
    assert losses.keys() == {2, 3, 4}
    assert max(losses.values()) < 0.5


def test_layer_wise_rates_fall_from_the_last_block_to_the_first() -> None:
    names = ["taps.trunk.blocks.5.0.conv.weight", "taps.trunk.blocks.5.1.conv.weight", "taps.trunk.conv_head.weight"]
    assert list(layer_wise_rates(names, 1.0).values()) == [STAGE_DECAY**2, STAGE_DECAY, 1.0]


def test_nearest_artists_are_of_the_same_collection_and_sorted_by_distance() -> None:
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(30), 3)
    embeddings = rng.normal(size=(90, 256)).astype(np.float32)
    groups = [np.arange(20), np.arange(20, 30)]
    found = nearest_artists(embeddings, artists, groups)
    means = torch.from_numpy(embeddings).view(30, 3, 256).double().mean(1)
    distances = torch.cdist(means, means).numpy()
    for group in groups:
        for artist in group:
            assert artist not in found[artist]
            assert set(found[artist]) <= set(group)
    others = [other for other in np.argsort(distances[0]) if other != 0 and other < 20]
    assert found[0].tolist() == others[:10]
    assert set(found[25]) == set(range(20, 30)) - {25}
