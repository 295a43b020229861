"""The report's training: its triplets, three images each, in order of a fresh shuffle every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.data import DataLoader

from painter_search.collection.collection import Collection
from painter_search.collection.triplets import read_triplets
from painter_search.encoder.device import mixed_precision, needs_scaler
from painter_search.encoder.encoder import Encoder
from painter_search.errors import UserError
from painter_search.progress import track
from painter_search.training.course import loader_processes
from painter_search.training.dataset import TripletDataset, TripletPaths, gather_triplets
from painter_search.training.held_out import Group
from painter_search.training.history import Measure, Phase
from painter_search.training.loss import TripletLoss
from painter_search.training.phases import Tally
from painter_search.training.ranks import processes
from painter_search.training.recipe import TrainConfig
from painter_search.training.sampler import EpochSampler
from painter_search.training.squares import Squares, kept_squares


@contextmanager
def report_course(config: TrainConfig, encoder: Encoder, collections: Sequence[Collection]) -> Iterator[ReportCourse]:
    """The course for an encoder that is on its device; squares are kept decoded while it lasts."""
    if processes() > 1:
        raise UserError("--recipe report trains in one process, as the report did; use --recipe strong with torchrun.")
    learning = report_triplets(config, collections)
    with kept_squares(learning.distinct(), encoder.config.image_side) as squares:
        yield ReportCourse(config, encoder, learning, squares)


def report_triplets(config: TrainConfig, collections: Sequence[Collection]) -> TripletPaths:
    """The triplets that are trained on."""
    given = None if config.train_triplets is None else read_triplets(config.train_triplets)
    return gather_triplets(collections, "train", given)


class ReportCourse:
    """Triplet loss on unnormalised embeddings, Adam, one rate."""

    selected_by: Measure = "accuracy"

    def __init__(self, config: TrainConfig, encoder: Encoder, learning: TripletPaths, squares: Squares) -> None:
        self.encoder = encoder.to(memory_format=torch.channels_last)
        self._config, self._recipe = config, config.settled
        self._step = 0
        rates = {"head": self._recipe.rate, "backbone": self._recipe.backbone_rate}
        parameters = {"head": encoder.head_parameters(), "backbone": encoder.backbone_parameters()}
        if not rates["backbone"]:
            encoder.freeze_backbone()
        self._optimizer = torch.optim.Adam(
            [{"params": parameters[part], "lr": rate} for part, rate in rates.items() if rate]
        )
        self._device = encoder.mean.device
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=needs_scaler(self._device))
        self._sampler = EpochSampler(len(learning.paths), config.seed)
        workers = loader_processes(config.workers)
        self._loader = DataLoader(
            TripletDataset(learning.paths, squares, self._recipe.augmentations),
            batch_size=self._recipe.batch,
            sampler=self._sampler,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=self._device.type == "cuda",
            generator=torch.Generator(),  # else it would draw from the numbers that the network's dropout draws from
        )

    def state(self) -> dict[str, Any]:
        return {"step": self._step, "optimizer": self._optimizer.state_dict(), "scaler": self._scaler.state_dict()}

    def resume(self, checkpoint: dict[str, Any]) -> None:
        self._step = checkpoint["step"]
        self._optimizer.load_state_dict(checkpoint["optimizer"])
        self._scaler.load_state_dict(checkpoint["scaler"])

    def held_out(self) -> list[Group]:
        """None: it would take as long as the training itself."""
        return []

    def train(self, epoch: int) -> Phase:
        """Every triplet once; accuracy and loss are those of the augmented batches as they pass."""
        # Seeded by the epoch, so that a resumed run draws what the unbroken one would have drawn (dropout, say).
        torch.manual_seed(self._config.seed * 100_003 + epoch)
        self._sampler.epoch = epoch
        tally = Tally(self._recipe.margin)
        for triplets in track(
            self._loader, f"Epoch {epoch}/{self._recipe.epochs}", total=len(self._loader), images_of=_images
        ):
            training_step(self.encoder, triplets, self._optimizer, self._scaler, tally)
            self._step += 1
        return tally.phase(epoch, 3 * len(self._sampler))


def training_step(
    encoder: Encoder,
    triplets: Sequence[torch.Tensor],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    tally: Tally,
) -> None:
    """One step on anchors, positives and negatives, uint8 `[n, 3, side, side]` each, counted in `tally`."""
    device = encoder.mean.device
    loss_of = TripletLoss(tally.margin)
    encoder.train()
    optimizer.zero_grad(set_to_none=True)
    # The loss is a mean over triplets, so a third of the batch at a time gives the same gradient in a third of the
    # memory; batch normalisation sees as many images at once as in the report, where each role passed alone. A GPU
    # takes them all: it would wait for the processor, which has to tell it of every layer.
    count, parts = len(triplets[0]), 1 if device.type == "cuda" else 3
    for part in zip(*(role.split(-(-count // parts)) for role in triplets), strict=True):
        pixels = torch.cat([role.to(device, non_blocking=True) for role in part])
        with mixed_precision(device, encoder.network):
            embeddings = encoder(pixels.contiguous(memory_format=torch.channels_last))
        loss, near, far = loss_of(*embeddings.float().chunk(3))
        scaler.scale(loss * (len(part[0]) / count)).backward()
        tally.add(loss, near, far)
    scaler.step(optimizer)
    scaler.update()


def _images(triplets: Sequence[torch.Tensor]) -> int:
    return sum(len(role) for role in triplets)
