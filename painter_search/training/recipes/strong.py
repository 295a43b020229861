"""The strong recipe: several stages read out, the readout fitted and trained first, then the last stages with it.

While the backbone keeps its pre-trained weights each painting passes through it once, those that are only measured
included, and everything after works on the cached features. The first epoch fits the readout in closed form; the next
ones train it by gradients, on every valid triplet of P x K batches. The weights kept after each lie halfway between
the fitted and the trained ones, which did better than either on artists never seen (averaging with the initial weights:
Wortsman et al. 2022, "robust fine-tuning"). The last epochs fine-tune, see `fine_tuning.py`. The best epoch on
validation artists is kept, so they decide whether that helped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed

from painter_search.common.errors import InvalidValueError
from painter_search.common.progress import track
from painter_search.encoder.embedding import embed_all
from painter_search.encoder.multi_stage_features import Readout, default_stages
from painter_search.encoder.network import EncoderNetwork
from painter_search.encoder.onnx_export import fastest_embedder
from painter_search.metrics.confidence_fit import HeldOutWorks
from painter_search.metrics.identification.plda import EmbeddedWorks
from painter_search.training.config import TrainConfig
from painter_search.training.data.feature_cache import (
    FeatureCache,
    FeatureCacheSubset,
    Features,
    cached_features,
)
from painter_search.training.data.pk_sampler import WORKS_PER_ARTIST, PKSampler
from painter_search.training.data.training_sets import MAX_SAMPLED_WORKS, gather_works
from painter_search.training.distributed import gather_embeddings, rank, sum_gradients, world_size
from painter_search.training.early_stopping import SelectionMetric
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.history import EpochMetrics
from painter_search.training.losses import BatchAllTripletLoss
from painter_search.training.recipes.cross_fitting import cross_fit
from painter_search.training.recipes.fine_tuning import FineTuning, FineTuningState
from painter_search.training.recipes.learning_rate import learning_rate_factor
from painter_search.training.recipes.protocol import TrainingData

MAX_FITTED_WORKS = 1000
"""Works of a collection that the readout is fitted to, drawn at random; every collection has the same weight."""
MIN_STEPS = 24
"""Steps of an epoch, however small the collection."""
TRAINED_SHARE = 0.5
"""Where the kept weights lie between the fitted (0) and the trained ones (1). Chosen on validation artists."""


def strong_works(config: TrainConfig, data: TrainingData) -> list[dict[str, list[Path]]]:
    """Each collection's training works by artist; see `gather_works` for the errors."""
    return gather_works(data.collections, excluded=data.validation)


@contextmanager
def strong_recipe(
    config: TrainConfig, data: TrainingData, encoder: EncoderNetwork, folder: Path
) -> Iterator[StrongRecipe]:
    """The recipe for a network on its device; `folder` holds the features of all works meanwhile."""
    works = strong_works(config, data)
    encoder = encoder if encoder.config.head == "readout" else with_readout(encoder)
    encoder.to(memory_format=torch.channels_last)
    paths_by_artist = [paths for works_of_one in works for paths in works_of_one.values()]
    artists = [number for number, paths in enumerate(paths_by_artist) for _ in paths]
    collections = [number for number, works_of_one in enumerate(works) for _ in works_of_one]
    trained_on = [path for paths in paths_by_artist for path in paths]
    tuned = config.resolved.all_epochs > config.resolved.epochs and len(encoder.config.stages) > 1
    staged = [*trained_on, *data.validation.sample(MAX_SAMPLED_WORKS).distinct()] if tuned else []
    with cached_features(encoder, [*trained_on, *data.measured()], folder, with_stage=staged) as features:
        yield StrongRecipe(config, encoder, features, artists, collections, tuned_on=features if tuned else None)


