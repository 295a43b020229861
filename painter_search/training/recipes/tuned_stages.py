"""The last stages, fine-tuned on what the stages before them gave, so that a step costs the last stages alone.

The readout stays as it is: trained along, it took 3 points of recall@1 from artists never seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from painter_search.encoder.inference.embedding import mean_over_views
from painter_search.encoder.inference.mixed_precision import unscaled_precision
from painter_search.encoder.last_stages import LastStages
from painter_search.encoder.multi_stage_features import Readout
from painter_search.encoder.network import EncoderNetwork
from painter_search.training.data.feature_cache import FeatureCache
from painter_search.training.data.pk_sampler import Batch

STAGE_DECAY = 0.7
"""The learning rate of a block, as a share of the rate of the block after it (layer-wise decay)."""
BLOCK = 32
"""Works that are embedded at once."""

LoadedStages: TypeAlias = tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]]
"""The statistics before any training `[n, width]`, and what `StageCache.read` returns."""


class TunedStages:
    """The last stages of an encoder; satisfies `TunedPart`."""

    averaging = 0.0

    def __init__(self, encoder: EncoderNetwork, features: FeatureCache, lr: float) -> None:
        """Tune `encoder` on features with what the last frozen stage gives for each view; `lr` is the last block's."""
        self._encoder, self._features, self._lr = encoder, features, lr
        self._stages = LastStages(encoder)
        self._readout = cast(Readout, encoder.network.get_submodule("readout"))

    def parameters(self) -> dict[str, nn.Parameter]:
        return self._stages.parameters()

    def rates(self, names: Sequence[str]) -> Mapping[str, float]:
        return layer_wise_rates(names, self._lr)

    def load(self, batch: Batch) -> LoadedStages:
        return self._read(batch.rows, batch.views)

    def embed_loaded(self, loaded: LoadedStages) -> torch.Tensor:
        device = self._encoder.device
        features, outputs = loaded
        frozen = features.to(device)
        positions, parts = [], []
        for part, of_one_size in outputs:
            moving = of_one_size.to(device)
            if moving.ndim == 4:
                moving = moving.contiguous(memory_format=torch.channels_last)
            with unscaled_precision(device, self._encoder.network):
                statistics = self._stages.statistics(moving, frozen[part.to(device)])
            positions.append(part)
            parts.append(self._readout.embed(statistics.float()))
        order = torch.cat(positions).argsort().to(device)
        return torch.nn.functional.normalize(torch.cat(parts)[order], dim=1)

    @torch.inference_mode()
    def embed_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        blocks: list[NDArray[np.float32]] = []
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            counts = self._features.view_counts(block.tolist())
            views = torch.from_numpy(np.concatenate([np.arange(count) for count in counts]))
            embeddings = self.embed_loaded(self._read(torch.from_numpy(np.repeat(block, counts)), views))
            blocks.append(mean_over_views(embeddings.cpu().numpy(), counts, self._encoder.config.normalize))
        return np.concatenate(blocks)

    def embed(self, paths: Sequence[Path]) -> NDArray[np.float32]:
        return self.embed_rows(np.asarray(self._features.rows_of(paths)))

    def _read(self, rows: torch.Tensor, views: torch.Tensor) -> LoadedStages:
        return self._features.rows(rows, views), self._features.stage_outputs(rows, views)


def layer_wise_rates(names: Sequence[str], last: float) -> dict[str, float]:
    """The learning rate of each parameter: `last` in the last block, in each block before `STAGE_DECAY` of the next.

    A block is what a name says up to its last number: `taps.trunk.blocks.5.3`, say, or up to its last module.
    """
    blocks = list(dict.fromkeys(_block(name) for name in names))
    depth = {block: len(blocks) - 1 - number for number, block in enumerate(blocks)}
    return {name: last * STAGE_DECAY ** depth[_block(name)] for name in names}


def _block(name: str) -> str:
    numbered = re.match(r".*?\.\d+(\.\d+)?(?=\.)", name)
    return numbered.group() if numbered else name.rpartition(".")[0]
