"""The training itself, from first to last epoch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from painter_search.collection.collection import Collection
from painter_search.collection.triplets import read_triplets
from painter_search.encoder.checkpoint import (
    encoder_of_checkpoint,
    link_or_copy,
    read_checkpoint,
    save_checkpoint,
    start_encoder,
)
from painter_search.encoder.device import keep_freed_memory, mixed_precision, needs_scaler, pick_device
from painter_search.encoder.embedding import embed_all
from painter_search.encoder.encoder import Encoder
from painter_search.errors import UserError
from painter_search.progress import say, track
from painter_search.scores.intervals import mean_by_artist, paired_difference
from painter_search.scores.triplets import paired_distances, triplet_hits, triplet_losses
from painter_search.training.dataset import TripletDataset, TripletPaths, gather_triplets
from painter_search.training.history import Phase, as_rows, best_epoch, should_stop, write_history
from painter_search.training.loss import TripletLoss
from painter_search.training.recipe import TrainConfig
from painter_search.training.run import Run, TestScore, lasting_settings, open_run_folder, save_score
from painter_search.training.sampler import EpochSampler

EpochWatcher = Callable[[Path, Sequence[Phase]], None]


def train_encoder(config: TrainConfig, on_epoch: EpochWatcher | None = None) -> Run:
    """Train an encoder and keep it in `runs/<name>/`; `on_epoch` is told the folder and the history so far.

    The best epoch is chosen by validation accuracy; the test triplets are scored once, at the end, with the network
    before training beside it. Raises `UserError` for data, weights or settings that cannot be used.
    """
    device = pick_device(config.device)
    keep_freed_memory()
    collections = [Collection.open(folder) for folder in config.data]
    framings = {collection.framing for collection in collections}
    if len(framings) > 1:
        raise UserError("the collections differ in framing; prepare them with the same --framing.")
    framing = framings.pop()
    learning = gather_triplets(collections, "train", _given(config.train_triplets))
    validating = gather_triplets(collections, "validation", _given(config.validation_triplets))
    encoder, optimizer = None, None
    if not config.resume:
        encoder = start_encoder(config.backbone, config.weights, config.seed)
    folder = open_run_folder(config, device.type)
    settings = lasting_settings(config)

    # Epoch 0 is the network as it begins: the baseline, and what a run killed in its first epoch resumes from.
    history: list[Phase] = []
    reached = _last_epoch(folder)
    if reached is None:
        encoder = encoder or start_encoder(config.backbone, config.weights, config.seed)
        encoder.to(device)
        history.append(_validate(encoder, validating, config.margin, epoch=0))
        save_checkpoint(folder / "epoch_00.pt", encoder, framing, config=settings, epoch=0, history=as_rows(history))
        reached = 0
    checkpoint = read_checkpoint(folder / f"epoch_{reached:02d}.pt")
    encoder = encoder_of_checkpoint(checkpoint, folder / f"epoch_{reached:02d}.pt")
    encoder.to(device)
    encoder.to(memory_format=torch.channels_last)
    history = [Phase(**row) for row in checkpoint["history"]]
    optimizer = torch.optim.Adam(encoder.parameters(), lr=config.rate)
    scaler = torch.amp.GradScaler(device.type, enabled=needs_scaler(device))
    if reached:
        say(f"Continuing {folder} after epoch {reached}.")
        optimizer.load_state_dict(checkpoint["optimizer"])
        scaler.load_state_dict(checkpoint["scaler"])
    loader = _loader(learning, encoder.config.image_side, config, device)

    for epoch in range(reached + 1, config.epochs + 1):
        if should_stop(history, config.patience):
            say(f"Stopped early: the validation loss has risen {config.patience} epochs running.")
            break
        history.append(_train_one_epoch(encoder, loader, optimizer, scaler, config, epoch))
        history.append(_validate(encoder, validating, config.margin, epoch))
        path = folder / f"epoch_{epoch:02d}.pt"
        save_checkpoint(
            path,
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
    test = _score_test(folder, collections, config, best, device)
    run = Run(folder, config, history, best, test)
    save_score(folder, run)
    return run


def _train_one_epoch(
    encoder: Encoder,
    loader: DataLoader,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    config: TrainConfig,
    epoch: int,
) -> Phase:
    device = next(encoder.parameters()).device
    loss_of = TripletLoss(config.margin)
    # Seeded by the epoch, so that a resumed run draws what the unbroken one would have drawn (dropout, say).
    torch.manual_seed(config.seed * 100_003 + epoch)
    assert isinstance(loader.sampler, EpochSampler)
    loader.sampler.epoch = epoch
    encoder.train()
    # Sums stay on the device: reading them every step would make the GPU wait.
    loss_sum, hits = torch.zeros((), device=device), torch.zeros((), device=device)
    began = time.perf_counter()
    for anchor, positive, negative in track(loader, f"Epoch {epoch}/{config.epochs}", total=len(loader)):
        optimizer.zero_grad(set_to_none=True)
        # The loss is a mean over triplets, so a third of the batch at a time gives the same gradient in a third of the
        # memory; batch normalisation sees as many images at once as in the report, where each role passed alone.
        third = -(-len(anchor) // 3)
        for part in zip(anchor.split(third), positive.split(third), negative.split(third), strict=True):
            pixels = torch.cat(part).to(device, non_blocking=True)
            with mixed_precision(device):
                embeddings = encoder(pixels.contiguous(memory_format=torch.channels_last))
            loss, right = loss_of(*embeddings.float().chunk(3))
            scaler.scale(loss * (len(part[0]) / len(anchor))).backward()
            loss_sum += loss.detach() * len(part[0])
            hits += right.sum()
        scaler.step(optimizer)
        scaler.update()
    seconds = time.perf_counter() - began
    count = len(loader.sampler)
    return Phase(epoch, "train", loss_sum.item() / count, hits.item() / count, seconds, 3 * count / max(seconds, 1e-9))


def _validate(encoder: Encoder, triplets: TripletPaths, margin: float, epoch: int) -> Phase:
    began = time.perf_counter()
    positive, negative, images = _distances(encoder, triplets)
    seconds = time.perf_counter() - began
    return Phase(
        epoch,
        "validation",
        float(triplet_losses(positive, negative, margin).mean()),
        float(triplet_hits(positive, negative).mean()),
        seconds,
        images / max(seconds, 1e-9),
    )


def _distances(encoder: Encoder, triplets: TripletPaths) -> tuple[np.ndarray, np.ndarray, int]:
    """d(a, p) and d(a, n) of every triplet; each distinct painting is embedded once."""
    encoder.eval()
    paths = triplets.distinct()
    embeddings = embed_all(encoder, paths)
    row = {path: number for number, path in enumerate(paths)}
    anchor, positive, negative = (embeddings[[row[triplet[place]] for triplet in triplets.paths]] for place in range(3))
    return paired_distances(anchor, positive), paired_distances(anchor, negative), len(paths)


def _score_test(
    folder: Path, collections: Sequence[Collection], config: TrainConfig, best: int, device: torch.device
) -> TestScore | None:
    try:
        testing = gather_triplets(collections, "test", _given(config.test_triplets))
    except UserError as error:
        say(f"Not scored on test artists: {error}")
        return None
    hits = []
    for epoch in (0, best):
        path = folder / f"epoch_{epoch:02d}.pt"
        encoder = encoder_of_checkpoint(read_checkpoint(path), path).to(device)
        positive, negative, _ = _distances(encoder, testing)
        hits.append(triplet_hits(positive, negative).astype(float))
    artists = np.unique(testing.artists, return_inverse=True)[1]
    return TestScore(
        triplets=len(testing.paths),
        artists=int(artists.max()) + 1,
        untrained=mean_by_artist(hits[0], artists),
        trained=mean_by_artist(hits[1], artists),
        difference=paired_difference(hits[1], hits[0], artists),
    )


def _loader(triplets: TripletPaths, side: int, config: TrainConfig, device: torch.device) -> DataLoader:
    workers = min(os.cpu_count() or 1, 8) if config.workers < 0 else config.workers
    return DataLoader(
        TripletDataset(triplets.paths, side, config.augmentations),
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
    link_or_copy(folder / f"epoch_{history[-1].epoch:02d}.pt", folder / "last.pt")
    link_or_copy(folder / f"epoch_{best_epoch(history):02d}.pt", folder / "best.pt")
    if on_epoch is not None:
        on_epoch(folder, history)


def _last_epoch(folder: Path) -> int | None:
    """The last epoch whose checkpoint is complete; None before the first."""
    epochs = [int(path.stem.removeprefix("epoch_")) for path in folder.glob("epoch_*.pt")]
    return max(epochs, default=None)


def _given(path: Path | None):  # type: ignore[no-untyped-def]
    return None if path is None else read_triplets(path)
