"""What is read of a backbone, so that what is frozen of it sees every view once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from painter_search.encoder.inference.inference_engine import open_engine
from painter_search.encoder.inference.mixed_precision import mixed_precision
from painter_search.encoder.inference.onnx_export import FEATURES, STAGE, export_network
from painter_search.encoder.last_stages import last_frozen_stage, recorded_output
from painter_search.encoder.multi_stage_features import Readout
from painter_search.encoder.network import EncoderNetwork
from painter_search.encoder.views import MAX_VIEWS


class BackboneFeatures(nn.Module):
    """An encoder without its new layer: uint8 pixels `[n, 3, side, side]` → float32 features `[n, width]`."""

    def __init__(self, encoder: EncoderNetwork) -> None:
        super().__init__()
        self.encoder = encoder
        self.layer, self.width = new_layer(encoder)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        network, images = self.encoder.network, self.encoder.normalized(pixels)
        if isinstance(self.layer, Readout):
            return self.layer.statistics(network.get_submodule("taps")(images))
        read: list[torch.Tensor] = []
        hook = self.layer.register_forward_pre_hook(lambda _layer, inputs: read.append(inputs[0]))
        try:
            network(images)
        finally:
            hook.remove()
        return read[0].float()


class FeaturesAndStage(BackboneFeatures):
    """The same, and what the last frozen stage gives: features `[n, width]`, output `[n, ...]`."""

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        with recorded_output(last_frozen_stage(self.encoder)) as recorded:
            features = super().forward(pixels)
        return features, recorded[0].float()


class FeatureReader:
    """Reads the features of views: in PyTorch on a GPU, on a CPU with the engine that embeds there."""

    def __init__(self, encoder: EncoderNetwork, *, with_stage: bool = False) -> None:
        """Read what `encoder` gives; `with_stage` also what its last frozen stage gives, see `read_with_stage`."""
        self._encoder = encoder
        self._features = (FeaturesAndStage if with_stage else BackboneFeatures)(encoder).eval()
        self._outputs = [FEATURES, STAGE] if with_stage else [FEATURES]
        on_cpu = encoder.device.type == "cpu"
        self._engine = None
        if on_cpu:
            exported = export_network(self._features, self._outputs, encoder.config)
            self._engine = open_engine(exported, encoder.config.img_size, output=FEATURES)
        self.batch_size = encoder.batch_size if self._engine is None else self._engine.batch_size

    @property
    def group_size(self) -> int:
        """Works at a time: on a CPU so many that the views of each side fill forward passes, which are small there."""
        return self.batch_size if self._engine else self.batch_size // MAX_VIEWS

    def read(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The features of views, uint8 `[n, 3, side, side]`: float32 `[n, width]`."""
        return self._read(self._outputs[:1], pixels)[0]

    def read_with_stage(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same, and what the last frozen stage gives: float32 `[n, width]` and `[n, ...]`."""
        features, outputs = self._read(self._outputs, pixels)
        return features, outputs

    @torch.inference_mode()
    def _read(self, names: Sequence[str], pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        if self._engine is not None:
            return self._engine.run(names, pixels)
        batch = self._encoder.on_device(pixels).contiguous(memory_format=torch.channels_last)
        with mixed_precision(self._encoder.device, self._encoder.network):
            read = self._features(batch)
        outputs = read if isinstance(read, tuple) else (read,)
        return [np.asarray(output[: len(pixels)].float().cpu().numpy(), np.float32) for output in outputs[: len(names)]]


def embed_features(encoder: EncoderNetwork, features: torch.Tensor) -> torch.Tensor:
    """The embeddings `[n, 256]` of views with these features `[n, width]`.

    The features may be those of an encoder with a readout on the same backbone: they end with the last features, which
    are all that a linear layer reads.
    """
    layer, width = new_layer(encoder)
    read = features[:, -width:]
    embeddings: torch.Tensor = layer.embed(read) if isinstance(layer, Readout) else layer(read)
    return nn.functional.normalize(embeddings, dim=1) if encoder.config.normalize else embeddings


def new_layer(encoder: EncoderNetwork) -> tuple[Readout | nn.Linear, int]:
    """The new layer of an encoder, and how many features it reads."""
    layer = cast("Readout | nn.Linear", encoder.network.get_submodule(encoder.head))
    return layer, layer.width if isinstance(layer, Readout) else layer.in_features
