"""What all tests of training share: one finished run of each recipe, with a tiny network on small paintings."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from shared_world import made_once
from staged_net import BACKBONE, register_staged_backbone
from training_runs import train

from painter_search.training.config import TrainConfig
from painter_search.training.run import Run


def no_files(_: Path) -> None:
    """Leave a folder empty."""


def _trained_once(config: TrainConfig, factory: pytest.TempPathFactory, name: str) -> Run:
    def make(folder: Path) -> None:
        (folder / "run").write_bytes(pickle.dumps(train(config, name=name)))

    run = pickle.loads((made_once(factory, f"{config.runs.name}-{name}", make) / "run").read_bytes())
    assert isinstance(run, Run)
    return run


@pytest.fixture(scope="session", autouse=True)
def _tiny_backbone() -> None:
    register_staged_backbone()


@pytest.fixture(scope="session")
def report_config(small_collection: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    """The report's recipe in two short epochs."""
    return TrainConfig(
        data=(small_collection,), runs=made_once(tmp_path_factory, "report-runs", no_files), backbone=BACKBONE,
        weights="none", recipe="report", img_size=64, epochs=2, batch_size=16, lr=1e-3, workers=0, device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="session")
def report_run(report_config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of it."""
    return _trained_once(report_config, tmp_path_factory, "unbroken")


@pytest.fixture(scope="session")
def strong_config(small_collection: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    """The strong recipe in three short epochs."""
    return TrainConfig(
        data=(small_collection,), runs=made_once(tmp_path_factory, "strong-runs", no_files), backbone=BACKBONE,
        weights="none",
        img_size=64, epochs=3, finetune_epochs=0, batch_size=8, device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="session")
def strong_run(strong_config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of it."""
    return _trained_once(strong_config, tmp_path_factory, "unbroken")


@pytest.fixture(scope="session")
def tuned_config(strong_config: TrainConfig) -> TrainConfig:
    """The strong recipe in two epochs of the readout and two of the last stages."""
    return replace(strong_config, epochs=2, finetune_epochs=2, backbone_lr=1e-3)


@pytest.fixture(scope="session")
def tuned_run(tuned_config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of it."""
    return _trained_once(tuned_config, tmp_path_factory, "tuned")
