"""What of an encoder is fine-tuned, and how a batch passes through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from painter_search.training.data.pk_sampler import Batch

Loaded = TypeVar("Loaded")
"""What a part reads of a batch."""


class TunedPart(Protocol[Loaded]):
    """A part of an encoder with a fitted readout that fine-tuning trains: `TunedStages` or `TunedNetwork`."""

    averaging: float
    """The weights kept are a running average of the trained ones, with this share of the average at every step, less in
    the first ones; 0 keeps the trained ones."""

    def parameters(self) -> dict[str, nn.Parameter]:
        """What is trained, by names in the encoder's network."""

    def rates(self, names: Sequence[str]) -> Mapping[str, float]:
        """The learning rate of each of these parameters."""

    def load(self, batch: Batch) -> Loaded:
        """Read the views of a batch, on any thread."""

    def embed_loaded(self, loaded: Loaded) -> torch.Tensor:
        """Embed what `load` read, with gradients: embeddings of length 1, float32 `[n, 256]`."""

    def embed_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """These works by the encoder as it is now, means over their views: float32 `[n, 256]`."""

    def embed(self, paths: Sequence[Path]) -> NDArray[np.float32]:
        """The same for works given by their frames."""
