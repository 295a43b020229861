import pytest
import torch

from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.fused import OneCall, fused_network
from painter_search.training.strong import with_readout

BACKBONES = ("resnet18", "resnet50", "vgg11_bn", "densenet121", "googlenet", "mobilenet_v3_small")


def _images(count: int = 2, side: int = 96) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("backbone", BACKBONES)
@torch.inference_mode()
def test_a_fused_network_gives_what_the_network_gives(backbone: str) -> None:
    network = start_encoder(backbone, "none", seed=1).eval().network
    expected = network(_images())
    fused = fused_network(network, torch.float32)
    assert torch.allclose(fused(_images()), expected, atol=1e-5 * expected.abs().max())


@torch.inference_mode()
def test_a_network_that_cannot_be_followed_is_taken_as_it_is() -> None:
    class Choosing(torch.nn.Conv2d):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images) if images.shape[2] > 8 else images

    torch.manual_seed(0)
    network = Choosing(3, 4, 3).eval()
    assert torch.equal(fused_network(network, torch.float32)(_images()), network(_images()))


@torch.inference_mode()
def test_other_sizes_than_it_was_traced_with_are_taken() -> None:
    network = start_encoder("resnet18", "none", seed=1).eval().network
    fused = fused_network(network, torch.float32)
    for count, side in ((1, 64), (5, 160)):
        expected = network(_images(count, side))
        assert torch.allclose(fused(_images(count, side)), expected, atol=1e-5 * expected.abs().max())


def test_a_residual_network_is_left_with_convolutions_and_no_pass_over_pictures_between_them() -> None:
    fused = fused_network(start_encoder("resnet18", "none", seed=1).eval().network, torch.float32)
    kinds = {type(part) for part in fused.modules() if not list(part.children())}
    assert kinds == {OneCall, torch.nn.MaxPool2d, torch.nn.AdaptiveAvgPool2d, torch.nn.Linear}
    assert all(node.op in ("placeholder", "call_module", "output") or "flatten" in str(node.target)
               for node in fused.graph.nodes)  # fmt: skip


@torch.inference_mode()
def test_the_stages_of_a_readout_are_what_they_were() -> None:
    encoder = with_readout(start_encoder("resnet18", "none", seed=1, unit=True)).eval()
    taps = encoder.network.get_submodule("taps")
    for given, expected in zip(fused_network(taps, torch.float32)(_images()), taps(_images()), strict=True):
        assert torch.allclose(given, expected, atol=1e-5 * expected.abs().max())


@torch.inference_mode()
def test_an_addition_that_spreads_one_number_over_a_picture_stays_an_addition() -> None:
    class Spread(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(3, 4, 3, padding=1)
            self.second = torch.nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            first = torch.relu(self.first(images))
            return torch.relu(self.second(first) + first.mean((2, 3), keepdim=True))

    torch.manual_seed(0)
    network = Spread().eval()
    assert torch.allclose(fused_network(network, torch.float32)(_images()), network(_images()), atol=1e-5)
