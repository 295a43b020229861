from pathlib import Path

import numpy as np
import pytest
import torch
from onnx_files import export_onnx
from staged_net import BACKBONE

from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.multi_stage_features import FeatureHooks, Readout, default_stages
from painter_search.encoder.network import EncoderNetwork, untrained_network
from painter_search.training.recipes.strong import with_readout


@pytest.fixture(scope="module")
def encoder() -> EncoderNetwork:
    """A small residual network with a readout fitted to smooth random images."""
    network = with_readout(untrained_network(BACKBONE, "none", seed=1, views="parts", normalize=True))
    torch.manual_seed(0)
    images = torch.nn.functional.interpolate(torch.rand(600, 3, 6, 6), size=64, mode="bicubic").clamp(0, 1) * 255
    with torch.no_grad():
        statistics = network.network.readout.statistics(network.network.taps(network.normalized(images)))
    network.network.readout.fit(statistics, torch.ones(len(statistics)))
    return network


@pytest.mark.parametrize(
    ("backbone", "stages"),
    [
        ("resnet18", ("layer2", "layer3", "layer4")),
        ("mobilenet_v3_small", ("features.9", "features.10", "features.11")),
    ],
)
def test_default_stages_are_those_with_feature_maps(backbone: str, stages: tuple[str, ...]) -> None:
    network = untrained_network(backbone, "none", seed=0).network
    assert default_stages(network) == stages
    assert default_stages(network.to("meta")) == stages  # on any device: "meta" stands for a GPU


class BlocksOfLists(torch.nn.Module):
    """Its blocks hand lists on, as those of SelecSLS do."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))
        self.features = torch.nn.Sequential(*(torch.nn.Identity() for _ in range(4)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.features([images])[0] * self.scale).mean((2, 3))


def test_blocks_that_return_lists_are_no_stages() -> None:
    assert default_stages(BlocksOfLists()) == ()


def test_feature_hooks_return_the_stages_outputs_and_leave_no_hook() -> None:
    network = untrained_network(BACKBONE, "none", seed=1).network
    images = torch.rand(2, 3, 64, 64)
    first, third, last = FeatureHooks(network, ("layer1", "layer3"))(images)
    torch.testing.assert_close(first, network.layer1(images))
    assert third.shape == (2, 16, 8, 8)
    torch.testing.assert_close(last, network(images))
    assert not network.layer1._forward_hooks


def test_readout_statistics_are_means_and_standard_deviations_of_channels() -> None:
    readout = Readout([3], 2)
    plane, last = torch.rand(4, 3, 5, 5), torch.rand(4, 2)
    statistics = readout.statistics([plane, last]).numpy()
    for row in range(4):
        for channel in range(3):
            values = plane[row, channel].numpy()
            assert statistics[row, channel] == pytest.approx(values.mean(), rel=1e-5)
            assert statistics[row, 3 + channel] == pytest.approx(np.sqrt(values.var() + 1e-5), rel=1e-4)
        np.testing.assert_allclose(statistics[row, 6:], last[row])


def test_readout_fit_equals_scikit_learns_principal_directions() -> None:
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(0)
    statistics = rng.normal(size=(500, 320)) @ rng.normal(size=(320, 320)) * 0.1 + 3
    readout = Readout([30], 260)
    readout.fit(torch.tensor(statistics, dtype=torch.float32), torch.ones(500))
    standard = (statistics - statistics.mean(0)) / statistics.std(0) / np.sqrt([30] * 60 + [260] * 260)
    pca = PCA(256, svd_solver="full").fit(standard)
    variances = pca.explained_variance_ * 499 / 500
    expected = pca.transform(standard) / (variances + 1e-3 * variances[0]) ** 0.25
    expected /= np.linalg.norm(expected, axis=1).mean()
    with torch.no_grad():
        embeddings = readout.linear((torch.tensor(statistics, dtype=torch.float32) - readout.center) * readout.scale)
    np.testing.assert_allclose(np.abs(embeddings.numpy()), np.abs(expected), atol=2e-3)


def test_readout_fit_takes_fewer_works_than_statistics() -> None:
    readout = Readout([4], 8)
    readout.fit(torch.rand(5, 16), torch.ones(5))
    assert torch.isfinite(readout.linear.weight).all()


def test_export_onnx_of_a_readout_agrees_with_pytorch_at_every_size(encoder: EncoderNetwork, tmp_path: Path) -> None:
    exported = export_onnx(encoder, tmp_path / "encoder.onnx")
    for side in (64, 96, 224):
        pixels = np.random.default_rng(side).integers(0, 256, (3, 3, side, side), dtype=np.uint8)
        with torch.inference_mode():
            expected = encoder(torch.from_numpy(pixels)).numpy()
        tolerance = 0.05 if "bfloat16" in exported.engine else 1e-3
        assert np.linalg.norm(exported.embed(pixels) - expected, axis=1).max() < tolerance
        np.testing.assert_allclose(np.linalg.norm(expected, axis=1), 1, atol=1e-5)
        assert [feature_map.shape for feature_map in exported.feature_maps(pixels)] == [
            (3, channels, side // stride, side // stride) for channels, stride in ((12, 4), (16, 8), (24, 16))
        ]


def test_load_encoder_restores_a_readout(encoder: EncoderNetwork, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "encoder.safetensors", encoder, "whole")
    again = load_encoder(tmp_path / "encoder.safetensors").network
    assert again.config == encoder.config
    pixels = torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8)
    with torch.inference_mode():
        torch.testing.assert_close(again(pixels), encoder(pixels))


def test_readout_fit_of_few_rows_equals_that_of_the_same_rows_repeated() -> None:
    generator = torch.Generator().manual_seed(0)
    rows, weights = torch.randn(40, 96, generator=generator), torch.rand(40, generator=generator)
    few, many = Readout([24], 48), Readout([24], 48)
    few.fit(rows, weights)  # 40 rows of 96 statistics: by the products of rows
    many.fit(rows.repeat(3, 1), weights.repeat(3))  # 120 rows: by their covariance
    assert few.linear.weight[:39].abs().sum(1).min() > 0
    torch.testing.assert_close(few.linear.weight, many.linear.weight, atol=1e-4, rtol=1e-3)


def test_readout_fit_weights_equal_repeated_rows() -> None:
    rows = torch.randn(40, 16)
    repeated, weighted = Readout([4], 8), Readout([4], 8)
    repeated.fit(torch.cat([rows, rows[:10]]), torch.ones(50))
    weighted.fit(rows, torch.cat([torch.full((10,), 2.0), torch.ones(30)]))
    torch.testing.assert_close(weighted.state_dict()["center"], repeated.state_dict()["center"])
    torch.testing.assert_close(weighted.linear.weight, repeated.linear.weight, atol=1e-3, rtol=1e-3)


def test_default_stages_leave_the_network_in_its_mode() -> None:
    network = untrained_network(BACKBONE, "none", seed=0).network
    default_stages(network)
    assert not any(module.training for module in network.modules())
