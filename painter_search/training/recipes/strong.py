"""The strong recipe: several stages read out, the readout fitted and trained first, then the network itself.

While the backbone keeps its pre-trained weights each painting passes through it once, those that are only measured
included, and everything after works on the cached features; see `readout_training.py`. The next epochs fine-tune, see
`fine_tuning.py`. After the whole network has moved, a readout is fitted and trained anew on what it gives then: on
artists never seen that is worth more than all that the old readout had learned along. The best epoch on validation
artists is kept, so they decide whether any of it helped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.errors import InvalidValueError, PainterSearchError, first_line
from painter_search.common.log import logger
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.inference.onnx_export import fastest_embedder
from painter_search.encoder.multi_stage_features import default_stages
from painter_search.encoder.network import EncoderNetwork
from painter_search.metrics.confidence_fit import HeldOutWorks
from painter_search.metrics.identification.plda import EmbeddedWorks
from painter_search.training.config import TrainConfig
from painter_search.training.data.feature_cache import cached_features
from painter_search.training.data.image_cache import cached_images, whole_square
from painter_search.training.data.pk_sampler import WORKS_PER_ARTIST
from painter_search.training.data.training_sets import MAX_SAMPLED_WORKS, gather_works
from painter_search.training.distributed import world_size
from painter_search.training.early_stopping import SelectionMetric
from painter_search.training.history import EpochMetrics
from painter_search.training.recipes.cross_fitting import cross_fit
from painter_search.training.recipes.fine_tuning import FineTuning, FineTuningState
from painter_search.training.recipes.protocol import TrainingData
from painter_search.training.recipes.readout_training import ReadoutState, ReadoutTraining
from painter_search.training.recipes.tuned_network import IMAGE_SIDE, TunedNetwork
from painter_search.training.recipes.tuned_part import TunedPart
from painter_search.training.recipes.tuned_stages import TunedStages

Refit: TypeAlias = Callable[[], ReadoutTraining]
"""Computes what the backbone gives now for every work; returns the training of a readout on it."""


def check_strong(config: TrainConfig, data: TrainingData) -> set[str]:
    """The artists that are trained on.

    Raises a `PainterSearchError` for works that cannot be trained on, or settings with which nothing would be.
    """
    hyperparameters = config.resolved
    if config.finetune != "last-stages" and not hyperparameters.fine_tunes:
        flag = "backbone-lr" if hyperparameters.finetune_epochs else "finetune-epochs"
        raise InvalidValueError(
            f"--{flag} is 0, with which --finetune {config.finetune} trains nothing; set only one of the two."
        )
    batch_size, multiple = hyperparameters.batch_size, WORKS_PER_ARTIST * world_size()
    if batch_size % multiple:
        shared = f", shared by {world_size()} processes" if world_size() > 1 else ""
        raise InvalidValueError(
            f"--batch-size is {batch_size}; it must be a multiple of {multiple}: four works an artist{shared}."
        )
    return set().union(*gather_works(data.collections, data.measured_artists()))


@contextmanager
def strong_recipe(
    config: TrainConfig, data: TrainingData, encoder: EncoderNetwork, folder: Path
) -> Iterator[StrongRecipe]:
    """The recipe for a network on its device; `folder` holds the features of all works meanwhile."""
    hyperparameters = config.resolved
    works = gather_works(data.collections, data.measured_artists())
    encoder = encoder if encoder.config.head == "readout" else with_readout(encoder)
    encoder.to(memory_format=torch.channels_last)
    paths_by_artist = [paths for works_of_one in works for paths in works_of_one.values()]
    artists = [number for number, paths in enumerate(paths_by_artist) for _ in paths]
    collections = [number for number, works_of_one in enumerate(works) for _ in works_of_one]
    trained_on = [path for paths in paths_by_artist for path in paths]
    seen = [*trained_on, *data.measured()]
    whole = hyperparameters.fine_tunes and config.finetune == "whole-network"
    last_stages = hyperparameters.fine_tunes and not whole
    if last_stages and len(encoder.config.stages) < 2:
        logger.info(
            f"The stages of {config.backbone} cannot be told apart, so its new layer alone is trained; "
            "--finetune whole-network trains all of it."
        )
        last_stages = False
    staged = [*trained_on, *data.validation.sample(MAX_SAMPLED_WORKS).distinct()] if last_stages else []
    with ExitStack() as caches:
        features = caches.enter_context(cached_features(encoder, seen, folder, with_stage=staged))
        readout = ReadoutTraining(config, encoder, features, artists, collections)

        def refit() -> ReadoutTraining:
            moved = caches.enter_context(cached_features(encoder, seen, folder, name="tuned"))
            return ReadoutTraining(config, encoder, moved, artists, collections)

        if whole:
            images = caches.enter_context(cached_images(trained_on, IMAGE_SIDE, whole_square))
            part = TunedNetwork(encoder, images, trained_on, hyperparameters.backbone_lr)
            yield StrongRecipe(config, readout, part, refit)
        elif last_stages:
            yield StrongRecipe(config, readout, TunedStages(encoder, features, hyperparameters.backbone_lr))
        else:
            yield StrongRecipe(config, readout)


def with_readout(encoder: EncoderNetwork) -> EncoderNetwork:
    """The same backbone with a readout, which is still to be fitted, as its new layer.

    Raises `InvalidValueError` for a backbone without features that can be read, or that refuses small views.
    """
    config = replace(encoder.config, head="readout", stages=default_stages(encoder.network))
    try:
        network = EncoderNetwork(config)
    except PainterSearchError:
        raise
    except Exception as error:  # a network may refuse so small an image, each in its own way
        raise InvalidValueError(
            f"--backbone {config.backbone} gives no features that can be read ({first_line(error)}); choose another."
        ) from error
    state = network.state_dict()
    backbone = {f"network.taps.trunk.{name}": value for name, value in encoder.network.state_dict().items()}
    network.load_state_dict({**state, **{name: value for name, value in backbone.items() if name in state}})
    return network.to(encoder.device).eval()


class StrongState(ReadoutState):
    """What a checkpoint holds besides the encoder; the entries of its own are those of the first readout."""

    fine_tuning: FineTuningState | None
    """None before the network is trained."""
    refit: ReadoutState | None
    """Of the readout that is trained after it, likewise."""


class StrongRecipe:
    """Trains a readout, then a part of the network, then a readout of the network as it is then.

    Attributes:
        epochs: Of all phases.
    """

    selected_by: SelectionMetric = "all_negatives"

    def __init__(
        self,
        config: TrainConfig,
        readout: ReadoutTraining,
        tuned: TunedPart[Any] | None = None,
        refit: Refit | None = None,
    ) -> None:
        """Train an encoder in phases, of which the last two can be left out.

        Args:
            config: Settings.
            readout: Trains the readout of the encoder.
            tuned: What of the network is fine-tuned.
            refit: Called after that.
        """
        self.encoder = readout.encoder
        self.frozen = tuned is None
        self._config, self._hyperparameters = config, config.resolved
        self._readout, self._tuned, self._refit = readout, tuned, refit
        self._fine_tuning: FineTuning[Any] | None = None
        self._refitted: ReadoutTraining | None = None
        self._tuned_until = self._hyperparameters.epochs + (self._hyperparameters.finetune_epochs if tuned else 0)
        self.epochs = self._tuned_until + (self._hyperparameters.epochs if refit else 0)

    def train(self, epoch: int) -> EpochMetrics | None:
        title = f"Epoch {epoch}/{self.epochs}"
        if epoch <= self._hyperparameters.epochs:
            return self._readout.train(epoch, title)
        if epoch <= self._tuned_until:
            return self._fine_tune(epoch, title)
        metrics = self._open_refit().train(epoch - self._tuned_until, title)
        return replace(metrics, epoch=epoch) if metrics else None

    def state(self) -> StrongState:
        return {
            **self._readout.state(),
            "fine_tuning": self._fine_tuning.state() if self._fine_tuning else None,
            "refit": self._refitted.state() if self._refitted else None,
        }

    def resume(self, checkpoint: Mapping[str, object]) -> None:
        state = cast("StrongState", checkpoint)
        self._readout.resume(state)
        if tuning := state.get("fine_tuning"):  # older checkpoints have no such entry
            self._fine_tuning = self._open_fine_tuning()
            self._fine_tuning.resume(tuning)
        if refit := state.get("refit"):
            self._open_refit().resume(refit)

    def training_works(self, encoder: EncoderNetwork) -> list[EmbeddedWorks]:
        rows = np.arange(len(self._readout.artists))
        if (seen := self._seen_by(encoder)) is not None:
            return self._readout.by_collection(seen.embed_rows(encoder, rows), rows)
        assert self._tuned is not None
        self.encoder.load_state_dict(encoder.state_dict())
        return self._readout.by_collection(self._tuned.embed_rows(rows), rows)

    def held_out(self, epoch: int) -> list[HeldOutWorks]:
        """An empty list where the network was trained, which would take too long once more."""
        if epoch > self._hyperparameters.epochs:
            return []
        return cross_fit(self._readout, self._config)

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        if (seen := self._seen_by(encoder)) is not None:
            return seen.features.embed(encoder, paths)
        if encoder is self.encoder and self._tuned is not None:
            return self._tuned.embed(paths)
        return embed_all(fastest_embedder(encoder), paths)

    def _seen_by(self, encoder: EncoderNetwork) -> ReadoutTraining | None:
        """The training whose features are those of an encoder's backbone."""
        if self._fine_tuning is None or not self._fine_tuning.moved(encoder):
            return self._readout
        return self._refitted if self._refitted is not None and self._fine_tuning.ended_with(encoder) else None

    def _fine_tune(self, epoch: int, title: str) -> EpochMetrics:
        if self._fine_tuning is None:
            rows = np.arange(len(self._readout.artists))
            embeddings = self._readout.embed_rows(self.encoder, rows)
            self._fine_tuning = self._open_fine_tuning()
            self._fine_tuning.begin(self._readout.artists, embeddings)
        return self._fine_tuning.train(epoch, title)

    def _open_fine_tuning(self) -> FineTuning[Any]:
        assert self._tuned is not None
        steps = math.ceil(len(self._readout.artists) / self._hyperparameters.batch_size)
        sampler = self._readout.make_sampler(steps, self._hyperparameters.batch_size)
        return FineTuning(self._config, self.encoder, self._tuned, sampler)

    def _open_refit(self) -> ReadoutTraining:
        if self._refitted is None:
            assert self._refit is not None
            assert self._fine_tuning is not None
            self._fine_tuning.end()
            self._refitted = self._refit()
        return self._refitted
