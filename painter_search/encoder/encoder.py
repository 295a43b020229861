"""The encoder as a whole: pixels in, embeddings out."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from numpy.typing import NDArray
from torch import nn

from painter_search.encoder.device import mixed_precision
from painter_search.encoder.embedding import BATCH, GPU_BATCH
from painter_search.encoder.network import build_network
from painter_search.encoder.settings import EncoderConfig
from painter_search.encoder.stages import usual_stages


class Encoder(nn.Module):
    """A network with its normalisation: uint8 pixels `[n, 3, side, side]` → float32 embeddings `[n, 256]`."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, config: EncoderConfig, weights: str = "none", seed: int = 0) -> None:
        """Build it untrained; see `build_network` for `weights` and what is raised."""
        super().__init__()
        self.config = config
        self.network, self.head = build_network(config, weights, seed)
        self.register_buffer("mean", torch.tensor(config.mean).view(3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(config.std).view(3, 1, 1) * 255, persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        embeddings = self.network(self.normalized(pixels))
        return F.normalize(embeddings.float(), dim=1) if self.config.unit else embeddings

    def normalized(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels as the backbone expects them: float32 `[n, 3, side, side]`."""
        return (pixels.float() - self.mean) / self.std

    def head_parameters(self) -> list[nn.Parameter]:
        """The new layer's."""
        return list(self.network.get_submodule(self.head).parameters())

    def backbone_parameters(self) -> list[nn.Parameter]:
        """All the others."""
        new = set(self.head_parameters())
        return [parameter for parameter in self.parameters() if parameter not in new]

    def stages(self) -> tuple[str, ...]:
        """The parts of this module whose outputs show what is where: those a readout reads, or would read."""
        if self.config.head == "readout":
            return tuple(f"network.taps.trunk.{stage}" for stage in self.config.stages)
        training = self.training
        found = tuple(f"network.{stage}" for stage in usual_stages(self.network))
        self.train(training)
        return found

    def freeze_backbone(self) -> None:
        """Leave only the new layer to be trained; batch normalisation keeps ImageNet's statistics."""
        self.requires_grad_(False)
        self.network.get_submodule(self.head).requires_grad_(True)

    def train(self, mode: bool = True) -> Encoder:
        """Switch to training; a frozen backbone stays as it is."""
        frozen = not all(parameter.requires_grad for parameter in self.parameters())
        return super().train(mode and not frozen)

    @property
    def at_once(self) -> int:
        """Views a forward pass."""
        return BATCH if self.mean.device.type == "cpu" else GPU_BATCH

    @torch.inference_mode()
    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed views, uint8 `[n, 3, side, side]`, on the device the encoder is on; returns float32 `[n, 256]`."""
        with mixed_precision(self.mean.device, self.network):
            embeddings = self(self.on_device(pixels).contiguous(memory_format=torch.channels_last))
        return embeddings[: len(pixels)].float().cpu().numpy()

    def on_device(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Views, uint8 `[n, 3, side, side]`, where the encoder is; on CUDA more views, black ones, may come after them.

        cuDNN prepares itself anew for every number of images, for seconds where convolutions are depthwise, so that
        it is only ever given whole forward passes.
        """
        device = self.mean.device
        batch = torch.from_numpy(pixels).to(device, non_blocking=True)
        lacking = self.at_once - len(batch) if device.type == "cuda" else 0
        return F.pad(batch, (0, 0, 0, 0, 0, 0, 0, lacking)) if lacking > 0 else batch
