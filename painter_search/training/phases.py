"""The two phases of an epoch: what is measured while training, and on validation artists after it."""

from __future__ import annotations

import math
import time

import numpy as np
import torch

from painter_search.encoder.embedding import embed_all
from painter_search.encoder.encoder import Encoder
from painter_search.errors import UserError
from painter_search.scores.retrieval import score_retrieval
from painter_search.scores.triplets import (
    all_negative_hits,
    paired_distances,
    triplet_hits,
    triplet_losses,
)
from painter_search.training.dataset import TripletPaths
from painter_search.training.history import Phase


class Tally:
    """What the triplets of an epoch come to, kept on the device: reading it every step would make a GPU wait."""

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self._batches: list[torch.Tensor] = []
        self._count = 0
        self._began = time.perf_counter()

    def add(self, loss: torch.Tensor, near: torch.Tensor, far: torch.Tensor) -> None:
        """A batch's mean loss, and d(a, p) and d(a, n) of its triplets, `[n]` each."""
        near, far = near.detach(), far.detach()
        values = (
            loss.detach() * near.numel(),
            (near < far).sum(),
            (near - far + self.margin > 0).sum(),
            near.sum(),
            far.sum(),
        )
        self._batches.append(torch.stack([value.float() for value in values]))
        self._count += near.numel()

    def phase(self, epoch: int, images: int) -> Phase:
        """The epoch's training phase. Raises `UserError` where the loss is no number any more."""
        # In double precision, which Apple's GPUs lack.
        sums = torch.stack(self._batches).cpu().double().sum(0)
        loss, accuracy, active, positive, negative = (sums / self._count).tolist()
        if not math.isfinite(loss):
            raise UserError(f"the loss of epoch {epoch} is no longer a number; train again with a lower --rate.")
        seconds = time.perf_counter() - self._began
        nan = math.nan
        return Phase(epoch, "train", loss, accuracy, active, positive, negative, nan, nan, seconds, images / seconds)


def validation_phase(encoder: Encoder, triplets: TripletPaths, margin: float, epoch: int) -> Phase:
    """Loss and accuracy on the validation triplets, without augmentation; each painting is embedded once."""
    began = time.perf_counter()
    found = TripletDistances(encoder, triplets)
    seconds = time.perf_counter() - began
    losses = triplet_losses(found.positive, found.negative, margin)
    return Phase(
        epoch,
        "validation",
        loss=float(losses.mean()),
        accuracy=float(triplet_hits(found.positive, found.negative).mean()),
        active=float((losses > 0).mean()),
        positive=float(found.positive.mean()),
        negative=float(found.negative.mean()),
        all_negatives=float(np.nanmean(found.all_negatives())),
        recall_1=float(np.nanmean(found.recall_1())),
        seconds=seconds,
        images_per_second=len(found.paths) / seconds,
    )


class TripletDistances:
    """Triplets measured by an encoder; each distinct painting is embedded once."""

    def __init__(self, encoder: Encoder, triplets: TripletPaths) -> None:
        encoder.eval()
        self.paths = triplets.distinct()
        self.embeddings = embed_all(encoder, self.paths)
        row = {path: number for number, path in enumerate(self.paths)}
        self.rows = np.array([[row[path] for path in triplet] for triplet in triplets.paths])
        anchor, positive, negative = (self.embeddings[column] for column in self.rows.T)
        self.positive, self.negative = paired_distances(anchor, positive), paired_distances(anchor, negative)
        names = np.array([triplets.owners[path] for path in self.paths], dtype=object)
        self.names, self.artists = np.unique(names, return_inverse=True)

    def hits(self) -> np.ndarray:
        """For each triplet 1 where d(a, p) < d(a, n), else 0: `[n]`."""
        return triplet_hits(self.positive, self.negative).astype(np.float64)

    def all_negatives(self) -> np.ndarray:
        """For each triplet's pair the share of all works by others that lie farther than the positive: `[n]`."""
        return all_negative_hits(self.embeddings, self.artists, self.rows[:, 0], self.rows[:, 1])

    def recall_1(self) -> np.ndarray:
        """For each painting whether its nearest neighbour is by its artist: `[paintings]`, `nan` for a lone work."""
        return score_retrieval(self.embeddings, self.artists, ks=(1,)).recall[1]
