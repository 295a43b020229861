"""The strong recipe on small synthetic paintings."""

import math
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from training_runs import changed_weights, train

from painter_search.collection.collection import Collection
from painter_search.common.errors import InvalidValueError
from painter_search.common.progress import progress_shown_by
from painter_search.encoder.backbone_features import FeatureReader
from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.encoder.inference.onnx_export import OnnxEncoder
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.network import EncoderNetwork
from painter_search.encoder.views import make_views
from painter_search.images.framing import read_frame
from painter_search.training.config import TrainConfig
from painter_search.training.data.training_sets import gather_triplets, gather_works
from painter_search.training.recipes.learning_rate import learning_rate_factor
from painter_search.training.recipes.strong import check_strong
from painter_search.training.run import Run


def test_first_epoch_fits_and_later_ones_take_gradient_steps(strong_run: Run) -> None:
    assert [(metrics.epoch, metrics.phase) for metrics in strong_run.history] == [
        (0, "validation"), (1, "validation"), (2, "train"), (2, "validation"), (3, "train"), (3, "validation"),
    ]  # fmt: skip
    assert read_checkpoint(strong_run.folder / "last.safetensors")["step"] == 48
    assert strong_run.test is not None
    assert all(confusion.distance < confusion.own_distance for confusion in strong_run.test.confusions)


def test_only_the_readout_changes_and_kept_weights_lie_halfway(strong_run: Run) -> None:
    fitted, last = strong_run.folder / "epoch_01.safetensors", strong_run.folder / "epoch_03.safetensors"
    changed = changed_weights(fitted, last)
    assert changed == {"network.readout.linear.weight", "network.readout.linear.bias"}
    content, fitted_model = read_checkpoint(last), read_checkpoint(fitted)["model"]
    trained = {f"network.readout.linear.{name}": value for name, value in content["moved"].items()}
    for name in changed:
        torch.testing.assert_close(content["model"][name], (fitted_model[name] + trained[name]) / 2)


def test_trained_encoder_has_parts_views_and_embeddings_of_length_1(strong_run: Run) -> None:
    encoder = load_encoder(strong_run.best)
    config = encoder.config
    assert (config.views, config.normalize, config.head, len(config.stages)) == ("sized-parts", True, "readout", 3)
    embeddings = encoder.network.embed(np.zeros((1, 3, 64, 64), np.uint8))
    assert np.linalg.norm(embeddings) == pytest.approx(1, abs=1e-5)


def test_learning_rate_factor_warms_up_then_decays_as_a_cosine() -> None:
    factors = [learning_rate_factor(step, 100) for step in range(100)]
    assert factors[:3] == pytest.approx([0.1, 0.2, 0.3], rel=2e-3)
    assert max(factors) == factors[9]
    for step in (10, 50, 99):
        assert factors[step] == 0.5 + 0.5 * math.cos(math.pi * step / 100)


def test_batch_size_must_be_a_multiple_of_the_works_per_artist(strong_config: TrainConfig) -> None:
    with pytest.raises(InvalidValueError, match="a multiple of 4"):
        train(strong_config, name="odd", batch_size=10)
    assert not (strong_config.runs / "odd").exists()


