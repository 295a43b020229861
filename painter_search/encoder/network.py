"""The encoder's network: pixels in, embeddings out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from painter_search.common.errors import DamagedFileError, PainterSearchError
from painter_search.common.log import logger
from painter_search.common.machine.device import to_device
from painter_search.encoder.backbone import build_network, expected_normalization, without_source
from painter_search.encoder.backbones.staged_transformer import StagedTransformer
from painter_search.encoder.config import IMG_SIZE, EncoderConfig
from painter_search.encoder.inference.embedding import BATCH, GPU_BATCH
from painter_search.encoder.inference.mixed_precision import mixed_precision
from painter_search.encoder.multi_stage_features import default_stages


class EncoderNetwork(nn.Module):
    """A network with its normalisation: uint8 pixels `[n, 3, side, side]` → float32 embeddings `[n, 256]`.

    It satisfies `Embedder`. `Encoder` wraps it for paintings in files.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, config: EncoderConfig, weights: str = "none", seed: int = 0) -> None:
        """Build the untrained network; see `build_network` for `weights`, `seed` and the errors.

        `config` becomes what the network is fitted to; see `fitted_config`.
        """
        super().__init__()
        self.network, self.head = build_network(config, weights, seed)
        self.config = config = fitted_config(config, self.network)
        self.register_buffer("mean", torch.tensor(config.mean).view(3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(config.std).view(3, 1, 1) * 255, persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        embeddings: torch.Tensor = self.network(self.normalized(pixels))
        return nn.functional.normalize(embeddings.float(), dim=1) if self.config.normalize else embeddings

    def normalized(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels as the backbone expects them: float32 `[n, 3, side, side]`."""
        return (pixels.float() - self.mean) / self.std

    @property
    def device(self) -> torch.device:
        """The device that the network is on."""
        return self.mean.device

    @property
    def batch_size(self) -> int:
        """Views a forward pass."""
        return BATCH if self.device.type == "cpu" else GPU_BATCH

    @torch.inference_mode()
    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed views, uint8 `[n, 3, side, side]`, on the network's device; returns float32 `[n, 256]`."""
        with mixed_precision(self.device, self.network):
            embeddings = self(self.on_device(pixels).contiguous(memory_format=torch.channels_last))
        return np.asarray(embeddings[: len(pixels)].float().cpu().numpy(), np.float32)

    def on_device(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Views, uint8 `[n, 3, side, side]`, on the network's device; on CUDA black views may be appended.

        cuDNN prepares itself anew for every number of images, for seconds where convolutions are depthwise, so it gets
        full forward passes only.
        """
        batch = to_device(torch.from_numpy(pixels), self.device)
        padding = self.batch_size - len(batch) if self.device.type == "cuda" else 0
        return nn.functional.pad(batch, (0, 0, 0, 0, 0, 0, 0, padding)) if padding > 0 else batch

    def stages(self) -> tuple[str, ...]:
        """The submodules whose feature maps are exported: those a readout reads, or would read."""
        if self.config.head == "readout":
            return tuple(f"network.taps.trunk.{stage}" for stage in self.config.stages)
        return tuple(f"network.{stage}" for stage in default_stages(self.network))

    def head_parameters(self) -> list[nn.Parameter]:
        """The parameters of the new layer."""
        return list(self.network.get_submodule(self.head).parameters())

    def backbone_parameters(self) -> list[nn.Parameter]:
        """All parameters but the new layer's."""
        head = set(self.head_parameters())
        return [parameter for parameter in self.parameters() if parameter not in head]

    def freeze_backbone(self) -> None:
        """Leave only the new layer trainable; batch normalisation keeps its pre-trained statistics, see `train`."""
        self.requires_grad_(False)
        self.network.get_submodule(self.head).requires_grad_(True)

    def train(self, mode: bool = True) -> EncoderNetwork:
        """Switch to training mode; with a frozen backbone the network stays in evaluation mode."""
        frozen = not all(parameter.requires_grad for parameter in self.parameters())
        return super().train(mode and not frozen)


def untrained_network(
    backbone: str,
    weights: str,
    seed: int,
    *,
    img_size: int = IMG_SIZE,
    views: Literal["center", "parts", "sized-parts"] = "center",
    normalize: bool = False,
) -> EncoderNetwork:
    """An encoder's network before any training, in evaluation mode.

    See `build_network` for `weights`, `seed` and the errors, and `EncoderConfig` for the other settings.
    """
    mean, std = expected_normalization(backbone)
    architecture = without_source(backbone)
    if architecture != backbone and weights == "imagenet":
        weights = backbone
    config = EncoderConfig(architecture, img_size=img_size, mean=mean, std=std, views=views, normalize=normalize)
    network = EncoderNetwork(config, weights, seed).eval()
    if network.config.img_size != img_size:
        logger.info(f"{architecture} takes squares of {network.config.img_size} px; --img-size {img_size} is not used.")
    return network


def network_of_weights(config: EncoderConfig, file: Path) -> EncoderNetwork:
    """A network with the weights of a safetensors file, in evaluation mode.

    Raises `DamagedFileError` where they do not fit.
    """
    from safetensors.torch import load

    try:
        network = EncoderNetwork(config)
        network.load_state_dict(load(file.read_bytes()))  # mapped, it would stay open
    except PainterSearchError:
        raise
    except Exception as error:  # safetensors has its own
        raise DamagedFileError(f"{file} does not fit the config.json beside it; copy the folder again.") from error
    return network.eval()


def fitted_config(config: EncoderConfig, network: nn.Module) -> EncoderConfig:
    """The settings that a network built for `config` satisfies: some take images of one size.

    A transformer does, and one that pools into several cells (AlexNet, VGG), which is exported for one size alone.
    """
    trunk = network.get_submodule("taps.trunk") if config.head == "readout" else network
    if isinstance(trunk, StagedTransformer):
        config = replace(config, img_size=trunk.side)
    elif not any(map(_pools_into_cells, trunk.modules())):
        return config
    return replace(config, views="center" if config.views == "center" else "equal-parts")


def _pools_into_cells(module: nn.Module) -> bool:
    return isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size not in (1, (1, 1))
