"""The training loop with the report's recipe: what a run holds, resuming to the same bits, and what is refused."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from staged_net import StagedNet
from training_runs import changed_weights, interrupt_after, train, train_with_loaders

from painter_search.collection.collection import Collection
from painter_search.common.errors import InvalidValueError, NotFoundError, PainterSearchError, UnknownWorkError
from painter_search.encoder.checkpoint import read_checkpoint, training_state
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.trained_artists import digest_artists
from painter_search.training import trainer
from painter_search.training.config import TrainConfig
from painter_search.training.recipes import report
from painter_search.training.run import Run, is_finished
from painter_search.training.trainer import train_encoder


def test_train_encoder_writes_the_files_that_the_readme_names(report_run: Run) -> None:
    names = {path.name for path in report_run.folder.iterdir()}
    assert {
        "config.json",
        "epoch_00.safetensors",
        "epoch_01.safetensors",
        "epoch_02.safetensors",
        "best.safetensors",
        "last.safetensors",
        "history.csv",
    } <= names
    assert "score.json" in names
    content = read_checkpoint(report_run.folder / "last.safetensors")
    assert {"model", "optimizer", "step", "best_epoch", "config", "epoch", "encoder", "framing"} <= set(content)
    assert content["epoch"] == 2


@pytest.mark.parametrize("run", ["report_run", "strong_run"])
def test_every_checkpoint_tells_the_artists_that_it_learned_from_by_digests(
    run: str, small_collection: Path, request: pytest.FixtureRequest
) -> None:
    finished: Run = request.getfixturevalue(run)
    trained = digest_artists(work.artist for work in Collection.open(small_collection).works("train"))
    for file in finished.folder.glob("*.safetensors"):
        assert load_encoder(file).trained_artists == trained  # of which some are validated on
        assert b"Painter 1" not in file.read_bytes()


@pytest.mark.parametrize(("run", "metric"), [("report_run", "accuracy"), ("strong_run", "all_negatives")])
def test_best_epoch_has_the_highest_validation_metric_of_its_recipe(
    run: str, metric: str, request: pytest.FixtureRequest
) -> None:
    finished: Run = request.getfixturevalue(run)
    scores = {m.epoch: getattr(m, metric) for m in finished.history if m.phase == "validation" and m.epoch}
    assert finished.best_epoch == max(scores, key=lambda epoch: (scores[epoch], -epoch))
    assert read_checkpoint(finished.best)["epoch"] == finished.best_epoch


def test_history_has_a_training_and_a_validation_phase_for_every_epoch(report_run: Run) -> None:
    assert [(metrics.epoch, metrics.phase) for metrics in report_run.history] == [
        (0, "validation"), (1, "train"), (1, "validation"), (2, "train"), (2, "validation"),
    ]  # fmt: skip
    assert all(0 <= metrics.accuracy <= 1 for metrics in report_run.history)


def test_test_score_has_intervals_and_the_untrained_baseline(report_run: Run) -> None:
    assert report_run.test is not None
    for compared in (report_run.test.accuracy, report_run.test.all_negatives, report_run.test.recall_1):
        assert compared.untrained.low <= compared.untrained.value <= compared.untrained.high
        assert compared.difference.value == pytest.approx(compared.trained.value - compared.untrained.value)


@pytest.mark.parametrize(("recipe", "epoch"), [("report", 1), ("strong", 1), ("strong", 2), ("tuned", 2), ("tuned", 3)])
@pytest.mark.slow
def test_resumed_run_has_the_bits_of_an_unbroken_one(recipe: str, epoch: int, request: pytest.FixtureRequest) -> None:
    """The network has dropout, so that resuming the report's recipe must restore random numbers, too."""
    config: TrainConfig = request.getfixturevalue(f"{recipe}_config")
    unbroken: Run = request.getfixturevalue(f"{recipe}_run")
    broken = replace(config, name=f"broken-{recipe}-{epoch}")
    with pytest.raises(KeyboardInterrupt):
        train(broken, interrupt_after(epoch))
    with pytest.raises(InvalidValueError, match="resume"):
        train(broken)
    if recipe == "tuned":  # what was read of the backbone before its last stages moved is read again
        for file in (broken.runs / str(broken.name)).glob("*.partial*"):
            file.unlink()
    resumed = train(broken, resume=True)
    assert changed_weights(resumed.folder / "last.safetensors", unbroken.folder / "last.safetensors") == set()
    assert resumed.test == unbroken.test
    assert resumed.best_epoch == unbroken.best_epoch


