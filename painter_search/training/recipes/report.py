"""The report's recipe: its triplets, three images each, in a new random order every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TypeAlias, TypedDict, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from painter_search.collection.triplets import read_triplets
from painter_search.common.errors import InvalidValueError
from painter_search.common.log import logger
from painter_search.common.machine.device import to_device
from painter_search.common.machine.worker_processes import WorkerContext
from painter_search.common.progress import track
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.inference.mixed_precision import mixed_precision, needs_scaler
from painter_search.encoder.inference.onnx_export import fastest_embedder
from painter_search.encoder.network import EncoderNetwork
from painter_search.metrics.confidence_fit import HeldOutWorks
from painter_search.metrics.identification.plda import EmbeddedWorks
from painter_search.training.config import TrainConfig
from painter_search.training.data.epoch_sampler import EpochSampler
from painter_search.training.data.feature_cache import cached_features
from painter_search.training.data.image_cache import ImageCache, cached_images
from painter_search.training.data.loader_processes import (
    AHEAD,
    fits_shared_memory,
    loader_processes,
    stack_arrays,
)
from painter_search.training.data.training_sets import TripletPaths, gather_training_triplets, gather_triplets
from painter_search.training.data.triplet_dataset import TripletDataset
from painter_search.training.distributed import world_size
from painter_search.training.early_stopping import SelectionMetric
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.history import EpochMetrics
from painter_search.training.losses import triplet_loss
from painter_search.training.recipes.protocol import TrainingData

EmbedWorks: TypeAlias = Callable[[EncoderNetwork, Sequence[Path]], NDArray[np.float32]]
ImageTriplets = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Anchors, positives and negatives: uint8 `[n, 3, side, side]` each."""


def report_triplets(config: TrainConfig, data: TrainingData) -> TripletPaths:
    """The triplets that are trained on; see `gather_triplets` for the errors.

    Those of a file are taken as they are, the others without the artists who are measured.
    """
    if config.train_triplets is not None:
        return gather_triplets(data.collections, "train", read_triplets(config.train_triplets))
    return gather_training_triplets(data.collections, data.measured_artists())


def check_report(config: TrainConfig, data: TrainingData) -> set[str]:
    """The artists that are trained on; raises a `PainterSearchError` for data that cannot be, or several processes."""
    if world_size() > 1:
        raise InvalidValueError(
            "--recipe report trains in one process, as the report did; use --recipe strong with torchrun."
        )
    return set(report_triplets(config, data).artists.values())


def _tell_of_seen_artists(triplets: TripletPaths, data: TrainingData) -> None:
    """Say so where artists of training triplets in a file are measured."""
    trained_on = set(triplets.artists.values())
    for name, measured in (("validation", data.validation), ("test", data.test)):
        seen = set() if measured is None else trained_on & set(measured.artists.values())
        if seen:
            logger.info(f"Warning: {len(seen):,} {name} artists are trained on, too, which flatters their scores.")


@contextmanager
def report_recipe(
    config: TrainConfig, data: TrainingData, encoder: EncoderNetwork, folder: Path
) -> Iterator[ReportRecipe]:
    """The recipe for a network on its device; the images are kept decoded in a temporary file meanwhile.

    With a frozen backbone `folder` holds what it gives for the works that are measured.
    """
    triplets = report_triplets(config, data)
    _tell_of_seen_artists(triplets, data)
    frozen = not config.resolved.backbone_lr
    looked_at = cached_features(encoder, data.measured(), folder) if frozen else nullcontext()
    with looked_at as features, cached_images(triplets.distinct(), encoder.config.img_size) as images:
        yield ReportRecipe(config, encoder, triplets, images, features.embed if features else None)


