"""The training itself, from the first to the last epoch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from painter_search.collection.collection import Collection, Part
from painter_search.collection.triplets import read_triplets
from painter_search.encoder.checkpoint import (
    encoder_of_checkpoint,
    link_or_copy,
    read_checkpoint,
    save_checkpoint,
    start_encoder,
)
from painter_search.encoder.device import keep_freed_memory, needs_scaler, pick_device
from painter_search.encoder.encoder import Encoder
from painter_search.errors import UserError
from painter_search.folders import locked
from painter_search.progress import say
from painter_search.scores.intervals import mean_by_artist, paired_difference
from painter_search.scores.triplets import triplet_hits
from painter_search.training.dataset import TripletDataset, TripletPaths, gather_triplets
from painter_search.training.history import Phase, as_rows, best_epoch, should_stop, write_history
from painter_search.training.phases import training_phase, triplet_distances, validation_phase
from painter_search.training.recipe import TrainConfig
from painter_search.training.run import Run, TestScore, lasting_settings, open_run_folder, save_score
from painter_search.training.sampler import EpochSampler
from painter_search.training.squares import Squares, kept_squares

EpochWatcher = Callable[[Path, Sequence[Phase]], None]


def train_encoder(config: TrainConfig, on_epoch: EpochWatcher | None = None) -> Run:
    """Train an encoder and keep it in `runs/<name>/`; `on_epoch` is told the folder and the history so far.

    The best epoch is chosen by validation accuracy; the test triplets are scored once, at the end, with the network
    before training beside it. Raises `UserError` for data, weights or settings that cannot be used.
    """
    keep_freed_memory()
    device = pick_device(config.device)
    collections = [Collection.open(folder) for folder in config.data]
    if any(collection.framing != collections[0].framing for collection in collections):
        raise UserError("the collections differ in framing; prepare them with the same --framing.")
    learning = _triplets(collections, "train", config.train_triplets)
    validating = _triplets(collections, "validation", config.validation_triplets)
    # Before the run's folder is made: weights that cannot be had must not leave an unfinished run behind.
    start = None if config.resume else start_encoder(config.backbone, config.weights, config.seed)
    folder = open_run_folder(config, device.type)
    with locked(folder / ".lock", f"{folder} is being trained"):
        return _train(config, start, folder, collections, learning, validating, device, on_epoch)


def _train(
    config: TrainConfig,
    start: Encoder | None,
    folder: Path,
    collections: Sequence[Collection],
    learning: TripletPaths,
    validating: TripletPaths,
    device: torch.device,
    on_epoch: EpochWatcher | None,
) -> Run:
    settings, framing = lasting_settings(config), collections[0].framing
    # Epoch 0 is the network as it begins: the baseline, and what a run killed in its first epoch resumes from.
    reached = _last_epoch(folder)
    if reached is None:
        encoder = (start or start_encoder(config.backbone, config.weights, config.seed)).to(device)
        history = [validation_phase(encoder, validating, config.margin, epoch=0)]
        save_checkpoint(_epoch(folder, 0), encoder, framing, config=settings, epoch=0, history=as_rows(history))
        reached = 0

    checkpoint = read_checkpoint(_epoch(folder, reached))
    encoder = encoder_of_checkpoint(checkpoint, _epoch(folder, reached)).to(device)
    encoder.to(memory_format=torch.channels_last)
    if config.freeze_backbone:
        encoder.freeze_backbone()
    optimizer = torch.optim.Adam((p for p in encoder.parameters() if p.requires_grad), lr=config.rate)
    scaler = torch.amp.GradScaler(device.type, enabled=needs_scaler(device))
    history = [Phase(**row) for row in checkpoint["history"]]
    if reached:
        say(f"Continuing {folder} after epoch {reached}.")
        optimizer.load_state_dict(checkpoint["optimizer"])
        scaler.load_state_dict(checkpoint["scaler"])

    with kept_squares(learning.distinct(), encoder.config.image_side) as squares:
        loader = _loader(learning, squares, config, device)
        for epoch in range(reached + 1, config.epochs + 1):
            if should_stop(history, config.patience):
                say(f"Stopped early: the validation loss has risen {config.patience} epochs running.")
                break
            history.append(training_phase(encoder, loader, optimizer, scaler, config, epoch))
            history.append(validation_phase(encoder, validating, config.margin, epoch))
            save_checkpoint(
                _epoch(folder, epoch),
                encoder,
                framing,
                config=settings,
                epoch=epoch,
                step=epoch * len(loader),
                best_epoch=best_epoch(history),
                history=as_rows(history),
                optimizer=optimizer.state_dict(),
                scaler=scaler.state_dict(),
            )
            _finish_epoch(folder, history, on_epoch)

    _finish_epoch(folder, history, on_epoch)
    best = best_epoch(history)
    run = Run(folder, config, history, best, _score_test(folder, collections, config, best, device))
    save_score(folder, run)
    return run


def _triplets(collections: Sequence[Collection], part: Part, file: Path | None) -> TripletPaths:
    return gather_triplets(collections, part, None if file is None else read_triplets(file))


def _score_test(
    folder: Path, collections: Sequence[Collection], config: TrainConfig, best: int, device: torch.device
) -> TestScore | None:
    try:
        testing = _triplets(collections, "test", config.test_triplets)
    except UserError as error:
        say(f"Not scored on test artists: {error}")
        return None
    hits = []
    for epoch in (0, best):
        encoder = encoder_of_checkpoint(read_checkpoint(_epoch(folder, epoch)), _epoch(folder, epoch)).to(device)
        positive, negative = triplet_distances(encoder, testing)
        hits.append(triplet_hits(positive, negative).astype(np.float64))
    artists = np.unique(testing.artists, return_inverse=True)[1]
    return TestScore(
        triplets=len(testing.paths),
        artists=int(artists.max()) + 1,
        untrained=mean_by_artist(hits[0], artists),
        trained=mean_by_artist(hits[1], artists),
        difference=paired_difference(hits[1], hits[0], artists),
    )


def _loader(triplets: TripletPaths, squares: Squares, config: TrainConfig, device: torch.device) -> DataLoader:
    workers = min(os.cpu_count() or 1, 8) if config.workers < 0 else config.workers
    return DataLoader(
        TripletDataset(triplets.paths, squares, config.augmentations),
        batch_size=config.batch,
        sampler=EpochSampler(len(triplets.paths), config.seed),
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),  # else it would draw from the numbers that the network's dropout draws from
    )


def _finish_epoch(folder: Path, history: Sequence[Phase], on_epoch: EpochWatcher | None) -> None:
    """Bring everything that follows from the checkpoints up to date (again, where a kill came between)."""
    write_history(folder / "history.csv", history)
    link_or_copy(_epoch(folder, history[-1].epoch), folder / "last.pt")
    link_or_copy(_epoch(folder, best_epoch(history)), folder / "best.pt")
    if on_epoch is not None:
        on_epoch(folder, history)


def _epoch(folder: Path, epoch: int) -> Path:
    return folder / f"epoch_{epoch:02d}.pt"


def _last_epoch(folder: Path) -> int | None:
    """The last epoch whose checkpoint is complete; None before the first."""
    epochs = [int(path.stem.removeprefix("epoch_")) for path in folder.glob("epoch_*.pt")]
    return max(epochs, default=None)
