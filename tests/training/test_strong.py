"""The strong recipe on small synthetic paintings."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from painter_search.collection.collection import Collection
from painter_search.encoder.checkpoint import load_encoder, read_checkpoint
from painter_search.errors import UserError
from painter_search.training import statistics
from painter_search.training.dataset import gather_triplets, gather_works
from painter_search.training.recipe import TrainConfig
from painter_search.training.trainer import train_encoder


@pytest.fixture(scope="module")
def config(small_collection: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    return TrainConfig(
        data=(small_collection,), runs=tmp_path_factory.mktemp("runs"), backbone="resnet18", weights="none",
        image_side=64, epochs=3, batch=8, workers=0, device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="module")
def unbroken(config: TrainConfig):
    return train_encoder(replace(config, name="unbroken"))


def test_the_first_epoch_fits_and_the_others_take_steps(unbroken) -> None:
    assert [(p.epoch, p.phase) for p in unbroken.history] == [
        (0, "validation"), (1, "validation"), (2, "train"), (2, "validation"), (3, "train"), (3, "validation"),
    ]  # fmt: skip
    assert read_checkpoint(unbroken.folder / "last.pt")["step"] == 48
    assert unbroken.test is not None
    assert all(confusion.distance < confusion.own_distance for confusion in unbroken.test.confusions)


def test_only_the_readout_moves_and_what_is_kept_lies_halfway(unbroken) -> None:
    fitted = read_checkpoint(unbroken.folder / "epoch_01.pt")["model"]
    last = read_checkpoint(unbroken.folder / "epoch_03.pt")
    moved = {f"network.readout.linear.{name}": value for name, value in last["moved"].items()}
    changed = {name for name in fitted if not torch.equal(fitted[name], last["model"][name])}
    assert changed == {"network.readout.linear.weight", "network.readout.linear.bias"}
    for name in changed:
        torch.testing.assert_close(last["model"][name], (fitted[name] + moved[name]) / 2)


def test_the_kept_encoder_embeds_on_the_sphere_and_knows_its_views(unbroken) -> None:
    encoder, _ = load_encoder(unbroken.best)
    assert (encoder.config.views, encoder.config.unit, encoder.config.head) == ("parts", True, "readout")
    embeddings = encoder.embed(np.zeros((1, 3, 64, 64), np.uint8))
    assert np.linalg.norm(embeddings) == pytest.approx(1, abs=1e-5)


def test_the_best_epoch_is_the_one_with_the_highest_accuracy_against_every_negative(unbroken) -> None:
    scores = {p.epoch: p.all_negatives for p in unbroken.history if p.phase == "validation" and p.epoch}
    assert unbroken.best_epoch == max(scores, key=lambda epoch: (scores[epoch], -epoch))


@pytest.mark.parametrize("after", [1, 2])
def test_a_broken_run_resumes_to_the_same_bits(config: TrainConfig, unbroken, after: int) -> None:
    def interrupt(folder: Path, history) -> None:
        if history[-1].epoch == after:
            raise KeyboardInterrupt

    broken = replace(config, name=f"broken-{after}")
    with pytest.raises(KeyboardInterrupt):
        train_encoder(broken, on_epoch=interrupt)
    resumed = train_encoder(replace(broken, resume=True))
    ours = read_checkpoint(resumed.folder / "last.pt")["model"]
    theirs = read_checkpoint(unbroken.folder / "last.pt")["model"]
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert resumed.test == unbroken.test


def test_a_longer_schedule_is_another_run(config: TrainConfig, unbroken) -> None:
    with pytest.raises(UserError, match="--epochs 3, not 5"):
        train_encoder(replace(config, name="unbroken", resume=True, epochs=5))


def test_what_strong_has_no_use_for_is_refused(config: TrainConfig) -> None:
    for flag in ({"augment": "flips"}, {"backbone_rate": 1e-4}, {"train_triplets": Path("t.csv")}):
        with pytest.raises(UserError, match="--recipe report"):
            replace(config, **flag)


def test_a_painting_passes_the_backbone_once_however_long_the_training(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = statistics._statistics
    monkeypatch.setattr(statistics, "_statistics", lambda *given: seen.append(len(given[-1])) or real(*given))
    run = train_encoder(replace(config, name="once", epochs=4))
    collection = Collection.open(config.data[0])
    (works,) = gather_works([collection], apart=gather_triplets([collection], "validation", None))
    assert sum(seen) == sum(map(len, works.values()))
    assert not list(run.folder.glob("*.partial*"))


def test_neither_validation_nor_test_artists_are_trained_on(small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    validating = gather_triplets([collection], "validation", None)
    (works,) = gather_works([collection], apart=validating)
    held = set(validating.owners.values()) | {work.artist for work in collection.works("test")}
    assert held
    assert not held & set(works)
    assert set(works) | held == {work.artist for work in collection.works("all")}
    assert sum(map(len, works.values())) == sum(work.artist in works for work in collection.works("train"))


TORCHRUN = """
import sys
from pathlib import Path
from painter_search.training.recipe import TrainConfig
from painter_search.training.trainer import train_encoder
train_encoder(TrainConfig(
    data=(Path(sys.argv[1]),), runs=Path(sys.argv[2]), name=sys.argv[3], backbone="resnet18", weights="none",
    image_side=64, epochs=3, batch=8, workers=0, device="cpu",
))
"""


def start(
    script: Path, *arguments: object, nodes: int = 1, port: int = 0, folder: Path | None = None
) -> subprocess.Popen:
    """One machine's part of a training on so many, whose first listens at a port; each has one process."""
    launch = ["-m", "torch.distributed.run", "--nnodes", str(nodes), "--nproc-per-node", "1"]
    launch += ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}"]
    return subprocess.Popen(
        [sys.executable, *(launch if nodes > 1 else []), str(script), *map(str, arguments)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, cwd=folder,
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(TORCHRUN, encoding="utf-8")
    return path


def test_two_machines_train_as_one(script: Path, small_collection: Path, tmp_path: Path) -> None:
    """The same batches, shared, with negatives gathered across processes: the same encoder to rounding."""
    port = free_port()
    for name, nodes in (("alone", 1), ("together", 2)):
        parts = [start(script, small_collection, tmp_path, name, nodes=nodes, port=port) for _ in range(nodes)]
        for part in parts:
            _, complaint = part.communicate(timeout=300)
            assert part.returncode == 0, complaint[-3000:]
    alone, together = (read_checkpoint(tmp_path / name / "last.pt")["model"] for name in ("alone", "together"))
    fitted = read_checkpoint(tmp_path / "alone" / "epoch_01.pt")["model"]
    for name in alone:
        torch.testing.assert_close(together[name], alone[name], atol=5e-4, rtol=1e-3)
    moved = (alone["network.readout.linear.weight"] - fitted["network.readout.linear.weight"]).abs().max()
    assert moved > 3e-3


def test_machines_that_do_not_share_the_folder_of_runs_are_told_so(
    script: Path, small_collection: Path, tmp_path: Path
) -> None:
    port = free_port()
    machines = [tmp_path / "a", tmp_path / "b"]
    parts = []
    for machine in machines:
        machine.mkdir()
        parts.append(start(script, small_collection, "runs", "run", nodes=2, port=port, folder=machine))
    ends = [(part.communicate(timeout=300)[1], part.returncode) for part in parts]
    told = [code for complaint, code in ends if "is not the folder that the first machine trains in" in complaint]
    assert told == [1]  # what torchrun makes of it on the other machine is its own
    assert not list(tmp_path.glob("*/runs/run/score.json"))
