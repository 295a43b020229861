"""The families of backbones under their real names, but narrow and few layers deep: a training takes a second."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from torch import nn
from torchvision import models
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vision_transformer import VisionTransformer

VIT = {"embed_dim": 24, "depth": 4, "num_heads": 2}
TIMM: dict[str, dict[str, object]] = {
    "resnet26d": {"channels": (8, 8, 16, 24)},
    "test_efficientnet": {},
    "convnext_atto": {"depths": (1, 1, 1, 1), "dims": (8, 8, 16, 24)},
    "vit_tiny_patch16_224": VIT,
    "vit_base_patch16_clip_224": VIT,
    "vit_small_patch14_reg4_dinov2": VIT,
    "vit_base_patch16_siglip_224": VIT,
    "swin_tiny_patch4_window7_224": {"embed_dim": 8, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 2, 2)},
    "eva02_tiny_patch14_224": VIT,
}
"""timm's names, each with what makes its model small."""
TORCHVISION: dict[str, Callable[[], nn.Module]] = {
    "convnext_tiny": partial(
        ConvNeXt,
        [CNBlockConfig(8, 8, 1), CNBlockConfig(8, 16, 1), CNBlockConfig(16, 24, 1), CNBlockConfig(24, None, 1)],
    ),
    "vit_b_16": partial(VisionTransformer, 224, 16, num_layers=4, num_heads=2, hidden_dim=24, mlp_dim=48),
    "swin_t": partial(SwinTransformer, [4, 4], 8, [1, 1, 1, 1], [1, 1, 2, 2], [7, 7]),
}
"""torchvision's names, each with a small network of its class."""


def make_families_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these names build small networks, in this process and for one test."""
    import timm

    create_model, get_model = timm.create_model, models.get_model
    monkeypatch.setattr(
        timm, "create_model", lambda name, **settings: create_model(name, **settings, **TIMM.get(name, {}))
    )
    monkeypatch.setattr(
        models, "get_model", lambda name, **settings: TORCHVISION.get(name, partial(get_model, name, **settings))()
    )
