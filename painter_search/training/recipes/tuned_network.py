"""The whole network, fine-tuned on random crops of the paintings, which a GPU cuts; the readout learns along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.checkpoint import checkpoint

from painter_search.common.machine.device import to_device
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.inference.mixed_precision import needs_scaler, unscaled_precision
from painter_search.encoder.inference.onnx_export import fastest_embedder
from painter_search.encoder.last_stages import without_batch_normalization
from painter_search.encoder.network import EncoderNetwork
from painter_search.encoder.views import STRIDE
from painter_search.training.data.image_cache import ImageCache
from painter_search.training.data.pk_sampler import Batch
from painter_search.training.data.random_crops import cut_crops, draw_crops

IMAGE_SIDE = 320
"""Side in pixels of the images that crops are cut from."""
AVERAGING = 0.995
"""The kept weights are a running average of those of some 200 steps."""
READOUT_LR = 3e-4
"""The readout learns along: what the network learned then gave a readout fitted anew 1.2 points of accuracy and 4.7 of
recall@1 on validation artists, and next to nothing to the readout that it was learned with."""
CROPS_AT_ONCE = 32
"""Crops whose activations are held unless `holds_a_batch`: those of 192 crops of 224 px take 20 GB in
EfficientNet-Lite0."""
MIN_SIDE = 128
"""Side in pixels of the smallest crops; they are of every size that views have."""


class LoadedImages(NamedTuple):
    """The images of a batch, and the crops to cut of them."""

    images: torch.Tensor
    """uint8 `[n, side, side, 3]`."""
    crops: NDArray[np.float32]
    """See `draw_crops`."""
    side: int
    """Of the crops, in pixels."""


class TunedNetwork:
    """A whole encoder; satisfies `TunedPart`."""

    averaging = AVERAGING

    def __init__(self, encoder: EncoderNetwork, images: ImageCache, paths: Sequence[Path], lr: float) -> None:
        """Tune `encoder` on the `images` of the training works, which `paths` name in order; `lr` is the backbone's."""
        self._encoder, self._images, self._paths, self._lr = encoder, images, paths, lr
        config = encoder.config
        self._sides = (
            range(min(MIN_SIDE, config.img_size), config.img_size + 1, STRIDE) if config.any_size else [config.img_size]
        )

    def parameters(self) -> dict[str, nn.Parameter]:
        return without_batch_normalization(self._encoder.network)

    def rates(self, names: Sequence[str]) -> Mapping[str, float]:
        return {name: READOUT_LR if name.startswith("readout.") else self._lr for name in names}

    def load(self, batch: Batch) -> LoadedImages:
        images = torch.from_numpy(np.stack([self._images[self._paths[row]] for row in batch.rows.tolist()]))
        side = int(np.random.default_rng(batch.number).choice(self._sides))
        pinned = images.pin_memory() if self._encoder.device.type == "cuda" else images
        return LoadedImages(pinned, draw_crops(batch.views.tolist()), side)

    def embed_loaded(self, loaded: LoadedImages) -> torch.Tensor:
        device = self._encoder.device
        images = to_device(loaded.images, device).permute(0, 3, 1, 2)
        crops = cut_crops(images, loaded.crops, loaded.side).contiguous(memory_format=torch.channels_last)
        with unscaled_precision(device, self._encoder.network):
            return self._embed_crops(crops)

    def _embed_crops(self, crops: torch.Tensor) -> torch.Tensor:
        """Embed a batch, where it is too large in parts whose activations are computed again for their gradients."""
        if holds_a_batch(crops.device):
            return cast(torch.Tensor, self._encoder(crops))
        parts = [checkpoint(self._encoder, part, use_reentrant=False) for part in torch.split(crops, CROPS_AT_ONCE)]
        return torch.cat(parts)

    def embed_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.embed([self._paths[row] for row in rows])

    def embed(self, paths: Sequence[Path]) -> NDArray[np.float32]:
        return embed_all(fastest_embedder(self._encoder), paths)


def holds_a_batch(device: torch.device) -> bool:
    """Whether a device holds the activations of all crops of a batch: a GPU with bfloat16, which halves them."""
    return device.type == "cuda" and not needs_scaler(device)
