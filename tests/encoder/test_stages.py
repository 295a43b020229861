from pathlib import Path

import numpy as np
import pytest
import torch

from painter_search.encoder.checkpoint import load_encoder, save_checkpoint, start_encoder
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.exported import export_encoder
from painter_search.encoder.stages import Readout, Taps, usual_stages
from painter_search.encoder.swift import SwiftEncoder
from painter_search.training.strong import with_readout


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """A small residual network with a readout fitted to smooth random images."""
    made = with_readout(start_encoder("resnet18", "none", seed=1, views="parts", unit=True))
    torch.manual_seed(0)
    images = torch.nn.functional.interpolate(torch.rand(600, 3, 6, 6), size=96, mode="bicubic").clamp(0, 1) * 255
    with torch.no_grad():
        statistics = made.network.readout.statistics(made.network.taps(made.normalized(images)))
    made.network.readout.fit(statistics, torch.ones(len(statistics)))
    return made


@pytest.mark.parametrize(
    ("backbone", "stages"),
    [
        ("resnet18", ("layer2", "layer3", "layer4")),
        ("mobilenet_v3_small", ("features.9", "features.10", "features.11")),
        ("vit_b_32", ()),
        ("swin_t", ()),
    ],
)
def test_the_stages_of_a_network_are_found_where_it_has_planes(backbone: str, stages: tuple[str, ...]) -> None:
    network = start_encoder(backbone, "none", seed=0).network
    assert usual_stages(network) == stages
    assert usual_stages(network.to("meta")) == stages  # wherever it is: "meta" stands for a GPU


def test_taps_give_what_the_stages_put_out_and_leave_nothing_behind() -> None:
    network = start_encoder("resnet18", "none", seed=1).network
    images = torch.rand(2, 3, 64, 64)
    taps = Taps(network, ("layer1", "layer3"))
    first, third, last = taps(images)
    hidden = network.layer1(network.maxpool(network.relu(network.bn1(network.conv1(images)))))
    torch.testing.assert_close(first, hidden)
    assert third.shape == (2, 256, 4, 4)
    torch.testing.assert_close(last, network(images))
    assert not network.layer1._forward_hooks


def test_statistics_are_means_and_standard_deviations_of_each_channel() -> None:
    readout = Readout([3], 2)
    plane, last = torch.rand(4, 3, 5, 5), torch.rand(4, 2)
    found = readout.statistics([plane, last]).numpy()
    for row in range(4):
        for channel in range(3):
            values = plane[row, channel].numpy()
            assert found[row, channel] == pytest.approx(values.mean(), rel=1e-5)
            assert found[row, 3 + channel] == pytest.approx(np.sqrt(values.var() + 1e-5), rel=1e-4)
        np.testing.assert_allclose(found[row, 6:], last[row])


def test_a_fit_is_the_principal_directions_that_scikit_learn_finds() -> None:
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
        found = readout.linear((torch.tensor(statistics, dtype=torch.float32) - readout.center) * readout.scale)
    np.testing.assert_allclose(np.abs(found.numpy()), np.abs(expected), atol=2e-3)


def test_fewer_works_than_numbers_can_be_fitted_too() -> None:
    readout = Readout([4], 8)
    readout.fit(torch.rand(5, 16), torch.ones(5))
    assert torch.isfinite(readout.linear.weight).all()


def test_exported_and_torch_embeddings_agree_at_every_size(encoder: Encoder, tmp_path: Path) -> None:
    exported = export_encoder(encoder, tmp_path / "encoder.onnx")
    for side in (64, 96, 224):
        pixels = np.random.default_rng(side).integers(0, 256, (3, 3, side, side), dtype=np.uint8)
        with torch.inference_mode():
            expected = encoder(torch.from_numpy(pixels)).numpy()
        np.testing.assert_allclose(exported.embed(pixels), expected, atol=1e-3)
        np.testing.assert_allclose(np.linalg.norm(expected, axis=1), 1, atol=1e-5)
        assert [plane.shape for plane in exported.planes(pixels)] == [
            (3, 128 * 2**stage, side // 2 ** (stage + 3), side // 2 ** (stage + 3)) for stage in range(3)
        ]


def test_bfloat16_stays_near(encoder: Encoder) -> None:
    torch.manual_seed(5)
    images = torch.nn.functional.interpolate(torch.rand(4, 3, 6, 6), size=96, mode="bicubic").clamp(0, 1) * 255
    pixels = images.to(torch.uint8)
    with torch.inference_mode():
        expected = encoder(pixels).numpy()
    assert np.linalg.norm(SwiftEncoder(encoder).embed(pixels.numpy()) - expected, axis=1).max() < 0.05


def test_a_checkpoint_brings_the_readout_back(encoder: Encoder, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "encoder.pt", encoder, "whole")
    again, _ = load_encoder(tmp_path / "encoder.pt")
    assert again.config == encoder.config
    pixels = torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8)
    with torch.inference_mode():
        torch.testing.assert_close(again(pixels), encoder(pixels))


def test_a_row_that_counts_double_is_a_row_that_is_there_twice() -> None:
    rows = torch.randn(40, 16)
    twice, weighed = Readout([4], 8), Readout([4], 8)
    twice.fit(torch.cat([rows, rows[:10]]), torch.ones(50))
    weighed.fit(rows, torch.cat([torch.full((10,), 2.0), torch.ones(30)]))
    torch.testing.assert_close(weighed.state_dict()["center"], twice.state_dict()["center"])
    torch.testing.assert_close(weighed.linear.weight, twice.linear.weight, atol=1e-3, rtol=1e-3)
