"""A small network on small synthetic paintings: does training do what it says, and resume to the same bits?"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.errors import UserError
from painter_search.training.recipe import TrainConfig
from painter_search.training.trainer import train_encoder

BACKBONE = "mobilenet_v3_small"  # has dropout, so that resuming must restore random numbers too


@pytest.fixture(scope="module")
def config(small_collection: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    runs = tmp_path_factory.mktemp("runs")
    return TrainConfig(
        data=(small_collection,), runs=runs, backbone=BACKBONE, weights="none",
        recipe="report", epochs=2, batch=16, rate=1e-3, workers=0, device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="module")
def unbroken(config: TrainConfig):
    return train_encoder(replace(config, name="unbroken"))


def test_a_run_holds_what_the_readme_says(unbroken) -> None:
    names = {path.name for path in unbroken.folder.iterdir()}
    assert {"config.json", "epoch_00.pt", "epoch_01.pt", "epoch_02.pt", "best.pt", "last.pt", "history.csv"} <= names
    assert "score.json" in names
    content = read_checkpoint(unbroken.folder / "last.pt")
    assert {"model", "optimizer", "step", "best_epoch", "config", "epoch", "encoder", "framing"} <= set(content)
    assert content["epoch"] == 2


def test_best_is_the_epoch_with_the_highest_validation_accuracy(unbroken) -> None:
    accuracies = {p.epoch: p.accuracy for p in unbroken.history if p.phase == "validation" and p.epoch}
    assert read_checkpoint(unbroken.best)["epoch"] == max(accuracies, key=lambda epoch: (accuracies[epoch], -epoch))


def test_every_epoch_has_a_training_and_a_validation_phase(unbroken) -> None:
    assert [(p.epoch, p.phase) for p in unbroken.history] == [
        (0, "validation"), (1, "train"), (1, "validation"), (2, "train"), (2, "validation"),
    ]  # fmt: skip
    assert all(0 <= p.accuracy <= 1 for p in unbroken.history)


def test_the_test_score_has_intervals_and_the_untrained_baseline(unbroken) -> None:
    test = unbroken.test
    assert test is not None
    for found in (test.accuracy, test.all_negatives, test.recall_1):
        assert found.untrained.low <= found.untrained.value <= found.untrained.high
        assert found.difference.value == pytest.approx(found.trained.value - found.untrained.value)


def test_a_broken_run_resumes_to_the_same_bits(config: TrainConfig, unbroken) -> None:
    def interrupt(folder: Path, history) -> None:
        if history[-1].epoch == 1:
            raise KeyboardInterrupt

    broken = replace(config, name="broken")
    with pytest.raises(KeyboardInterrupt):
        train_encoder(broken, on_epoch=interrupt)
    with pytest.raises(UserError, match="--resume"):
        train_encoder(broken)
    resumed = train_encoder(replace(broken, resume=True))
    assert_same_weights(resumed.folder / "last.pt", unbroken.folder / "last.pt")
    assert resumed.test == unbroken.test
    assert resumed.best_epoch == unbroken.best_epoch


def test_the_number_of_workers_changes_no_bit(config: TrainConfig, unbroken) -> None:
    other = train_encoder(replace(config, name="workers", workers=2))
    assert_same_weights(other.folder / "last.pt", unbroken.folder / "last.pt")


def test_resuming_with_other_settings_is_refused_by_name(config: TrainConfig, unbroken) -> None:
    with pytest.raises(UserError, match=r"--(backbone-)?rate 0\.001, not 0\.01"):
        train_encoder(replace(config, name="unbroken", resume=True, rate=0.01))


def test_a_finished_run_is_not_overwritten(config: TrainConfig, unbroken) -> None:
    with pytest.raises(UserError, match="finished run"):
        train_encoder(replace(config, name="unbroken"))


def test_a_triplet_of_unknown_paintings_is_counted_and_named(config: TrainConfig, tmp_path: Path) -> None:
    table = tmp_path / "triplets.csv"
    table.write_text("anchor,positive,negative\nx.jpg,y.jpg,z.jpg\n")
    with pytest.raises(UserError, match=r"3 of the 3 paintings.*x\.jpg"):
        train_encoder(replace(config, name="unknown", train_triplets=table))


def test_a_folder_that_is_no_collection_is_refused(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no prepared collection"):
        train_encoder(replace(config, name="nothing", data=(tmp_path,)))


def assert_same_weights(left: Path, right: Path) -> None:
    ours, theirs = read_checkpoint(left)["model"], read_checkpoint(right)["model"]
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_weights_that_cannot_be_had_leave_no_unfinished_run(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        train_encoder(replace(config, runs=tmp_path, weights=str(tmp_path / "missing.pth")))
    assert not list(tmp_path.iterdir())


def test_a_frozen_backbone_keeps_every_weight_and_statistic_but_the_new_layers(config: TrainConfig) -> None:
    run = train_encoder(replace(config, name="frozen", backbone_rate=0.0, epochs=1))
    before = read_checkpoint(run.folder / "epoch_00.pt")["model"]
    after = read_checkpoint(run.folder / "last.pt")["model"]
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"network.classifier.3.weight", "network.classifier.3.bias"}
