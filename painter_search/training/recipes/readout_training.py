"""The training of a readout on cached features, which needs no pass through the backbone.

The first epoch fits the readout in closed form; the next ones train it by gradients, on every valid triplet of P x K
batches. The weights kept after each lie halfway between the fitted and the trained ones, which did better than either
on artists never seen (averaging with the initial weights: Wortsman et al. 2022, "robust fine-tuning").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed

from painter_search.common.progress import track
from painter_search.encoder.multi_stage_features import Readout
from painter_search.encoder.network import EncoderNetwork
from painter_search.metrics.identification.plda import EmbeddedWorks
from painter_search.training.config import TrainConfig
from painter_search.training.data.feature_cache import FeatureCacheSubset, Features
from painter_search.training.data.pk_sampler import PKSampler
from painter_search.training.distributed import gather_embeddings, rank, sum_gradients, world_size
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.history import EpochMetrics
from painter_search.training.losses import BatchAllTripletLoss
from painter_search.training.recipes.learning_rate import learning_rate_factor

MAX_FITTED_WORKS = 1000
"""Works of a collection that the readout is fitted to, drawn at random; every collection has the same weight."""
MIN_STEPS = 24
"""Steps of an epoch, however small the collection."""
TRAINED_SHARE = 0.5
"""Where the kept weights lie between the fitted (0) and the trained ones (1). Chosen on validation artists."""


class ReadoutState(TypedDict):
    """What a checkpoint holds of the training of a readout besides the encoder."""

    step: int
    fitted: dict[str, torch.Tensor]
    """The readout's weights as the first epoch fitted them."""
    moved: dict[str, torch.Tensor]
    """The trained weights."""
    optimizer: dict[str, object]


