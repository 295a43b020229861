"""The network: a classifier pre-trained on ImageNet, its last layer replaced by one of ours with 256 outputs."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from painter_search.encoder.settings import (
    EMBEDDING_SIZE,
    IMAGENET_MEAN,
    IMAGENET_STD,
    Channels,
    EncoderConfig,
)
from painter_search.encoder.stages import Taps, make_readout
from painter_search.encoder.weights import (
    PACKAGED_BACKBONE,
    load_backbone_weights,
    packaged_weights,
    read_weights,
    unreachable,
)
from painter_search.errors import UserError


def build_network(config: EncoderConfig, weights: str = "none", seed: int = 0) -> tuple[nn.Module, str]:
    """The untrained network, images float32 `[n, 3, side, side]` → embeddings `[n, 256]`, and its new layer's name.

    The new layer is `Linear(features, 256)`, or with `config.head` a `Readout`, yet to be fitted.
    `weights` is `imagenet` (downloaded once, or from an installed package), `none` or a file. The new layer is
    drawn from `seed`. Raises `UserError` for an unknown backbone and for weights that cannot be had or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, head = _torchvision(config.backbone) or _timm(config.backbone)
    if weights == "imagenet":
        _load_imagenet(network, head, config.backbone)
    elif weights != "none":
        load_backbone_weights(network, read_weights(Path(weights)), head, weights)
    if config.head == "linear":
        return network, head
    owner, _, attribute = head.rpartition(".")
    setattr(network.get_submodule(owner), attribute, nn.Identity())
    taps = Taps(network, config.stages)
    return nn.Sequential(OrderedDict(taps=taps, readout=make_readout(taps))), "readout"


def _torchvision(backbone: str) -> tuple[nn.Module, str] | None:
    from torchvision import models

    if backbone not in models.list_models(module=models):
        return None
    network = models.get_model(backbone, weights=None)
    if hasattr(network, "aux_logits"):
        network.aux_logits = False  # GoogLeNet's and Inception's second heads would classify, not embed.
    linear = [(name, part) for name, part in network.named_modules() if isinstance(part, nn.Linear)]
    if not linear:
        raise UserError(f"--backbone {backbone} does not end in a linear layer that could be replaced; take another.")
    name, last = linear[-1]
    owner, _, attribute = name.rpartition(".")
    setattr(network.get_submodule(owner), attribute, nn.Linear(last.in_features, EMBEDDING_SIZE))
    return network, name


def _timm(backbone: str) -> tuple[nn.Module, str]:
    try:
        import timm
    except ImportError:
        raise UserError(
            f"--backbone {backbone} is no torchvision classifier; timm's models need the extra: "
            '`pip install "painter-search[backbone]"`.'
        ) from None
    if not timm.is_model(backbone):
        close = ", ".join(timm.list_models(f"*{backbone.split('_')[0]}*")[:5]) or "see timm.list_models()"
        raise UserError(f"--backbone {backbone} is known neither to torchvision nor to timm; close: {close}.")
    network = timm.create_model(backbone, num_classes=EMBEDDING_SIZE)
    classifier: Any = network.pretrained_cfg["classifier"]  # type: ignore[index]
    return network, classifier if isinstance(classifier, str) else classifier[0]


def expected_normalization(backbone: str) -> tuple[Channels, Channels]:
    """Mean and standard deviation per channel of the pixels (0 to 1) that the backbone's weights were trained on.

    ImageNet's for torchvision's; timm keeps each model's own.
    """
    from torchvision import models

    if backbone not in models.list_models(module=models):
        import timm

        settings = timm.get_pretrained_cfg(backbone)
        if settings is not None:
            (r, g, b), (dr, dg, db) = settings.mean, settings.std
            return (r, g, b), (dr, dg, db)
    return IMAGENET_MEAN, IMAGENET_STD


def _load_imagenet(network: nn.Module, head: str, backbone: str) -> None:
    from torchvision import models

    if backbone in models.list_models(module=models):
        entry = models.get_model_weights(backbone).DEFAULT
        if backbone == "resnet34":
            entry = models.ResNet34_Weights.IMAGENET1K_V1  # the report's
        try:
            weights = entry.get_state_dict(progress=True, check_hash=True)
        except Exception as error:
            raise unreachable(backbone, entry.url, error) from error
        load_backbone_weights(network, weights, head, f"torchvision's {backbone}")
        return
    packaged = None
    if backbone == PACKAGED_BACKBONE:
        packaged = packaged_weights(list(network.state_dict()))
    if packaged is not None:
        load_backbone_weights(network, packaged, head, f"the package of {backbone}")
        return
    import timm

    try:
        weights = timm.create_model(backbone, pretrained=True).state_dict()
    except Exception as error:
        raise unreachable(backbone, f"timm's weights of {backbone}", error) from error
    load_backbone_weights(network, weights, head, f"timm's {backbone}")