@pytest.mark.parametrize("recipe", ["report", "strong"])
@pytest.mark.slow
def test_run_that_an_earlier_version_began_is_resumed_to_the_same_bits(
    recipe: str, request: pytest.FixtureRequest
) -> None:
    unbroken: Run = request.getfixturevalue(f"{recipe}_run")
    old = replace(request.getfixturevalue(f"{recipe}_config"), name=f"old-{recipe}")
    with pytest.raises(KeyboardInterrupt):
        train(old, interrupt_after(1))
    folder = old.runs / f"old-{recipe}"
    for path in folder.glob("*.safetensors"):  # as torch.save wrote them
        torch.save(read_checkpoint(path), path.with_suffix(".pt"))
        path.unlink()
    resumed = train(old, resume=True)
    assert changed_weights(resumed.folder / "last.safetensors", unbroken.folder / "last.safetensors") == set()
    assert resumed.test == unbroken.test
    assert not list(folder.glob("*.pt"))


@pytest.mark.parametrize("run", ["report_run", "strong_run"])
def test_the_last_two_checkpoints_alone_hold_what_is_resumed_from(run: str, request: pytest.FixtureRequest) -> None:
    finished: Run = request.getfixturevalue(run)
    holding = [path.name for path in sorted(finished.folder.glob("epoch_*")) if training_state(read_checkpoint(path))]
    last = finished.history[-1].epoch
    assert holding == [f"epoch_{epoch:02d}.safetensors" for epoch in (last - 1, last)]


def test_a_run_without_its_last_checkpoint_is_resumed_from_the_one_before(
    strong_config: TrainConfig, strong_run: Run
) -> None:
    folder = shutil.copytree(strong_run.folder, strong_config.runs / "without-last")
    for name in ("epoch_03.safetensors", "last.safetensors", "score.json"):
        (folder / name).unlink()
    resumed = train(strong_config, name="without-last", resume=True)
    assert changed_weights(folder / "last.safetensors", strong_run.folder / "last.safetensors") == set()
    assert resumed.test == strong_run.test
    assert not training_state(read_checkpoint(folder / "epoch_01.safetensors"))


def test_a_run_without_its_last_two_checkpoints_cannot_be_resumed(strong_config: TrainConfig, strong_run: Run) -> None:
    folder = shutil.copytree(strong_run.folder, strong_config.runs / "without-two")
    for name in ("epoch_02.safetensors", "epoch_03.safetensors", "score.json"):
        (folder / name).unlink()
    with pytest.raises(InvalidValueError, match=r"epoch_01\.safetensors no longer holds what training goes on from"):
        train(strong_config, name="without-two", resume=True)
    assert (folder / "epoch_01.safetensors").is_file()


@pytest.mark.slow
def test_number_of_loader_processes_changes_no_bit(report_config: TrainConfig, report_run: Run) -> None:
    other = train_with_loaders(report_config, "workers", workers=2)
    assert changed_weights(other / "last.safetensors", report_run.folder / "last.safetensors") == set()


def test_resuming_with_another_setting_is_refused_and_names_its_flag(
    report_config: TrainConfig, report_run: Run
) -> None:
    with pytest.raises(InvalidValueError) as raised:
        train(report_config, name="unbroken", resume=True, lr=0.01)
    assert "was begun with --backbone-lr 0.001, not 0.01" in raised.value.command_line


@pytest.mark.slow
def test_resuming_with_more_epochs_depends_on_the_recipe(
    report_config: TrainConfig, strong_config: TrainConfig, strong_run: Run
) -> None:
    """Strong's learning rate follows a schedule that ends with the last epoch; the report's is constant."""
    with pytest.raises(InvalidValueError, match="epochs 3, not 5"):
        train(strong_config, name="unbroken", resume=True, epochs=5)
    train(report_config, name="longer", epochs=1)
    longer = train(report_config, name="longer", resume=True)
    assert longer.history[-1].epoch == 2


