"""Processes that load images: how many, and what they do where shared memory is small."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_world import BACKBONE, register_tiny_backbone
from training_runs import changed_weights, train_with_loaders

from painter_search.common.machine.worker_processes import WorkerContext
from painter_search.encoder.network import untrained_network
from painter_search.training.config import TrainConfig
from painter_search.training.data.image_cache import ImageCache
from painter_search.training.data.loader_processes import fits_shared_memory, stack_arrays
from painter_search.training.data.training_sets import TripletPaths
from painter_search.training.recipes.report import ReportRecipe
from painter_search.training.run import Run


def test_batches_fit_shared_memory_with_as_much_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=60_000_000))
    assert fits_shared_memory(6_000_000, workers=2, folder=tmp_path)
    assert not fits_shared_memory(6_000_001, workers=2, folder=tmp_path)


def test_no_batch_fits_where_there_is_no_shared_memory(tmp_path: Path) -> None:
    assert not fits_shared_memory(1, workers=1, folder=tmp_path / "none")


def test_stack_arrays_gives_the_values_of_the_default_collation() -> None:
    images = torch.randint(0, 256, (2, 3, 3, 4, 4), dtype=torch.uint8)
    expected = torch.utils.data.default_collate([tuple(triplet) for triplet in images])
    for array, tensor in zip(stack_arrays([tuple(triplet) for triplet in images]), expected, strict=True):
        np.testing.assert_array_equal(array, tensor.numpy())


@pytest.mark.slow
def test_batches_through_pipes_train_to_the_same_bits(report_config: TrainConfig, report_run: Run) -> None:
    other = train_with_loaders(report_config, "pipes", workers=1, through_pipes=True)
    assert changed_weights(other / "last.safetensors", report_run.folder / "last.safetensors") == set()


@pytest.mark.parametrize("workers", [0, 2])
def test_loader_processes_are_never_forked(workers: int) -> None:
    register_tiny_backbone()
    frame = Path("1.jpg")
    recipe = ReportRecipe(
        TrainConfig(recipe="report", workers=workers),
        untrained_network(BACKBONE, "none", seed=0, img_size=64),
        TripletPaths([(frame, frame, frame)], {frame: "A"}),
        ImageCache(64),
    )
    context = recipe._loader.multiprocessing_context
    assert isinstance(context, WorkerContext) if workers else context is None
