"""The encoder as a whole: pixels in, embeddings out."""

from __future__ import annotations

import torch
from torch import nn

from painter_search.encoder.network import build_network
from painter_search.encoder.settings import EncoderConfig


class Encoder(nn.Module):
    """A network with its normalisation: uint8 pixels `[n, 3, side, side]` → float32 embeddings `[n, 256]`."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, config: EncoderConfig, weights: str = "none", seed: int = 0) -> None:
        """Build it untrained; see `build_network` for `weights` and what is raised."""
        super().__init__()
        self.config = config
        self.network = build_network(config, weights, seed)
        self.register_buffer("mean", torch.tensor(config.mean).view(3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(config.std).view(3, 1, 1) * 255, persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network((pixels.float() - self.mean) / self.std)
