"""The last stages of a network, run on what the stage before them gave, so that only they cost anything per step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import nn

from painter_search.encoder.backbones.staged_transformer import StagedTransformer
from painter_search.encoder.multi_stage_features import PROBE_SIDE, FeatureHooks, Readout
from painter_search.encoder.network import EncoderNetwork

AFTER_LAST_FROZEN = 3
"""Groups of statistics at the end of a readout that the last stages change: mean and deviation of the last stage that
is read, and the last features."""


class LastStages:
    """What of an encoder with a readout can be trained while its first stages keep their weights.

    The last stage but one that is read is the last frozen one. To start from its output, the whole network runs on one
    small black image, and a hook puts the kept output in the place of that stage's own: that holds for every
    architecture, and what comes before costs next to nothing. (Not so in transformers, which want as many images as
    outputs, and of their own size.)

    Attributes:
        frozen_width: How many of the statistics, the first ones, the last stages do not change.
    """

    def __init__(self, encoder: EncoderNetwork) -> None:
        self._taps = cast(FeatureHooks, encoder.network.get_submodule("taps"))
        self._readout = cast(Readout, encoder.network.get_submodule("readout"))
        self._stage = last_frozen_stage(encoder)
        self.frozen_width = sum(self._readout.sizes[:-AFTER_LAST_FROZEN])
        self._needs_all = isinstance(self._taps.trunk, StagedTransformer)
        side = encoder.config.img_size if self._needs_all else PROBE_SIDE
        self._blank = torch.zeros(1, 3, side, side, device=encoder.device)

    def statistics(self, outputs: torch.Tensor, frozen: torch.Tensor) -> torch.Tensor:
        """All statistics of views: float32 `[n, width]`.

        Args:
            outputs: What the last frozen stage gave for views of one size: `[n, ...]`.
            frozen: The statistics of these views before any training, `[n, width]`; the first `frozen_width` hold.
        """
        with self._replaced_output(outputs):
            *_, feature_map, last = self._taps(self._blanks(len(outputs)))
        moved = self._readout.statistics([feature_map, last])
        return torch.cat([frozen[:, : self.frozen_width], moved], dim=1)

    def parameters(self) -> dict[str, nn.Parameter]:
        """The parameters of the last stages, by their names in the network; batch normalisation keeps its own."""
        named = without_batch_normalization(self._taps, prefix="taps")
        required = {name: parameter.requires_grad for name, parameter in named.items()}
        for parameter in named.values():
            parameter.requires_grad_(True)
        with recorded_output(self._stage) as recorded, torch.no_grad():
            self._taps(self._blank)
        with self._replaced_output(recorded[0]):
            *_, feature_map, last = self._taps(self._blank)
        gradients = torch.autograd.grad(feature_map.sum() + last.sum(), list(named.values()), allow_unused=True)
        for name, parameter in named.items():
            parameter.requires_grad_(required[name])
        reached = zip(named.items(), gradients, strict=True)
        return {name: parameter for (name, parameter), gradient in reached if gradient is not None}

    def _blanks(self, count: int) -> torch.Tensor:
        return self._blank.expand(count if self._needs_all else 1, -1, -1, -1)

    @contextmanager
    def _replaced_output(self, outputs: torch.Tensor) -> Iterator[None]:
        hook = self._stage.register_forward_hook(lambda _module, _inputs, _output: outputs, prepend=True)
        try:
            yield
        finally:
            hook.remove()


def without_batch_normalization(network: nn.Module, prefix: str = "") -> dict[str, nn.Parameter]:
    """The named parameters of a network but those of its batch normalisation, which keeps what it was trained with."""
    normalizing = {
        id(parameter)
        for module in network.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
        for parameter in module.parameters()
    }
    named = network.named_parameters(prefix=prefix)
    return {name: parameter for name, parameter in named if id(parameter) not in normalizing}


def last_frozen_stage(encoder: EncoderNetwork) -> nn.Module:
    """The module whose output the last stages start from, in an encoder with a readout of two stages or more."""
    trunk = encoder.network.get_submodule("taps.trunk")
    if isinstance(trunk, StagedTransformer):
        return trunk.get_submodule(trunk.block_name(trunk.blocks[-2]))
    return trunk.get_submodule(encoder.config.stages[-2])


@contextmanager
def recorded_output(stage: nn.Module) -> Iterator[list[torch.Tensor]]:
    """A list to which every output of a stage is added meanwhile."""
    recorded: list[torch.Tensor] = []
    hook = stage.register_forward_hook(lambda _stage, _inputs, output: recorded.append(output))
    try:
        yield recorded
    finally:
        hook.remove()


@torch.no_grad()
def stage_output_size(encoder: EncoderNetwork) -> int:
    """How many numbers the last frozen stage gives for a view of `img_size`, the largest there is."""
    side = encoder.config.img_size
    with recorded_output(last_frozen_stage(encoder)) as recorded:
        encoder.network(torch.zeros(1, 3, side, side, device=encoder.device))
    return recorded[0].numel()
