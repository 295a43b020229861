"""Backbones of every family, from training to matching parts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_families import TIMM, TORCHVISION, make_families_tiny
from tiny_world import paint_tiny_artists
from training_runs import one_thread

from painter_search.analysis.comparisons.comparison import compare_paintings
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.encoder.inference.inference_engine import open_onnxruntime
from painter_search.encoder.inference.onnx_export import OnnxEncoder
from painter_search.encoder.load_encoder import load_encoder
from painter_search.index.manifest import ENCODER
from painter_search.index.painting_index import PaintingIndex
from painter_search.training.config import TrainConfig
from painter_search.training.trainer import train_encoder

pytest.importorskip("timm")

CONVOLUTIONAL = ("resnet26d", "test_efficientnet", "convnext_atto", "convnext_tiny")
SHORT = (
    "resnet26d",
    "test_efficientnet",
    "convnext_atto",
    "vit_tiny_patch16_224",
    "vit_small_patch14_reg4_dinov2",
    "swin_tiny_patch4_window7_224",
)
"""Those that every run trains: one of each way of giving features."""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Three small works by each of ten artists, four of them for the test."""
    home = tmp_path_factory.mktemp("families")
    paint_tiny_artists(home / "artists", 10, 3)
    prepare_collection(PrepareConfig(folder=home / "artists", out=home / "data", workers=1))
    return Collection.open(home / "data")


@pytest.mark.parametrize(
    "backbone",
    [name if name in SHORT else pytest.param(name, marks=pytest.mark.long) for name in (*TIMM, *TORCHVISION)],
)
@pytest.mark.slow
def test_every_family_trains_indexes_answers_and_matches_parts(
    backbone: str, collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_families_tiny(monkeypatch)
    config = TrainConfig(
        data=(collection.folder,), runs=tmp_path, backbone=backbone, weights="none", img_size=64, epochs=2,
        finetune_epochs=1,
        batch_size=8, device="cpu",
    )  # fmt: skip
    with one_thread():
        run = train_encoder(config)
        assert run is not None
        index = PaintingIndex.build(data=config.data, encoder=str(run.best), index=tmp_path / "index", device="cpu")
    one, other = (collection.frame_path(work.file) for work in collection.works("test")[:2])
    (answer,) = attribute(index, one)
    assert isinstance(answer, Attribution)
    assert answer.same_works[0].distance < 0.1 * answer.artists[0].distance
    compared = compare_paintings(index, one, other)
    assert isinstance(compared, PairComparison)
    assert compared.parts is not None
    assert all(0 < heat.std() < 1 for heat in compared.parts.maps)

    encoder = load_encoder(run.best)
    side = encoder.config.img_size
    assert encoder.config.views == ("sized-parts" if backbone in CONVOLUTIONAL else "equal-parts")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 3, side, side), dtype=np.uint8)
    with torch.inference_mode():
        expected = encoder.network(torch.from_numpy(pixels)).numpy()
    in_float32 = OnnxEncoder(open_onnxruntime(index.folder / ENCODER), encoder.config)
    np.testing.assert_allclose(in_float32.embed(pixels), expected, atol=1e-3)
    assert [len(feature_map) for feature_map in index.encoder.feature_maps(pixels)] == [3, 3, 3]
