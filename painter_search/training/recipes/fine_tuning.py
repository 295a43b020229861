"""Fine-tuning of the last stages: the network itself learns, once its new layer is fitted (LP-FT: Kumar et al. 2022).

What the stages before give is kept on disk, so that a step costs the last stages alone. The new layer stays as it is:
trained along, it took 3 points of recall@1 from artists never seen. Batch normalisation keeps its pre-trained
statistics and parameters. Half of a batch's artists are neighbours of the other half.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.progress import track
from painter_search.encoder.embedding import mean_over_views
from painter_search.encoder.last_stages import LastStages
from painter_search.encoder.mixed_precision import mixed_precision
from painter_search.encoder.multi_stage_features import Readout
from painter_search.encoder.network import EncoderNetwork
from painter_search.training.config import TrainConfig
from painter_search.training.data.feature_cache import FeatureCache
from painter_search.training.data.pk_sampler import Batch, PKSampler
from painter_search.training.distributed import gather_embeddings, sum_gradients, world_size
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.history import EpochMetrics
from painter_search.training.losses import SupervisedContrastiveLoss
from painter_search.training.recipes.learning_rate import learning_rate_factor

STAGE_DECAY = 0.7
"""The learning rate of a block, as a share of the rate of the block after it (layer-wise decay)."""
NEIGHBOURS = 10
"""Nearest other artists of each, from which half of a batch is drawn."""
BLOCK = 32
"""Works that are embedded at once."""


class FineTuningState(TypedDict):
    """What a checkpoint holds of a fine-tuning besides the encoder."""

    step: int
    start: dict[str, torch.Tensor]
    """The weights before, by name in the network."""
    neighbours: torch.Tensor
    optimizer: dict[str, object]


class FineTuning:
    """Trains the last stages of an encoder, in place, on what the stages before gave."""

    def __init__(
        self, config: TrainConfig, encoder: EncoderNetwork, features: FeatureCache, sampler: PKSampler
    ) -> None:
        """Prepare to fine-tune `encoder`.

        Args:
            config: Settings.
            encoder: Trained in place; it has a fitted readout.
            features: Of the works, with what the last frozen stage gives for each of their views.
            sampler: Draws the batches; its `neighbours` are set by `begin`.
        """
        self._encoder, self._features, self._sampler = encoder, features, sampler
        self._hyperparameters = config.resolved
        self._steps = sampler.steps * self._hyperparameters.finetune_epochs
        self._stages = LastStages(encoder)
        self._readout = cast(Readout, encoder.network.get_submodule("readout"))
        self._parameters = self._stages.parameters()
        rates = layer_wise_rates(list(self._parameters), self._hyperparameters.backbone_lr)
        encoder.requires_grad_(False)
        for parameter in self._parameters.values():
            parameter.requires_grad_(True)
        self._rates = [rates[name] for name in self._parameters]
        self._optimizer = torch.optim.AdamW(
            [{"params": [parameter]} for parameter in self._parameters.values()], lr=0.0, weight_decay=0.0
        )
        self._loss = SupervisedContrastiveLoss()
        self._step = 0
        self._start = self._weights()

    def begin(self, artists: NDArray[np.int64], embeddings: NDArray[np.float32]) -> None:
        """Find each artist's neighbours from embeddings of the works `[n, 256]`."""
        self._sampler.neighbours = nearest_artists(embeddings, artists, self._sampler.groups)

    def train(self, epoch: int, title: str) -> EpochMetrics:
        """Train one epoch."""
        self._sampler.epoch = epoch
        metrics = MetricAccumulator(self._hyperparameters.margin)
        images = 0
        for batch in track(self._sampler, title, total=self._sampler.steps):
            self._training_step(batch, metrics)
            images += len(batch.rows)
        return metrics.summarize(epoch, images * world_size())

    def state(self) -> FineTuningState:
        assert self._sampler.neighbours is not None
        return {
            "step": self._step,
            "start": self._start,
            "neighbours": torch.from_numpy(self._sampler.neighbours),
            "optimizer": self._optimizer.state_dict(),
        }

    def resume(self, state: FineTuningState) -> None:
        self._step = state["step"]
        self._start = {name: value.to(self._encoder.device) for name, value in state["start"].items()}
        self._sampler.neighbours = state["neighbours"].numpy()
        self._optimizer.load_state_dict(state["optimizer"])

    def embed(self, paths: Sequence[Path]) -> NDArray[np.float32]:
        """Embed works by the encoder as it is now, from what the last frozen stage gave: float32 `[n, 256]`."""
        return self.embed_rows(np.asarray(self._features.rows_of(paths)))

    @torch.inference_mode()
    def embed_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The same for works given by their numbers."""
        blocks: list[NDArray[np.float32]] = []
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            counts = self._features.view_counts(block.tolist())
            views = torch.from_numpy(np.concatenate([np.arange(count) for count in counts]))
            embeddings = self._embed(torch.from_numpy(np.repeat(block, counts)), views)
            blocks.append(mean_over_views(embeddings.cpu().numpy(), counts, self._encoder.config.normalize))
        return np.concatenate(blocks)

    def moved(self, encoder: EncoderNetwork) -> bool:
        """Whether the backbone of an encoder, with or without a readout, has other weights than before fine-tuning."""
        prefix = "network." if encoder.config.head != "readout" else "network.taps.trunk."
        state = encoder.state_dict()
        return any(
            not torch.equal(state[name.replace("taps.trunk.", prefix, 1)], start) for name, start in self._start.items()
        )

    def _embed(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """The embeddings of length 1 of a view of each of these works: `[n, 256]`."""
        device = self._encoder.device
        frozen = self._features.rows(rows, views).to(device)
        positions, parts = [], []
        for part, outputs in self._features.stage_outputs(rows, views):
            moving = outputs.to(device)
            if moving.ndim == 4:
                moving = moving.contiguous(memory_format=torch.channels_last)
            with mixed_precision(device, self._encoder.network):
                statistics = self._stages.statistics(moving, frozen[part.to(device)])
            positions.append(part)
            parts.append(self._readout.embed(statistics.float()))
        order = torch.cat(positions).argsort().to(device)
        return torch.nn.functional.normalize(torch.cat(parts)[order], dim=1)

    def _training_step(self, batch: Batch, metrics: MetricAccumulator) -> None:
        factor = learning_rate_factor(self._step, self._steps)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        embeddings = self._embed(batch.rows, batch.views)
        all_embeddings, all_artists = gather_embeddings(embeddings, batch.artists.to(self._encoder.device))
        loss, positive, negative = self._loss(all_embeddings, all_artists)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        sum_gradients(self._parameters.values())
        self._optimizer.step()
        metrics.add(loss, positive, negative)
        self._step += 1

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: parameter.detach().clone() for name, parameter in self._parameters.items()}


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


def nearest_artists(
    embeddings: NDArray[np.float32], artists: NDArray[np.int64], groups: Sequence[NDArray[np.int64]]
) -> NDArray[np.int64]:
    """For each artist the nearest others of the same group, by the means of their works: int64 `[artists, k]`.

    With fewer than `NEIGHBOURS` others these are repeated; an artist alone in a group is its own neighbour.
    """
    count = int(artists.max()) + 1
    sums = np.zeros((count, embeddings.shape[1]))
    np.add.at(sums, artists, embeddings)
    means = sums / np.maximum(np.bincount(artists, minlength=count), 1)[:, None]
    nearest = np.tile(np.arange(count)[:, None], NEIGHBOURS)
    for group in groups:
        if len(group) < 2:
            continue
        distances = ((means[group][:, None] - means[group]) ** 2).sum(-1)
        np.fill_diagonal(distances, math.inf)
        order = np.argsort(distances, axis=1, kind="stable")[:, : len(group) - 1]
        nearest[group] = group[np.take(order, np.arange(NEIGHBOURS) % order.shape[1], axis=1)]
    return nearest