def test_every_painting_passes_the_backbone_once_whatever_is_measured(
    strong_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    views_passed: list[int] = []
    passes = {FeatureReader: "read", OnnxEncoder: "embed", EncoderNetwork: "embed"}
    for owner, method in passes.items():
        compute = getattr(owner, method)
        counted = lambda self, pixels, compute=compute: views_passed.append(len(pixels)) or compute(self, pixels)  # noqa: E731
        monkeypatch.setattr(owner, method, counted)
    run = train(strong_config, name="once", epochs=4)
    assert run.test is not None
    collection = Collection.open(strong_config.data[0])
    validation, test = (gather_triplets([collection], split, None) for split in ("validation", "test"))
    (works,) = gather_works([collection], set(validation.artists.values()))
    seen = [*(path for paths in works.values() for path in paths), *validation.distinct(), *test.distinct()]
    config = load_encoder(run.best).config
    assert sum(views_passed) == sum(len(make_views(read_frame(path), config)) for path in seen)
    assert not list(run.folder.glob("*.partial*"))


def test_training_shows_its_progress_in_cross_fitting_too(strong_config: TrainConfig, small_collection: Path) -> None:
    class Titles:
        titles: ClassVar[list[str]] = []

        def track(self, items: Iterable[Any], description: str, total: int | None, images_of: object) -> Iterable[Any]:
            self.titles.append(description)
            return items

        spinner = nullcontext

    with progress_shown_by(Titles()):  # type: ignore[arg-type]
        train(strong_config, name="shown", epochs=2)
    assert Titles.titles == ["Looking at the paintings", "Epoch 2/2", "Training without some of the artists"]


TORCHRUN = """
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar
from painter_search.training.config import TrainConfig
from painter_search.training.trainer import train_encoder
from staged_net import BACKBONE, register_staged_backbone
register_staged_backbone()
train_encoder(TrainConfig(
    data=(Path(sys.argv[1]),), runs=Path(sys.argv[2]), name="run", backbone=BACKBONE, weights="none",
    img_size=64, epochs=2, finetune_epochs=2, backbone_lr=1e-3, batch_size=8, device="cpu",
    finetune=sys.argv[3],
))
"""
HELPERS = Path(__file__).parents[2] / "helpers"


def start_machine(
    collection: Path,
    runs: Path | str,
    port: int,
    folder: Path,
    rank: int | None = None,
    finetune: str = "last-stages",
) -> subprocess.Popen:
    """One machine of a training on two, each with one process, that meet at a port of this machine.

    Started by torchrun, or, more quickly, with the variables that torchrun would set for a `rank`.
    """
    script = folder / "train.py"
    script.write_text(TORCHRUN, encoding="utf-8")
    launch, variables = ["-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1"], {}
    launch += ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}"]
    if rank is not None:
        launch, variables = [], {"RANK": str(rank), "LOCAL_RANK": "0", "WORLD_SIZE": "2"}
        variables |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    path = os.pathsep.join(filter(None, [str(HELPERS), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, *launch, str(script), str(collection), str(runs), finetune],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **variables, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}, cwd=folder,
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("settings", "flag"), [({"finetune_epochs": 0}, "finetune_epochs"), ({"backbone_lr": 0.0}, "backbone_lr")]
)
def test_whole_network_that_would_not_be_trained_is_refused_but_can_be_loaded(
    settings: dict[str, object], flag: str, tmp_path: Path
) -> None:
    config = TrainConfig(finetune="whole-network", runs=tmp_path, **settings)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=f"{flag} is 0, with which .* trains nothing"):
        check_strong(config, None)  # type: ignore[arg-type]  # refused before any data is looked at


@pytest.mark.long
@pytest.mark.slow
def test_two_machines_train_the_encoder_of_one(tuned_run: Run, small_collection: Path, tmp_path: Path) -> None:
    """The same batches, shared, with negatives gathered across processes: the same encoder to rounding."""
    port = free_port()
    machines = [start_machine(small_collection, tmp_path, port, tmp_path, rank) for rank in range(2)]
    for machine in machines:
        _, stderr = machine.communicate(timeout=300)
        assert machine.returncode == 0, stderr[-3000:]
    together = read_checkpoint(tmp_path / "run" / "last.safetensors")["model"]
    alone = read_checkpoint(tuned_run.folder / "last.safetensors")["model"]
    fitted = read_checkpoint(tuned_run.folder / "epoch_01.safetensors")["model"]
    for name in alone:
        torch.testing.assert_close(together[name], alone[name], atol=2e-3, rtol=1e-2)
    moved = (alone["network.readout.linear.weight"] - fitted["network.readout.linear.weight"]).abs().max()
    assert moved > 2e-3


@pytest.mark.slow
@pytest.mark.long
def test_two_machines_train_the_whole_network_of_one(
    strong_config: TrainConfig, small_collection: Path, tmp_path: Path
) -> None:
    settings = {"epochs": 2, "finetune_epochs": 2, "finetune": "whole-network", "backbone_lr": 1e-3}
    run = train(strong_config, name="whole-alone", **settings)
    port = free_port()
    machines = [start_machine(small_collection, tmp_path, port, tmp_path, finetune="whole-network") for _ in range(2)]
    for machine in machines:
        _, stderr = machine.communicate(timeout=300)
        assert machine.returncode == 0, stderr[-3000:]
    # The trained weights, not their average, which has hardly moved after so few steps.
    together, alone = (
        read_checkpoint(folder / "last.safetensors")["fine_tuning"] for folder in (tmp_path / "run", run.folder)
    )
    # Adam's first steps have the size of the rate even where a gradient is a rounding error, so a few weights differ.
    for name, weight in alone["trained"].items():
        moved = (weight - alone["start"][name]).norm()
        assert moved > 0
        assert (together["trained"][name] - weight).norm() < 0.1 * moved, name


@pytest.mark.slow
@pytest.mark.long
def test_machines_without_a_shared_folder_are_refused(small_collection: Path, tmp_path: Path) -> None:
    port = free_port()
    folders = [tmp_path / "a", tmp_path / "b"]
    machines = []
    for rank, folder in enumerate(folders):
        folder.mkdir()
        machines.append(start_machine(small_collection, "runs", port, folder, rank))
    ends = [(machine.communicate(timeout=300)[1], machine.returncode) for machine in machines]
    refused = [code for stderr, code in ends if "is not the folder that the first machine trains in" in stderr]
    assert refused == [1]  # how torchrun reports it on the other machine is its own affair
    assert not list(tmp_path.glob("*/runs/run/score.json"))
