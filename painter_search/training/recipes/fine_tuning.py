"""Fine-tuning: the network itself learns, once its new layer is fitted (LP-FT: Kumar et al. 2022).

The loss is supervised contrast over P x K batches, half of whose artists are neighbours of the other half. Batch
normalisation keeps its pre-trained statistics and parameters.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Generic, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.encoder.network import EncoderNetwork
from painter_search.training.config import TrainConfig
from painter_search.training.data.pk_sampler import Batch, PKSampler
from painter_search.training.distributed import gather_embeddings, sum_gradients, world_size
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.history import EpochMetrics
from painter_search.training.losses import SupervisedContrastiveLoss
from painter_search.training.recipes.learning_rate import learning_rate_factor
from painter_search.training.recipes.tuned_part import Loaded, TunedPart

NEIGHBOURS = 10
"""Nearest other artists of each, from which half of a batch is drawn."""
TRUNK = "taps.trunk."
"""Where the backbone is in the network of an encoder with a readout."""
BATCHES_AHEAD = 8
"""Batches that are read while one is trained on."""


class FineTuningState(TypedDict):
    """What a checkpoint holds of a fine-tuning besides the encoder."""

    step: int
    start: dict[str, torch.Tensor]
    """The weights before, by name in the network."""
    trained: dict[str, torch.Tensor]
    """The trained weights, where the encoder has their average; else empty."""
    neighbours: torch.Tensor
    optimizer: dict[str, object]


class FineTuning(Generic[Loaded]):
    """Trains a part of an encoder, in place."""

    def __init__(
        self, config: TrainConfig, encoder: EncoderNetwork, part: TunedPart[Loaded], sampler: PKSampler
    ) -> None:
        """Prepare to fine-tune `encoder`.

        Args:
            config: Settings.
            encoder: Trained in place; it has a fitted readout.
            part: Of `encoder`, on its device.
            sampler: Draws the batches; its `neighbours` are set by `begin`.
        """
        self._encoder, self._part, self._sampler = encoder, part, sampler
        self._hyperparameters = config.resolved
        self._steps = sampler.steps * self._hyperparameters.finetune_epochs
        self._parameters = part.parameters()
        encoder.requires_grad_(False)
        by_rate: dict[float, list[nn.Parameter]] = defaultdict(list)
        rates = part.rates(list(self._parameters))
        for name, parameter in self._parameters.items():
            parameter.requires_grad_(True)
            by_rate[rates[name]].append(parameter)
        self._rates = list(by_rate)
        self._optimizer = torch.optim.AdamW(
            [{"params": parameters} for parameters in by_rate.values()], lr=0.0, weight_decay=0.0
        )
        self._loss = SupervisedContrastiveLoss()
        self._step = 0
        self._start = self._weights()
        self._trained = self._weights() if part.averaging else {}
        self._end: dict[str, torch.Tensor] = {}

    def begin(self, artists: NDArray[np.int64], embeddings: NDArray[np.float32]) -> None:
        """Find each artist's neighbours from embeddings of the works `[n, 256]`."""
        self._sampler.neighbours = nearest_artists(embeddings, artists, self._sampler.groups)

    def train(self, epoch: int, title: str) -> EpochMetrics:
        """Train one epoch."""
        self._sampler.epoch = epoch
        metrics = MetricAccumulator(self._hyperparameters.margin)
        images = 0
        average = self._weights() if self._part.averaging else {}
        self._set_weights(self._trained)
        loaded = map_prefetched(self._load, self._sampler, BATCHES_AHEAD)
        for batch, of_batch in track(loaded, title, total=self._sampler.steps):
            self._training_step(self._part.embed_loaded(of_batch), batch.artists, metrics)
            if average:
                # With Adam's bias correction (Kingma and Ba, 2015); otherwise few steps would hardly move the average.
                share = (1 - self._part.averaging) / (1 - self._part.averaging**self._step)
                with torch.no_grad():
                    torch._foreach_lerp_(list(average.values()), list(self._parameters.values()), share)
            images += len(batch.rows)
        self._trained = self._weights() if average else {}
        self._set_weights(average)
        return metrics.summarize(epoch, images * world_size())

    def end(self) -> None:
        """Remember the weights of now as the last ones, whatever the encoder is given later."""
        self._end = self._weights()

    def state(self) -> FineTuningState:
        assert self._sampler.neighbours is not None
        return {
            "step": self._step,
            "start": self._start,
            "trained": self._trained,
            "neighbours": torch.from_numpy(self._sampler.neighbours),
            "optimizer": self._optimizer.state_dict(),
        }

    def resume(self, state: FineTuningState) -> None:
        self._step = state["step"]
        self._start, self._trained = (
            {name: value.to(self._encoder.device) for name, value in weights.items()}
            for weights in (state["start"], state.get("trained", {}))  # older checkpoints have no average
        )
        self._sampler.neighbours = state["neighbours"].numpy()
        # Each step sets the groups' rates; older checkpoints have a group for every parameter, in the same order.
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state["optimizer"]["state"], "param_groups": groups})

    def moved(self, encoder: EncoderNetwork) -> bool:
        """Whether the backbone of an encoder, with or without a readout, has other weights than before fine-tuning."""
        return not _has_backbone(encoder, self._start)

    def ended_with(self, encoder: EncoderNetwork) -> bool:
        """Whether the backbone of an encoder has the weights of the end; see `end`."""
        return _has_backbone(encoder, self._end)

    def _load(self, batch: Batch) -> tuple[Batch, Loaded]:
        return batch, self._part.load(batch)

    def _training_step(self, embeddings: torch.Tensor, artists: torch.Tensor, metrics: MetricAccumulator) -> None:
        """One step on embeddings of views `[n, 256]` by artists `[n]`, counted in `metrics`."""
        factor = learning_rate_factor(self._step, self._steps)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        all_embeddings, all_artists = gather_embeddings(embeddings, artists.to(self._encoder.device))
        loss, positive, negative = self._loss(all_embeddings, all_artists)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        sum_gradients(self._parameters.values())
        self._optimizer.step()
        metrics.add(loss, positive, negative)
        self._step += 1

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: parameter.detach().clone() for name, parameter in self._parameters.items()}

    @torch.no_grad()
    def _set_weights(self, weights: dict[str, torch.Tensor]) -> None:
        for name, weight in weights.items():
            self._parameters[name].copy_(weight)


def _has_backbone(encoder: EncoderNetwork, weights: dict[str, torch.Tensor]) -> bool:
    """Whether the backbone of an encoder, with or without a readout, has these weights, named as with one."""
    prefix = "network." if encoder.config.head != "readout" else f"network.{TRUNK}"
    state = encoder.state_dict()
    return all(
        torch.equal(state[name.replace(TRUNK, prefix, 1)], weight)
        for name, weight in weights.items()
        if name.startswith(TRUNK)
    )


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
        points = means[group]
        squares = np.square(points).sum(axis=1)
        distances = squares[:, None] + squares - 2 * points @ points.T
        np.fill_diagonal(distances, math.inf)
        order = np.argsort(distances, axis=1, kind="stable")[:, : len(group) - 1]
        nearest[group] = group[np.take(order, np.arange(NEIGHBOURS) % order.shape[1], axis=1)]
    return nearest
