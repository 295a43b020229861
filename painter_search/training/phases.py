"""The two phases of an epoch."""

from __future__ import annotations

import math
import time

import torch
from torch.utils.data import DataLoader

from painter_search.encoder.device import mixed_precision
from painter_search.encoder.embedding import embed_all
from painter_search.encoder.encoder import Encoder
from painter_search.errors import UserError
from painter_search.progress import track
from painter_search.scores.triplets import FloatArray, paired_distances, triplet_hits, triplet_losses
from painter_search.training.dataset import TripletPaths
from painter_search.training.history import Phase
from painter_search.training.loss import TripletLoss
from painter_search.training.recipe import TrainConfig
from painter_search.training.sampler import EpochSampler


def training_phase(
    encoder: Encoder,
    loader: DataLoader,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    config: TrainConfig,
    epoch: int,
) -> Phase:
    """Every training triplet once; accuracy and loss are those of the augmented batches as they pass."""
    device = encoder.mean.device
    # Seeded by the epoch, so that a resumed run draws what the unbroken one would have drawn (dropout, say).
    torch.manual_seed(config.seed * 100_003 + epoch)
    assert isinstance(loader.sampler, EpochSampler)
    loader.sampler.epoch = epoch
    # Sums stay on the device: reading them every step would make the GPU wait.
    loss_sum, hits = torch.zeros((), device=device), torch.zeros((), device=device)
    began = time.perf_counter()
    for anchor, positive, negative in track(loader, f"Epoch {epoch}/{config.epochs}", total=len(loader)):
        loss, right = training_step(encoder, (anchor, positive, negative), optimizer, scaler, config.margin)
        loss_sum += loss * len(anchor)
        hits += right
    count = len(loader.sampler)
    if not math.isfinite(loss_sum.item()):
        raise UserError(f"the loss of epoch {epoch} is no longer a number; train again with a lower --rate.")
    mean_loss, accuracy = loss_sum.item() / count, hits.item() / count
    seconds = time.perf_counter() - began
    return Phase(epoch, "train", mean_loss, accuracy, seconds, 3 * count / seconds)


def training_step(
    encoder: Encoder,
    triplets: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    margin: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One step on anchors, positives and negatives, uint8 `[n, 3, side, side]` each.

    Returns the mean loss and the number of triplets that were right, both still on the device.
    """
    device = encoder.mean.device
    loss_of = TripletLoss(margin)
    loss_sum, hits = torch.zeros((), device=device), torch.zeros((), device=device)
    encoder.train()
    optimizer.zero_grad(set_to_none=True)
    # The loss is a mean over triplets, so a third of the batch at a time gives the same gradient in a third of the
    # memory; batch normalisation sees as many images at once as in the report, where each role passed alone.
    count = len(triplets[0])
    for part in zip(*(role.split(-(-count // 3)) for role in triplets), strict=True):
        pixels = torch.cat(part).to(device, non_blocking=True)
        with mixed_precision(device, encoder.network):
            embeddings = encoder(pixels.contiguous(memory_format=torch.channels_last))
        loss, right = loss_of(*embeddings.float().chunk(3))
        share = len(part[0]) / count
        scaler.scale(loss * share).backward()
        loss_sum += loss.detach() * share
        hits += right.sum()
    scaler.step(optimizer)
    scaler.update()
    return loss_sum, hits


def validation_phase(encoder: Encoder, triplets: TripletPaths, margin: float, epoch: int) -> Phase:
    """Loss and accuracy on the validation triplets, without augmentation; each painting is embedded once."""
    began = time.perf_counter()
    positive, negative = triplet_distances(encoder, triplets)
    seconds = time.perf_counter() - began
    return Phase(
        epoch,
        "validation",
        float(triplet_losses(positive, negative, margin).mean()),
        float(triplet_hits(positive, negative).mean()),
        seconds,
        len(triplets.distinct()) / seconds,
    )


def triplet_distances(encoder: Encoder, triplets: TripletPaths) -> tuple[FloatArray, FloatArray]:
    """d(a, p) and d(a, n) of every triplet, `[n]` each; each distinct painting is embedded once."""
    encoder.eval()
    paths = triplets.distinct()
    embeddings = embed_all(encoder, paths)
    row = {path: number for number, path in enumerate(paths)}
    anchor, positive, negative = (embeddings[[row[triplet[place]] for triplet in triplets.paths]] for place in range(3))
    return paired_distances(anchor, positive), paired_distances(anchor, negative)
