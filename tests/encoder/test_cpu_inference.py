import numpy as np
import pytest
import torch
from staged_net import BACKBONE

from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.cpu_inference import Bfloat16Encoder, FusedConv, fuse_network
from painter_search.encoder.mixed_precision import prefers_bfloat16
from painter_search.training.recipes.strong import with_readout

BACKBONES = [
    "resnet18", "mobilenet_v3_small",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("resnet50", "vgg11_bn", "densenet121", "googlenet")),
]  # fmt: skip


def _images(count: int = 2, side: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("backbone", BACKBONES)
@torch.inference_mode()
def test_fuse_network_returns_what_the_network_returns(backbone: str) -> None:
    network = start_encoder(backbone, "none", seed=1).eval().network
    expected = network(_images())
    fused = fuse_network(network, torch.float32)
    assert torch.allclose(fused(_images()), expected, atol=1e-5 * expected.abs().max())


@torch.inference_mode()
def test_fuse_network_leaves_a_network_that_cannot_be_traced() -> None:
    class Branching(torch.nn.Conv2d):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images) if images.shape[2] > 8 else images

    torch.manual_seed(0)
    network = Branching(3, 4, 3).eval()
    assert torch.equal(fuse_network(network, torch.float32)(_images()), network(_images()))


@torch.inference_mode()
def test_fuse_network_works_at_other_sizes_than_it_was_traced_with() -> None:
    network = start_encoder("resnet18", "none", seed=1).eval().network
    fused = fuse_network(network, torch.float32)
    for count, side in ((1, 96), (3, 160)):
        expected = network(_images(count, side))
        assert torch.allclose(fused(_images(count, side)), expected, atol=1e-5 * expected.abs().max())


def test_fuse_network_leaves_no_operation_between_the_convolutions_of_a_residual_network() -> None:
    fused = fuse_network(start_encoder("resnet18", "none", seed=1).eval().network, torch.float32)
    leaves = {type(module) for module in fused.modules() if not list(module.children())}
    assert leaves == {FusedConv, torch.nn.MaxPool2d, torch.nn.AdaptiveAvgPool2d, torch.nn.Linear}
    assert all(node.op in ("placeholder", "call_module", "output") or "flatten" in str(node.target)
               for node in fused.graph.nodes)  # fmt: skip


@torch.inference_mode()
def test_fuse_network_keeps_the_outputs_of_a_readouts_stages() -> None:
    encoder = with_readout(start_encoder(BACKBONE, "none", seed=1, normalize=True)).eval()
    taps = encoder.network.get_submodule("taps")
    for fused, expected in zip(fuse_network(taps, torch.float32)(_images()), taps(_images()), strict=True):
        assert torch.allclose(fused, expected, atol=1e-5 * expected.abs().max())


@torch.inference_mode()
def test_fuse_network_does_not_fuse_an_addition_that_broadcasts() -> None:
    class Broadcasting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(3, 4, 3, padding=1)
            self.second = torch.nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            first = torch.relu(self.first(images))
            return torch.relu(self.second(first) + first.mean((2, 3), keepdim=True))

    torch.manual_seed(0)
    network = Broadcasting().eval()
    assert torch.allclose(fuse_network(network, torch.float32)(_images()), network(_images()), atol=1e-5)


def test_bfloat16_encoder_stays_within_a_hundredth_of_float32() -> None:
    encoder = start_encoder("resnet18", "none", seed=2)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 224, 224), dtype=np.uint8)
    with torch.inference_mode():
        expected = encoder.network(encoder.normalized(torch.from_numpy(pixels))).numpy()
    embeddings = Bfloat16Encoder(encoder).embed(pixels)
    assert (np.linalg.norm(embeddings - expected, axis=1) < 0.01 * np.linalg.norm(expected, axis=1)).all()


def test_bfloat16_encoder_leaves_the_encoder_unchanged() -> None:
    encoder = start_encoder(BACKBONE, "none", seed=2)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    Bfloat16Encoder(encoder)
    assert all((value == before[name]).all() for name, value in encoder.state_dict().items())


def test_prefers_bfloat16_not_for_depthwise_networks() -> None:
    assert not prefers_bfloat16(start_encoder("mobilenet_v3_small", "none", seed=0).network)
