"""Fine-tuning of the whole network: everything but batch normalisation learns, then the readout is fitted anew."""

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tiny_world import BACKBONE, register_tiny_backbone
from training_runs import changed_weights, interrupt_after, train

from painter_search.display.words.run_summary import run_sentences
from painter_search.encoder.checkpoint import network_of_checkpoint, read_checkpoint
from painter_search.encoder.inference.embedding import embed_all
from painter_search.training import trainer
from painter_search.training.config import TrainConfig
from painter_search.training.recipes import tuned_network
from painter_search.training.recipes.fine_tuning import FineTuning
from painter_search.training.recipes.strong import StrongRecipe
from painter_search.training.recipes.tuned_network import TunedNetwork
from painter_search.training.run import Run
from painter_search.training.trainer import train_encoder


@pytest.fixture(scope="module")
def whole_config(strong_config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    """Two epochs of the readout, two of the whole network, two of the readout fitted anew."""
    # A folder of this process: each one that runs some of these tests trains for itself.
    config = replace(strong_config, runs=tmp_path_factory.mktemp("whole"), epochs=2, finetune_epochs=2)
    return replace(config, finetune="whole-network", backbone_lr=1e-3)


@pytest.fixture(scope="module")
def whole_run(whole_config: TrainConfig) -> Run:
    return train(whole_config, name="whole")


def test_the_network_learns_and_then_the_readout_anew(whole_run: Run) -> None:
    phases = [(metrics.epoch, metrics.phase) for metrics in whole_run.history if metrics.epoch > 2]
    assert phases == [
        (3, "train"), (3, "validation"), (4, "train"), (4, "validation"),
        (5, "validation"), (6, "train"), (6, "validation"),
    ]  # fmt: skip
    epochs = [whole_run.folder / f"epoch_{epoch:02d}.safetensors" for epoch in range(7)]
    layer = {"network.readout.linear.weight", "network.readout.linear.bias"}
    tuned = changed_weights(epochs[2], epochs[4])
    assert layer < tuned
    convolutions = {name for name in read_checkpoint(epochs[2])["model"] if name.endswith((".0.weight", "conv.weight"))}
    assert convolutions <= tuned
    normalizing = {name for name, value in read_checkpoint(epochs[2])["model"].items() if "running" in name}
    assert not normalizing & tuned
    assert changed_weights(epochs[4], epochs[5]) == layer | {"network.readout.center", "network.readout.scale"}
    assert changed_weights(epochs[5], epochs[6]) == layer


@pytest.mark.slow
def test_works_are_embedded_from_the_features_of_the_network_as_it_is(
    whole_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[float] = []
    embed = StrongRecipe.embed

    def embed_both_ways(recipe, encoder, paths):
        embedded = embed(recipe, encoder, paths)
        if encoder.config.head == "readout":
            compared.append(float(np.linalg.norm(embedded - embed_all(encoder.eval(), paths), axis=1).max()))
        return embedded

    monkeypatch.setattr(StrongRecipe, "embed", embed_both_ways)
    train(whole_config, name="whole-compared")
    assert len(compared) >= 6
    assert max(compared) < 0.02


@pytest.mark.parametrize("epoch", [4, 6])
@pytest.mark.slow
def test_resumed_run_has_the_bits_of_an_unbroken_one(whole_config: TrainConfig, whole_run: Run, epoch: int) -> None:
    broken = replace(whole_config, name=f"broken-{epoch}")
    with pytest.raises(KeyboardInterrupt):
        train_encoder(broken, on_epoch=interrupt_after(epoch))
    resumed = train_encoder(replace(broken, resume=True))
    assert resumed is not None
    assert changed_weights(resumed.folder / "last.safetensors", whole_run.folder / "last.safetensors") == set()
    assert resumed.test == whole_run.test


def test_a_best_epoch_before_the_last_fine_tuned_one_is_not_scored_on_the_last_ones_features(
    whole_config: TrainConfig, whole_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(whole_run.folder, whole_config.runs / "earlier")
    monkeypatch.setattr(trainer, "best_epoch", lambda history, metric: 3)
    training_works, embed, served = StrongRecipe.training_works, StrongRecipe.embed, []

    def then_recorded(recipe, encoder):
        works = training_works(recipe, encoder)  # loads the best epoch into the recipe's encoder
        monkeypatch.setattr(StrongRecipe, "embed", recorded)
        return works

    def recorded(recipe, encoder, paths):
        served.append(recipe._seen_by(encoder))
        return embed(recipe, encoder, paths)

    monkeypatch.setattr(StrongRecipe, "training_works", then_recorded)
    run = train(whole_config, name="earlier", resume=True)
    assert (run.folder, run.best_epoch) == (folder, 3)
    untrained, trained = served  # the test works by both
    assert untrained is not None
    assert trained is None


def test_a_network_without_stages_is_trained_as_a_whole(
    whole_config: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    register_tiny_backbone()
    run = train(whole_config, name="stageless", backbone=BACKBONE, epochs=1, finetune_epochs=1)
    assert [metrics.epoch for metrics in run.history if metrics.phase == "train"] == [2]
    assert "cannot be told apart" not in capsys.readouterr().err


def test_kept_weights_are_an_average_of_the_trained_ones(
    whole_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[dict[str, torch.Tensor]] = []
    training_step = FineTuning._training_step

    def recorded(tuning: FineTuning[Any], *batch: Any) -> None:
        training_step(tuning, *batch)
        steps.append(tuning._weights())

    monkeypatch.setattr(FineTuning, "_training_step", recorded)
    monkeypatch.setattr(TunedNetwork, "averaging", 1 - 1e-9)  # all steps count alike, and the weights before do not
    averaged = replace(whole_config, name="averaged")
    with pytest.raises(KeyboardInterrupt):
        train(averaged, interrupt_after(4))
    file = averaged.runs / "averaged" / "epoch_04.safetensors"
    kept = network_of_checkpoint(read_checkpoint(file), file).network.state_dict()
    assert len(steps) > 1
    for name, last in steps[-1].items():
        torch.testing.assert_close(kept[name], torch.stack([weights[name] for weights in steps]).mean(0))
        assert name.endswith("bias") or not torch.equal(kept[name], last)


@pytest.mark.parametrize(("best", "end"), [(2, "so the network was left as it came."), (3, "so that was kept.")])
def test_the_run_says_whether_the_trained_network_was_kept(whole_run: Run, best: int, end: str) -> None:
    sentence = run_sentences(replace(whole_run, best_epoch=best))[-1]
    assert sentence.startswith("Training the whole network, too, told works")
    assert sentence.endswith(end)


@pytest.mark.parametrize(
    ("device", "bfloat16", "holds"),
    [("cpu", True, False), ("mps", True, False), ("cuda", True, True), ("cuda", False, False)],
)
def test_only_a_gpu_with_bfloat16_holds_the_activations_of_a_batch(
    device: str, bfloat16: bool, holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: bfloat16)
    assert tuned_network.holds_a_batch(torch.device(device)) is holds


def test_activations_of_a_part_of_a_batch_are_held_and_gradients_are_those_of_all(
    whole_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = whole_run.folder / "epoch_02.safetensors"
    encoder = network_of_checkpoint(read_checkpoint(path), path)
    crops = torch.rand(7, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
    together: list[int] = []
    encoder.register_forward_pre_hook(lambda _, inputs: together.append(len(inputs[0])))

    def embed_and_differentiate(at_once: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
        monkeypatch.setattr(tuned_network, "CROPS_AT_ONCE", at_once)
        part = TunedNetwork(encoder, {}, [], 1e-3)  # type: ignore[arg-type]
        embeddings = part._embed_crops(crops)
        weights = list(part.parameters().values())
        for weight in weights:
            weight.requires_grad_(True)
        gradients = torch.autograd.grad((embeddings[:3] - embeddings[3:6]).square().sum(), weights, allow_unused=True)
        return embeddings.detach(), [gradient for gradient in gradients if gradient is not None]

    all_at_once, expected = embed_and_differentiate(7)
    together.clear()
    in_parts, found = embed_and_differentiate(2)
    assert max(together) == 2
    torch.testing.assert_close(in_parts, all_at_once)
    assert len(found) == len(expected) > 3
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)
