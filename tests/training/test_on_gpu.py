"""CUDA gives what the CPU gives, as far as half precision allows. Skipped without a GPU."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_runs import interrupt_after

from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.encoder.network import untrained_network
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex
from painter_search.training.config import TrainConfig
from painter_search.training.recipes.strong import with_readout
from painter_search.training.trainer import train_encoder

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("readout", [False, True])
def test_embed_on_cuda_is_near_the_cpus(readout: bool) -> None:
    encoder = untrained_network("resnet18", "none", seed=0)
    encoder = with_readout(encoder) if readout else encoder
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3, 96, 96), dtype=np.uint8)
    expected = encoder.embed(pixels)
    embeddings = encoder.to("cuda").embed(pixels)
    assert np.linalg.norm(embeddings - expected) < 0.03 * np.linalg.norm(expected)


@pytest.mark.parametrize("recipe", ["strong", "report"])
def test_train_encoder_on_cuda_resumes_and_comes_near_the_cpus(
    small_collection: Path, tmp_path: Path, recipe: str
) -> None:
    config = TrainConfig(
        data=(small_collection,), runs=tmp_path, backbone="resnet18", weights="none", img_size=64,
        recipe=recipe, epochs=2, finetune_epochs=1 if recipe == "strong" else None, batch_size=8, name="cpu",
        workers=-1 if recipe == "strong" else 0, device="cpu",
    )  # fmt: skip
    on_cpu = train_encoder(config)

    cuda = replace(config, name="cuda", device="cuda")
    with pytest.raises(KeyboardInterrupt):
        train_encoder(cuda, on_epoch=interrupt_after(1))
    on_cuda = train_encoder(replace(cuda, resume=True))
    mine, theirs = (read_checkpoint(run.folder / "last.safetensors") for run in (on_cuda, on_cpu))
    assert mine["epoch"] == (3 if recipe == "strong" else 2)
    compared = "network.readout.center" if recipe == "strong" else "network.conv1.weight"
    difference = (mine["model"][compared] - theirs["model"][compared]).norm() / theirs["model"][compared].norm()
    assert difference < 0.05
    assert all(np.isfinite(metrics.loss) for metrics in on_cuda.history)


def test_index_embedded_on_cuda_is_near_the_cpus(
    small_index_config: BuildIndexConfig, small_index: PaintingIndex, tmp_path: Path
) -> None:
    on_cuda = PaintingIndex.build(replace(small_index_config, index=tmp_path / "index", device="cuda"))
    ids = small_index.works.ids()
    mine, theirs = (index.embeddings(ids) for index in (on_cuda, small_index))
    # Not of their spread: an untrained network embeds all paintings almost alike.
    assert np.linalg.norm(mine - theirs) < 0.03 * np.linalg.norm(theirs)
