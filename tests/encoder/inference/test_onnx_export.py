import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx_files import export_onnx
from small_world import paint
from staged_net import BACKBONE as STAGED
from tiny_world import BACKBONE
from torchvision import models

from painter_search.common.errors import InvalidValueError
from painter_search.encoder.inference import onnx_export
from painter_search.encoder.inference.inference_engine import open_onnxruntime
from painter_search.encoder.inference.onnx_export import OnnxEncoder, export_encoder
from painter_search.encoder.network import untrained_network
from painter_search.encoder.views import central_square, to_pixels


@pytest.mark.parametrize("backbone", ["resnet18", "mobilenet_v3_small"])
@pytest.mark.slow
def test_export_encoder_agrees_with_pytorch(backbone: str) -> None:
    encoder = untrained_network(backbone, "none", seed=3)
    exported = OnnxEncoder(open_onnxruntime(export_encoder(encoder)), encoder.config)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3, 224, 224), dtype=np.uint8)
    with torch.inference_mode():
        ours, theirs = exported.embed(pixels), encoder(torch.from_numpy(pixels)).numpy()
    assert ours.dtype == np.float32
    assert ours.shape == (5, 256)
    scale = np.linalg.norm(theirs, axis=1, keepdims=True)
    np.testing.assert_allclose(ours / scale, theirs / scale, atol=1e-3)


def test_weights_that_no_onnx_file_holds_are_refused_before_the_export(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = untrained_network(STAGED, "none", seed=3)
    monkeypatch.setattr(onnx_export, "MAX_BYTES", 4 * sum(weight.numel() for weight in encoder.parameters()) - 1)
    with pytest.raises(InvalidValueError, match=r"GB of weights.*choose a smaller backbone"):
        export_encoder(encoder)


def test_export_onnx_ranks_paintings_as_pytorch_does(tmp_path: Path) -> None:
    encoder = untrained_network(STAGED, "none", seed=3)
    exported = export_onnx(encoder, tmp_path / "encoder.onnx")
    views = [central_square(paint(painter, 0), 224) for painter in range(8)]
    pixels = np.stack([to_pixels(view) for view in views])
    rankings = []
    for embeddings in (exported.embed(pixels), encoder.embed(pixels)):
        rankings.append(np.argsort(np.linalg.norm(embeddings[0] - embeddings[1:], axis=1)).tolist())
    assert rankings[0] == rankings[1]


@pytest.mark.slow
def test_a_query_imports_nothing_heavy_and_leaves_the_cores_to_the_encoder(
    small_index, painted_originals: Path
) -> None:
    import subprocess

    heavy = "torch torchvision pandas scipy sklearn matplotlib openvino_telemetry typeguard"
    code = (
        "import os, sys; from painter_search.query import main; assert main(sys.argv[2:]) == 0; "
        "assert not set(sys.argv[1].split()) & set(sys.modules), sorted(sys.modules); "
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '1'"
    )
    painting = sorted(painted_originals.iterdir())[0]
    arguments = [str(painting), "--index", str(small_index.folder)]
    done = subprocess.run([sys.executable, "-c", code, heavy, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("views", "sides"), [("center", (224,)), ("parts", (224, 320))])
def test_feature_maps_are_the_stages_outputs(views: str, sides: tuple[int, ...], tmp_path: Path) -> None:
    from painter_search.encoder.multi_stage_features import FeatureHooks

    encoder = untrained_network(STAGED, "none", seed=3, views=views)
    exported = export_onnx(encoder, tmp_path / "encoder.onnx")
    for side in sides:
        pixels = np.random.default_rng(side).integers(0, 256, (3, 3, side, side), dtype=np.uint8)
        with torch.inference_mode():
            taps = FeatureHooks(encoder.network, ("layer2", "layer3", "layer4"))
            expected = taps.eval()(encoder.normalized(torch.from_numpy(pixels)))
        for feature_map, output in zip(exported.feature_maps(pixels), expected[:-1], strict=True):
            assert feature_map.shape == output.shape
            tolerance = 0.03 if "bfloat16" in exported.engine else 1e-3
            np.testing.assert_allclose(feature_map, output.numpy(), atol=tolerance * float(output.abs().max()))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_export_onnx_adds_no_operation_for_feature_maps(tmp_path: Path) -> None:
    """ONNX Runtime computes every output whether asked for or not."""
    import onnx

    encoder = untrained_network(STAGED, "none", seed=3)
    export_onnx(encoder, tmp_path / "encoder.onnx")
    pixels = torch.zeros(2, 3, 224, 224, dtype=torch.uint8)
    torch.onnx.export(encoder, (pixels,), str(tmp_path / "alone.onnx"), opset_version=17, dynamo=False)
    ours, alone = (onnx.load(tmp_path / name).graph for name in ("encoder.onnx", "alone.onnx"))
    assert sorted(node.op_type for node in ours.node) == sorted(node.op_type for node in alone.node)
    assert ours.output[0].name == "embeddings"
    assert len(ours.output) == 4


def test_feature_maps_of_a_network_without_stages_are_an_empty_list(tmp_path: Path) -> None:
    exported = export_onnx(untrained_network(BACKBONE, "none", seed=0, img_size=64), tmp_path / "encoder.onnx")
    assert exported.feature_maps(np.zeros((1, 3, 64, 64), np.uint8)) == []


class PoolsIntoCells(torch.nn.Module):
    """A network that ends as AlexNet and VGG do."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Conv2d(3, 4, 32, stride=32)
        self.avgpool = torch.nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = torch.nn.Linear(16, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(images)), 1))


def test_a_network_that_pools_into_cells_has_views_of_one_size_and_a_side_that_suits_them(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "list_models", lambda module: ["cells"])
    monkeypatch.setattr(models, "get_model", lambda name, weights: PoolsIntoCells())
    encoder = untrained_network("cells", "none", seed=0, img_size=128, views="sized-parts")
    assert (encoder.config.img_size, encoder.config.views) == (128, "equal-parts")
    exported = OnnxEncoder(open_onnxruntime(export_encoder(encoder)), encoder.config)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 3, 128, 128), dtype=np.uint8)
    np.testing.assert_allclose(exported.embed(pixels), encoder.embed(pixels), atol=0.02)  # which takes bfloat16
    odd = untrained_network("cells", "none", seed=0, img_size=96, views="sized-parts")
    with pytest.raises(InvalidValueError, match=r"cells cannot be exported with img_size 96 \(.+\); train"):
        export_encoder(odd)
    capfd.readouterr()  # what PyTorch prints of the network