def test_a_finished_run_that_goes_on_counts_as_unfinished_until_its_end(
    report_config: TrainConfig, report_run: Run
) -> None:
    folder = shutil.copytree(report_run.folder, report_config.runs / "going-on")
    longer = replace(report_config, name="going-on", epochs=3, patience=5, resume=True)
    with pytest.raises(KeyboardInterrupt):
        train(longer, interrupt_after(3))
    assert not is_finished(folder)  # best.safetensors has lost its calibration
    train(longer)
    resolved = Run.load(folder).config.resolved
    assert (resolved.epochs, resolved.patience) == (3, 5)


def test_a_run_begun_without_a_scaler_of_gradients_goes_on_with_one(
    report_config: TrainConfig, report_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(report_run.folder, report_config.runs / "scaled")
    monkeypatch.setattr(report, "needs_scaler", lambda device: True)
    run = train(report_config, name="scaled", epochs=3, resume=True)
    assert read_checkpoint(run.folder / "last.safetensors")["scaler"]


def test_several_processes_leave_no_unfinished_run_of_the_report(
    report_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "world_size", lambda: 2)
    with pytest.raises(InvalidValueError, match="trains in one process"):
        train(report_config, name="several")
    assert not (report_config.runs / "several").exists()


def test_a_network_that_cannot_be_exported_is_not_trained_on_a_gpu(
    report_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(network: object) -> bytes:
        raise InvalidValueError("it cannot be exported.")

    monkeypatch.setattr(trainer, "pick_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(trainer, "export_encoder", refuse)
    with pytest.raises(InvalidValueError, match="cannot be exported"):
        train(report_config, name="exported")
    assert not (report_config.runs / "exported").exists()


def test_settings_that_are_refused_before_the_first_epoch_leave_no_run(
    report_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> object:
        raise InvalidValueError("it cannot be exported.")

    with monkeypatch.context() as patched:
        patched.setattr(trainer._Trainer, "train", refuse)
        with pytest.raises(InvalidValueError, match="cannot be exported"):
            train(report_config, name="refused")
    assert not (report_config.runs / "refused").exists()


def test_a_backbone_that_refuses_small_views_leaves_no_run(
    strong_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(network: StagedNet, images: object) -> object:
        raise AssertionError

    monkeypatch.setattr(StagedNet, "forward", refuse)
    with pytest.raises(InvalidValueError, match=r"backbone tiny_staged_net gives no features .*choose another"):
        train(strong_config, name="refusing")
    assert not (strong_config.runs / "refusing").exists()


def test_a_finished_run_is_not_overwritten(report_config: TrainConfig, report_run: Run) -> None:
    with pytest.raises(InvalidValueError, match="finished run"):
        train(report_config, name="unbroken")


@pytest.mark.slow
def test_a_run_without_a_name_is_numbered(report_config: TrainConfig, tmp_path: Path) -> None:
    config = replace(report_config, runs=tmp_path, epochs=1)
    first, second = train(config), train(config)
    assert (first.folder.name, second.folder.name) == ("report", "report-2")


def test_triplets_of_unknown_paintings_are_counted_and_named(report_config: TrainConfig, tmp_path: Path) -> None:
    table = tmp_path / "triplets.csv"
    table.write_text("anchor,positive,negative\nx.jpg,y.jpg,z.jpg\n")
    with pytest.raises(UnknownWorkError, match=r"3 of the 3 paintings.*x\.jpg"):
        train(report_config, name="unknown", train_triplets=table)
    assert not (report_config.runs / "unknown").exists()


def test_a_folder_without_a_collection_is_refused(report_config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(PainterSearchError, match="holds no prepared collection"):
        train(report_config, name="nothing", data=(tmp_path,))


def test_a_collection_named_twice_is_refused(report_config: TrainConfig, small_collection: Path) -> None:
    twice = replace(report_config, data=(small_collection, small_collection / ".." / small_collection.name))
    with pytest.raises(InvalidValueError, match="names a collection twice"):
        train_encoder(twice)


def test_weights_that_do_not_exist_leave_no_unfinished_run(report_config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        train(report_config, runs=tmp_path, weights=str(tmp_path / "missing.pth"))
    assert not list(tmp_path.iterdir())


def test_backbone_lr_0_changes_only_the_new_layer(report_config: TrainConfig) -> None:
    run = train(report_config, name="frozen", backbone_lr=0.0, epochs=1)
    changed = changed_weights(run.folder / "epoch_00.safetensors", run.folder / "last.safetensors")
    assert changed == {"network.fc.weight", "network.fc.bias"}