def with_readout(encoder: EncoderNetwork) -> EncoderNetwork:
    """The same backbone with a readout, which is still to be fitted, as its new layer."""
    config = replace(encoder.config, head="readout", stages=default_stages(encoder.network))
    network = EncoderNetwork(config)
    state = network.state_dict()
    backbone = {f"network.taps.trunk.{name}": value for name, value in encoder.network.state_dict().items()}
    network.load_state_dict({**state, **{name: value for name, value in backbone.items() if name in state}})
    return network.to(encoder.device).eval()


class StrongState(TypedDict):
    """What a checkpoint holds besides the encoder."""

    step: int
    fitted: dict[str, torch.Tensor]
    """The readout's weights as epoch 1 fitted them."""
    moved: dict[str, torch.Tensor]
    """The trained weights."""
    optimizer: dict[str, object]
    fine_tuning: FineTuningState | None
    """None before the last stages are trained."""


class StrongRecipe:
    """Triplet loss on every valid triplet of P x K batches, embeddings of length 1, AdamW, warm-up and cosine decay."""

    selected_by: SelectionMetric = "all_negatives"

    def __init__(
        self,
        config: TrainConfig,
        encoder: EncoderNetwork,
        features: Features,
        artists: Sequence[int] | NDArray[np.int64],
        collections: Sequence[int] | NDArray[np.int64],
        *,
        tuned_on: FeatureCache | None = None,
        show_progress: bool = True,
    ) -> None:
        """Train `encoder`, which has a readout, on cached features.

        Args:
            config: Settings.
            encoder: Trained in place.
            features: Of the training works, and of others after them.
            artists: The number of each work's artist, `[works]`.
            collections: The number of each artist's collection, `[artists]`.
            tuned_on: The features with what the last frozen stage gives, where the last stages are to be trained.
            show_progress: Whether epochs report their progress.
        """
        self.encoder = encoder
        self.frozen = tuned_on is None
        self._tuned_on = tuned_on
        self._show_progress = show_progress
        self._config, self._hyperparameters = config, config.resolved
        self._features = features
        self._artists, self._collections = np.asarray(artists), np.asarray(collections)
        self._device = encoder.device
        batch_size, multiple = self._hyperparameters.batch_size, WORKS_PER_ARTIST * world_size()
        if batch_size % multiple:
            shared = f", shared by {world_size()} processes" if world_size() > 1 else ""
            raise InvalidValueError(
                f"--batch-size is {batch_size}; it must be a multiple of {multiple}: four works an artist{shared}."
            )
        steps = max(MIN_STEPS, math.ceil(len(artists) / batch_size))
        self._sampler = self._make_sampler(steps)
        self._steps = steps * max(1, self._hyperparameters.epochs - 1)
        self._fine_tuning: FineTuning | None = None
        self._step = 0
        self._readout = cast(Readout, encoder.network.get_submodule("readout"))
        self._trained = torch.nn.Linear(self._readout.linear.in_features, self._readout.linear.out_features)
        self._trained.to(self._device)
        self._fitted: dict[str, torch.Tensor] = {}
        self._optimizer = torch.optim.AdamW(self._trained.parameters(), lr=self._hyperparameters.lr, weight_decay=0.0)
        self._loss = BatchAllTripletLoss(self._hyperparameters.margin)

    def train(self, epoch: int) -> EpochMetrics | None:
        """Fit the readout in epoch 1; draw as many views as there are works, or more, in every later one."""
        if epoch == 1:
            self._fit()
            return None
        self._sampler.epoch = epoch
        title = f"Epoch {epoch}/{self._hyperparameters.all_epochs}"
        if epoch > self._hyperparameters.epochs:
            return self._fine_tune(epoch, title)
        metrics = MetricAccumulator(self._hyperparameters.margin)
        images = 0
        batches = track(self._sampler, title, total=self._sampler.steps) if self._show_progress else self._sampler
        for rows, views, artists in batches:
            features = self._features.rows(rows, views)
            self._training_step(features.to(self._device), artists.to(self._device), metrics)
            images += len(rows)
        with torch.no_grad():
            for name, kept in self._readout.linear.named_parameters():
                kept.copy_(self._fitted[name].lerp(self._trained.get_parameter(name), TRAINED_SHARE))
        return metrics.summarize(epoch, images * world_size())

    def state(self) -> StrongState:
        return {
            "step": self._step,
            "fitted": self._fitted,
            "moved": self._trained.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "fine_tuning": self._fine_tuning.state() if self._fine_tuning else None,
        }

    def resume(self, checkpoint: Mapping[str, object]) -> None:
        state = cast("StrongState", checkpoint)
        self._step = state["step"]
        self._fitted = {name: value.to(self._device) for name, value in state["fitted"].items()}
        self._trained.load_state_dict(state["moved"])
        self._optimizer.load_state_dict(state["optimizer"])
        if tuning := state.get("fine_tuning"):  # older checkpoints have no such entry
            self._fine_tuning = self._open_fine_tuning()
            self._fine_tuning.resume(tuning)

    def training_works(self, encoder: EncoderNetwork) -> list[EmbeddedWorks]:
        rows = np.arange(len(self._artists))
        if self._fine_tuning is None or not self._fine_tuning.moved(encoder):
            return self._by_collection(self._features.embed_rows(encoder, rows.tolist()), rows)
        self.encoder.load_state_dict(encoder.state_dict())
        return self._by_collection(self._fine_tuning.embed_rows(rows), rows)

    def held_out(self, epoch: int) -> list[HeldOutWorks]:
        """An empty list where the last stages were trained, which would take too long once more."""
        return cross_fit(self, self._artists, self._config) if epoch <= self._hyperparameters.epochs else []

    def subset(self, rows: NDArray[np.int64]) -> StrongRecipe:
        """A new training on these works alone; it works on the same encoder."""
        artists, numbers = np.unique(self._artists[rows], return_inverse=True)
        features = FeatureCacheSubset(self._features, rows)
        collections = self._collections[artists]
        return StrongRecipe(self._config, self.encoder, features, numbers, collections, show_progress=False)

    def split_collections(self, rows: NDArray[np.int64]) -> list[EmbeddedWorks]:
        """These works by collection, embedded by the weights that are kept now."""
        return self._by_collection(self._embed_rows(rows), rows)

    def _embed_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._features.embed_rows(self.encoder, rows.tolist())

    def _by_collection(self, embeddings: NDArray[np.float32], rows: NDArray[np.int64]) -> list[EmbeddedWorks]:
        artists = self._artists[rows]
        collections = self._collections[artists]
        return [(embeddings[collections == one], artists[collections == one]) for one in np.unique(collections)]

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        if self._fine_tuning is None or not self._fine_tuning.moved(encoder):
            return self._features.embed(encoder, paths)
        if encoder is self.encoder:
            return self._fine_tuning.embed(paths)
        return embed_all(fastest_embedder(encoder), paths)

    def _fine_tune(self, epoch: int, title: str) -> EpochMetrics | None:
        """Train an epoch of the last stages; None for a network whose stages cannot be told apart."""
        if self._tuned_on is None:
            return None
        if self._fine_tuning is None:
            self._fine_tuning = self._open_fine_tuning()
            self._fine_tuning.begin(self._artists, self._embed_rows(np.arange(len(self._artists))))
        return self._fine_tuning.train(epoch, title)

    def _open_fine_tuning(self) -> FineTuning:
        assert self._tuned_on is not None
        steps = math.ceil(len(self._artists) / self._hyperparameters.batch_size)
        return FineTuning(self._config, self.encoder, self._tuned_on, self._make_sampler(steps))

    def _make_sampler(self, steps: int) -> PKSampler:
        """A sampler of epochs of so many steps."""
        return PKSampler(
            self._artists,
            self._collections,
            self._hyperparameters.batch_size,
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
        collection_of_work = self._collections[self._artists]
        chosen = [
            sorted(rng.permutation(np.flatnonzero(collection_of_work == number))[:MAX_FITTED_WORKS])
            for number in set(collection_of_work)
        ]
        features = [self._features.every_view(rows) for rows in chosen]
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
