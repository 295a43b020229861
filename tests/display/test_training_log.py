"""`train --log`: what TensorBoard's files hold, and what is logged to Weights & Biases and MLflow."""

from __future__ import annotations

import math
import shutil
import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from staged_net import BACKBONE, register_staged_backbone

from painter_search.collection.collection import Collection
from painter_search.common.errors import MissingPackageError
from painter_search.display.trackers import PACKAGES
from painter_search.display.training_log import METRICS, open_training_log
from painter_search.train import main
from painter_search.training.final_scores import Confusion
from painter_search.training.run import Run


def read_events(folder: Path) -> Iterator[Any]:
    """The values of the only event file: each record is a length of 8 bytes, 4 bytes, the event, and 4 bytes."""
    from tensorboardX.proto.event_pb2 import Event

    (file,) = folder.glob("events.out.tfevents.*")
    content, at = file.read_bytes(), 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        event = Event.FromString(content[at + 12 : at + 12 + length])
        yield from ((event.step, value) for value in event.summary.value)
        at += 16 + length


@pytest.fixture(scope="module")
def logged(small_collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was trained with `--log tensorboard`, by the command."""
    pytest.importorskip("tensorboardX")
    register_staged_backbone()
    runs = tmp_path_factory.mktemp("runs")
    flags = ["--backbone", BACKBONE, "--weights", "none", "--img-size", "64", "--epochs", "2", "--batch-size", "8"]
    places = ["--data", str(small_collection), "--runs", str(runs), "--name", "logged", "--device", "cpu"]
    assert main([*flags, *places, "--log", "tensorboard", "--quiet"]) == 0
    return Run.load(runs / "logged")


@pytest.mark.slow
def test_event_file_holds_the_history_and_the_scores(logged: Run) -> None:
    scalars = {(value.tag, step): value.simple_value for step, value in read_events(logged.folder / "tensorboard")}
    for metrics in logged.history:
        assert scalars[f"{metrics.phase}/loss", metrics.epoch] == pytest.approx(metrics.loss, abs=1e-5)
    assert logged.test is not None
    assert scalars["test/recall_1", logged.best_epoch] == pytest.approx(logged.test.recall_1.trained.value, abs=1e-6)


def with_a_confusion(run: Run, collection: Path) -> Run:
    """The run, of this collection, as if it had confused two of the works."""
    one, other = (str(path) for path in sorted((collection / "frames").iterdir())[:2])
    assert run.test is not None
    score = replace(run.test, confusions=[Confusion(one, "Ada", other, "Bob & Co", 0.1, 0.2)])
    return replace(run, test=score, config=replace(run.config, data=(collection,)))


def test_event_file_holds_the_worst_confusions_as_pictures(logged: Run, small_collection: Path, tmp_path: Path) -> None:
    shutil.copy(logged.best, tmp_path / "best.pt")
    log = open_training_log(["tensorboard"])
    log.on_epoch(tmp_path, logged.history)
    log.on_end(replace(with_a_confusion(logged, small_collection), folder=tmp_path))
    values = [value for _, value in read_events(tmp_path / "tensorboard")]
    (picture,) = (value.image for value in values if value.HasField("image"))
    captions = [value.tensor.string_val[0].decode() for value in values if value.tensor.string_val]
    assert (picture.width, picture.height) == (512, 256)
    assert captions == ["Ada, nearest to Bob & Co"]


def test_projector_has_a_row_a_work_with_its_artist_and_a_sprite(logged: Run) -> None:
    folder = logged.folder / "tensorboard"
    assert "sprite" in (folder / "projector_config.pbtxt").read_text()
    (tensors,), (metadata,) = folder.rglob("tensors.tsv"), folder.rglob("metadata.tsv")
    rows = [line.split("\t") for line in tensors.read_text().splitlines()]
    labels = metadata.read_text(encoding="utf-8").splitlines()
    assert {len(row) for row in rows} == {256}
    assert len(rows) == len(labels) > 4
    assert len(set(labels)) > 1
    assert [file.name for file in folder.rglob("sprite.png")] == ["sprite.png"]


def test_resumed_training_leaves_one_event_file_with_every_epoch_once(logged: Run, tmp_path: Path) -> None:
    for _ in range(2):  # the second one finds the first one's file
        log = open_training_log(["tensorboard"])
        log.on_epoch(tmp_path, logged.history[:1])
        log.on_epoch(tmp_path, logged.history)
    told = [(value.tag, step) for step, value in read_events(tmp_path / "tensorboard")]
    assert len(told) == len(set(told))
    assert {step for _, step in told} == {metrics.epoch for metrics in logged.history}


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_other_trackers_log_the_same(
    name: Any, logged: Run, small_collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = MagicMock(__file__=f"{name}.py")
    monkeypatch.setitem(sys.modules, name, package)
    run = with_a_confusion(logged, small_collection)
    log = open_training_log([name])
    log.on_epoch(run.folder, run.history)
    log.on_end(run)
    scalars, captions, picture, rows = (told_to_wandb if name == "wandb" else told_to_mlflow)(package)
    assert run.test is not None
    measured = {
        (f"{metrics.phase}/{field}", metrics.epoch): getattr(metrics, field)
        for metrics in run.history for field in METRICS if math.isfinite(getattr(metrics, field))
    }  # fmt: skip
    assert {told: scalars[told] for told in measured} == measured
    assert scalars["test/recall_1", run.best_epoch] == run.test.recall_1.trained.value
    assert captions == ["Ada, nearest to Bob & Co"]
    assert picture.shape == (256, 512, 3)
    assert rows == len(Collection.open(small_collection).works("test"))
    (package.init.return_value.finish if name == "wandb" else package.end_run).assert_called_once()


Told = tuple[dict[tuple[str, int], float], list[str], Any, int]
"""Scalars by name and epoch, the captions of pictures, the last picture, and the rows of the table of test works."""


def told_to_wandb(package: MagicMock) -> Told:
    told = [call.args[0] for call in package.init.return_value.log.call_args_list]
    scalars = {(name, values["epoch"]): values[name] for values in told if "epoch" in values for name in values}
    captioned = [call for call in package.Image.call_args_list if call.kwargs]
    table = package.Table.call_args.kwargs
    assert {len(row) for row in table["data"]} == {len(table["columns"])}
    return scalars, [call.kwargs["caption"] for call in captioned], captioned[-1].args[0], len(table["data"])


def told_to_mlflow(package: MagicMock) -> Told:
    scalars = {
        (name, call.kwargs["step"]): value
        for call in package.log_metrics.call_args_list for name, value in call.args[0].items()
    }  # fmt: skip
    captions = [call.args[1] for call in package.set_tag.call_args_list]
    table = package.log_table.call_args.args[0]
    assert len(table["artist"]) == len(table["embedding"])
    return scalars, captions, package.log_image.call_args.args[0], len(table["artist"])


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "mlflow"])
def test_missing_package_is_named_before_the_training(name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX" if name == "tensorboard" else name, None)
    with pytest.raises(MissingPackageError, match="pip install"):
        open_training_log([name])


def test_folder_that_is_called_like_a_package_is_not_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "not_installed").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(PACKAGES, "wandb", ("not_installed", "wandb"))
    with pytest.raises(MissingPackageError, match="pip install 'wandb'"):
        open_training_log(["wandb"])
