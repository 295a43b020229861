import numpy as np
import pytest
import torch
from tiny_families import make_families_tiny
from torch import nn
from torchvision import models

from painter_search.encoder.backbone import build_network
from painter_search.encoder.backbones.staged_transformer import StagedTransformer, TorchvisionMaxVit, blocks_to_read
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.multi_stage_features import FeatureHooks, default_stages
from painter_search.encoder.network import untrained_network

VIT = "vit_tiny_patch16_224"
DINO = "vit_small_patch14_reg4_dinov2"


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("timm")
    make_families_tiny(monkeypatch)


def images(side: int, count: int = 2) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def staged(backbone: str, side: int = 224) -> StagedTransformer:
    network, head = build_network(EncoderConfig(backbone, img_size=side))
    assert isinstance(network, StagedTransformer)
    assert head == "head"
    return network.eval()


@pytest.mark.parametrize("backbone", ["vit_b_16", "swin_t"])
@torch.inference_mode()
def test_torchvisions_transformers_give_their_own_last_features(backbone: str) -> None:
    network = staged(backbone)
    expected = network.body(images(224))  # its classifier is an identity
    torch.testing.assert_close(network.outputs(images(224))[1], expected)


@torch.inference_mode()
def test_maxvit_gives_its_own_last_features() -> None:
    torch.manual_seed(0)
    body = models.MaxVit((224, 224), 8, 7, [8, 8, 8, 8], [1, 1, 1, 1], 4, 0.0).eval()
    body.classifier[-1] = nn.Identity()
    maps, last = TorchvisionMaxVit(body, 96).eval().outputs(images(224, 1))
    torch.testing.assert_close(last, body(images(224, 1)))
    assert [feature_map.shape[2] for feature_map in maps] == [28, 14, 7]


@pytest.mark.parametrize("backbone", ["vit_b_16", VIT, DINO, "eva02_tiny_patch14_224"])
@torch.inference_mode()
def test_feature_maps_lie_where_the_patches_lie(backbone: str) -> None:
    """A block that passes its patches on leaves each feature where its patch is, without class and register tokens."""
    network = staged(backbone, 112)
    for block in [*network.body.modules()]:
        if type(block).__name__ in ("Block", "EvaBlock", "EncoderBlock"):
            block.forward = lambda tokens, *_, **__: tokens
    black = torch.zeros(1, 3, 112, 112)
    marked = black.clone()
    marked[:, :, 100:, :10] = 1  # within the lowest patch on the left
    for one, other in zip(network.outputs(black)[0], network.outputs(marked)[0], strict=True):
        changed = (one - other).abs().sum(1)[0].nonzero().tolist()
        assert changed == [[one.shape[2] - 1, 0]]


@pytest.mark.parametrize(("depth", "blocks"), [(12, [5, 8, 11]), (24, [11, 17, 23]), (4, [1, 2, 3]), (3, [0, 1, 2])])
def test_blocks_to_read_end_the_later_quarters(depth: int, blocks: list[int]) -> None:
    assert blocks_to_read(depth) == blocks


@torch.inference_mode()
def test_hooks_find_the_feature_maps_of_a_transformer() -> None:
    network = staged(VIT, 64)
    assert default_stages(network) == ("maps.1", "maps.2", "maps.3")
    *maps, last = FeatureHooks(network, default_stages(network))(images(64))
    expected, features = network.outputs(images(64))
    torch.testing.assert_close(maps, expected)
    torch.testing.assert_close(last, network.head(features))


@pytest.mark.parametrize("backbone", [VIT, DINO])
@torch.inference_mode()
def test_transformer_fitted_to_another_size_embeds_as_timm_does_with_dynamic_sizes(
    backbone: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(1)
    flexible = timm.create_model(backbone, dynamic_img_size=True).eval()
    save_file(flexible.state_dict(), tmp_path / "model.safetensors")
    side = 112
    network, _ = build_network(EncoderConfig(backbone, img_size=side), str(tmp_path / "model.safetensors"))
    last = network.eval().outputs(images(side))[1]
    expected = flexible.forward_head(flexible.forward_features(images(side)), pre_logits=True)
    torch.testing.assert_close(last, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("backbone", "asked", "side"), [(DINO, 96, 84), (VIT, 96, 96), ("convit_tiny", 96, 224), ("vit_b_16", 100, 96)]
)
def test_a_transformer_has_the_nearest_side_it_can_have(
    backbone: str, asked: int, side: int, capsys: pytest.CaptureFixture[str]
) -> None:
    config = untrained_network(backbone, "none", 0, img_size=asked, views="parts").config
    assert (config.img_size, config.views) == (side, "equal-parts")
    said = f"{backbone} takes squares of {side} px; --img-size {asked} is not used."
    assert (said in capsys.readouterr().err) == (side != asked)


def test_expected_normalization_is_the_models_own() -> None:
    assert untrained_network("vit_base_patch16_siglip_224", "none", 0, img_size=64).config.mean == (0.5, 0.5, 0.5)
    clip = untrained_network("vit_base_patch16_clip_224", "none", 0, img_size=64).config
    assert np.allclose(clip.mean, (0.48145466, 0.4578275, 0.40821073))
    assert np.allclose(clip.std, (0.26862954, 0.26130258, 0.27577711))