def embed_anew(encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
    """Embed works by an encoder whose backbone has moved: float32 `[n, 256]`."""
    return embed_all(fastest_embedder(encoder.eval()), paths)


class ReportState(TypedDict):
    """What a checkpoint holds besides the encoder."""

    step: int
    optimizer: dict[str, object]
    scaler: dict[str, object]


class ReportRecipe:
    """Triplet loss on embeddings of any length, Adam, a constant learning rate."""

    selected_by: SelectionMetric = "accuracy"

    def __init__(
        self,
        config: TrainConfig,
        encoder: EncoderNetwork,
        triplets: TripletPaths,
        images: ImageCache,
        embed: EmbedWorks | None = None,
    ) -> None:
        """Train `encoder` on triplets; `embed` embeds works from what a frozen backbone gives for them."""
        self.frozen = embed is not None
        self._embed = embed or embed_anew
        self.encoder = encoder.to(memory_format=torch.channels_last)
        self._config, self._hyperparameters = config, config.resolved
        self.epochs = self._hyperparameters.epochs
        self._step = 0
        rates = {"head": self._hyperparameters.lr, "backbone": self._hyperparameters.backbone_lr}
        parameters = {"head": encoder.head_parameters(), "backbone": encoder.backbone_parameters()}
        if not rates["backbone"]:
            encoder.freeze_backbone()
        self._optimizer = torch.optim.Adam(
            [{"params": parameters[part], "lr": rate} for part, rate in rates.items() if rate]
        )
        self._scaler = torch.amp.GradScaler(encoder.device.type, enabled=needs_scaler(encoder.device))
        self._sampler = EpochSampler(len(triplets.paths), config.seed)
        workers = loader_processes(config.workers)
        batch_bytes = 9 * self._hyperparameters.batch_size * encoder.config.img_size**2
        self._loader: DataLoader[ImageTriplets] = DataLoader(
            TripletDataset(triplets.paths, images, self._hyperparameters.augmentations),
            batch_size=self._hyperparameters.batch_size,
            sampler=self._sampler,
            num_workers=workers,
            prefetch_factor=AHEAD if workers else None,
            # Never forked: the engine that embeds has threads by then, whose locks a forked process would inherit. It
            # crashed now and then.
            multiprocessing_context=WorkerContext() if workers else None,
            persistent_workers=workers > 0,
            collate_fn=None if fits_shared_memory(batch_bytes, workers) else stack_arrays,
            pin_memory=encoder.device.type == "cuda",
            generator=torch.Generator(),  # the default one is the network's, for dropout, and would lose a number
        )

    def train(self, epoch: int) -> EpochMetrics:
        """Pass over every triplet once; the metrics are those of the augmented batches."""
        # Seeded by the epoch, so that a resumed run draws what the unbroken one would have drawn (dropout, say).
        torch.manual_seed(self._config.seed * 100_003 + epoch)
        self._sampler.epoch = epoch
        metrics = MetricAccumulator(self._hyperparameters.margin)
        title = f"Epoch {epoch}/{self._hyperparameters.epochs}"
        for batch in track(self._loader, title, total=len(self._loader), images_of=_count_images):
            triplets = [torch.as_tensor(role) for role in batch]  # some batches are arrays
            training_step(self.encoder, triplets, self._optimizer, self._scaler, metrics)
            self._step += 1
        return metrics.summarize(epoch, 3 * len(self._sampler))

    def state(self) -> ReportState:
        return {"step": self._step, "optimizer": self._optimizer.state_dict(), "scaler": self._scaler.state_dict()}

    def resume(self, checkpoint: Mapping[str, object]) -> None:
        state = cast("ReportState", checkpoint)
        self._step = state["step"]
        self._optimizer.load_state_dict(state["optimizer"])
        if state["scaler"]:  # empty where the training began on a device that needs none
            self._scaler.load_state_dict(state["scaler"])

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        return self._embed(encoder, paths)

    def training_works(self, encoder: EncoderNetwork) -> list[EmbeddedWorks]:
        """An empty list: they would have to pass the network once more."""
        return []

    def held_out(self, epoch: int) -> list[HeldOutWorks]:
        """An empty list: training without some of the artists would take as long as the training itself."""
        return []


def training_step(
    encoder: EncoderNetwork,
    triplets: Sequence[torch.Tensor],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    metrics: MetricAccumulator,
) -> None:
    """One step on anchors, positives and negatives, uint8 `[n, 3, side, side]` each, counted in `metrics`."""
    device = encoder.device
    encoder.train()
    optimizer.zero_grad(set_to_none=True)
    # The loss is a mean over triplets, so a third of the batch at a time gives the same gradient in a third of the
    # memory; batch normalisation sees as many images at once as in the report, where each role passed alone. A GPU
    # takes all at once, since it waits for the CPU to launch every layer.
    count, parts = len(triplets[0]), 1 if device.type == "cuda" else 3
    for part in zip(*(torch.split(role, -(-count // parts)) for role in triplets), strict=True):
        pixels = torch.cat([to_device(role, device) for role in part])
        with mixed_precision(device, encoder.network):
            embeddings = encoder(pixels.contiguous(memory_format=torch.channels_last))
        anchors, positives, negatives = embeddings.float().chunk(3)
        loss, positive, negative = triplet_loss(anchors, positives, negatives, metrics.margin)
        torch.autograd.backward(scaler.scale(loss * (len(part[0]) / count)))
        metrics.add(loss, positive, negative)
    scaler.step(optimizer)
    scaler.update()


def _count_images(triplets: Sequence[torch.Tensor]) -> int:
    return sum(len(role) for role in triplets)