class ReadoutTraining:
    """Triplet loss on every valid triplet of P x K batches, embeddings of length 1, AdamW, warm-up and cosine decay.

    Attributes:
        encoder: Trained in place.
        features: Of the training works, and of others after them.
        artists: The number of each work's artist, int64 `[works]`.
        collections: The number of each artist's collection, int64 `[artists]`.
    """

    def __init__(
        self,
        config: TrainConfig,
        encoder: EncoderNetwork,
        features: Features,
        artists: Sequence[int] | NDArray[np.int64],
        collections: Sequence[int] | NDArray[np.int64],
    ) -> None:
        """Train the readout of `encoder` on the features of a backbone; see the attributes."""
        self.encoder, self.features = encoder, features
        self.artists, self.collections = np.asarray(artists), np.asarray(collections)
        self._config, self._hyperparameters = config, config.resolved
        self._device = encoder.device
        steps = max(MIN_STEPS, math.ceil(len(artists) / self._hyperparameters.batch_size))
        # As many works of each collection as a batch of it alone would have: on validation artists that gained half a
        # point of accuracy or more in each of three collections, over dividing a batch among them.
        self._sampler = self.make_sampler(steps, self._hyperparameters.batch_size * len(np.unique(self.collections)))
        self._steps = steps * max(1, self._hyperparameters.epochs - 1)
        self._step = 0
        self._readout = cast(Readout, encoder.network.get_submodule("readout"))
        self._trained = torch.nn.Linear(self._readout.linear.in_features, self._readout.linear.out_features)
        self._trained.to(self._device)
        self._fitted: dict[str, torch.Tensor] = {}
        self._optimizer = torch.optim.AdamW(self._trained.parameters(), lr=self._hyperparameters.lr, weight_decay=0.0)
        self._loss = BatchAllTripletLoss(self._hyperparameters.margin)

    def train(self, epoch: int, title: str = "") -> EpochMetrics | None:
        """Fit the readout in epoch 1; draw as many views as there are works, or more, in every later one.

        Progress is shown under a `title`, if there is one.
        """
        if epoch == 1:
            self._fit()
            return None
        self._sampler.epoch = epoch
        metrics = MetricAccumulator(self._hyperparameters.margin)
        images = 0
        for batch in track(self._sampler, title, total=self._sampler.steps) if title else self._sampler:
            features = self.features.rows(batch.rows, batch.views)
            self._training_step(features.to(self._device), batch.artists.to(self._device), metrics)
            images += len(batch.rows)
        with torch.no_grad():
            for name, kept in self._readout.linear.named_parameters():
                kept.copy_(self._fitted[name].lerp(self._trained.get_parameter(name), TRAINED_SHARE))
        return metrics.summarize(epoch, images * world_size())

    def state(self) -> ReadoutState:
        """What `resume` needs besides the encoder."""
        return {
            "step": self._step,
            "fitted": self._fitted,
            "moved": self._trained.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def resume(self, state: ReadoutState) -> None:
        """Continue from what `state` returned."""
        self._step = state["step"]
        self._fitted = {name: value.to(self._device) for name, value in state["fitted"].items()}
        self._trained.load_state_dict(state["moved"])
        self._optimizer.load_state_dict(state["optimizer"])

    def subset(self, rows: NDArray[np.int64]) -> ReadoutTraining:
        """A new training on these works alone; it works on the same encoder."""
        artists, numbers = np.unique(self.artists[rows], return_inverse=True)
        features = FeatureCacheSubset(self.features, rows)
        return ReadoutTraining(self._config, self.encoder, features, numbers, self.collections[artists])

    def embed_rows(self, encoder: EncoderNetwork, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """These works by an encoder with the backbone that gave the features: float32 `[n, 256]`."""
        return self.features.embed_rows(encoder, rows.tolist())

    def split_collections(self, rows: NDArray[np.int64]) -> list[EmbeddedWorks]:
        """These works by collection, embedded by the weights that are kept now."""
        return self.by_collection(self.embed_rows(self.encoder, rows), rows)

    def by_collection(self, embeddings: NDArray[np.float32], rows: NDArray[np.int64]) -> list[EmbeddedWorks]:
        """Embeddings of these works `[n, 256]`, by collection."""
        artists = self.artists[rows]
        collections = self.collections[artists]
        return [
            EmbeddedWorks(embeddings[collections == one], artists[collections == one]) for one in np.unique(collections)
        ]

    def make_sampler(self, steps: int, batch_size: int) -> PKSampler:
        """A sampler of epochs of so many steps, each on so many of these works."""
        return PKSampler(
            self.artists,
            self.collections,
            batch_size,
            steps=steps,
            seed=self._config.seed,
            rank=rank(),
            processes=world_size(),
        )

    def _standardize(self, features: torch.Tensor) -> torch.Tensor:
        return (features - self._readout.center) * self._readout.scale

    def _fit(self) -> None:
        """Fit the readout to views of training works; gradient steps start from there."""
        rng = np.random.default_rng(self._config.seed)
        collection_of_work = self.collections[self.artists]
        chosen = [
            sorted(rng.permutation(np.flatnonzero(collection_of_work == number))[:MAX_FITTED_WORKS])
            for number in set(collection_of_work)
        ]
        features = [self.features.every_view(rows) for rows in chosen]
        weights = [torch.full((len(views),), 1 / len(views)) for views in features]
        self._readout.fit(torch.cat(features), torch.cat(weights))
        if world_size() > 1:
            for value in self._readout.state_dict().values():
                distributed.broadcast(value, 0)  # the same to the last bit in every process
        self._fitted = {name: value.detach().clone() for name, value in self._readout.linear.named_parameters()}
        self._trained.load_state_dict(self._fitted)

    def _training_step(self, features: torch.Tensor, artists: torch.Tensor, metrics: MetricAccumulator) -> None:
        """One step on views `[n, width]` and their artists `[n]`, counted in `metrics`."""
        rate = self._hyperparameters.lr * learning_rate_factor(self._step, self._steps)
        self._optimizer.param_groups[0]["lr"] = rate
        embeddings = torch.nn.functional.normalize(self._trained(self._standardize(features)), dim=1)
        all_embeddings, all_artists = gather_embeddings(embeddings, artists)
        loss, positive, negative = self._loss(all_embeddings, all_artists)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        sum_gradients(self._trained.parameters())
        self._optimizer.step()
        metrics.add(loss, positive, negative)
        self._step += 1
