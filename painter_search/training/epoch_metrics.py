"""How an epoch is measured: while it trains, and on validation artists after it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.errors import InvalidValueError
from painter_search.metrics.distances import paired_distances
from painter_search.metrics.retrieval import score_retrieval
from painter_search.metrics.triplet_accuracy import all_negative_hits, triplet_hits, triplet_losses
from painter_search.training.data.training_sets import TripletPaths
from painter_search.training.history import EpochMetrics


class MetricAccumulator:
    """Sums the metrics of an epoch's triplets on the device, since reading them every step would make a GPU wait."""

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self._batches: list[torch.Tensor] = []
        self._count = 0
        self._start = time.perf_counter()

    def add(self, loss: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor) -> None:
        """Add a batch: the loss that is trained on, and d(a, p) and d(a, n) of its triplets, `[n]` each.

        The loss of the metrics is the triplet loss of all triplets, as on validation artists, whatever is trained on;
        `loss` only tells whether that is still a number.
        """
        positive, negative = positive.detach(), negative.detach()
        losses = (positive - negative + self.margin).relu()
        values = (
            loss.detach(),
            losses.sum(),
            (positive < negative).sum(),
            (losses > 0).sum(),
            positive.sum(),
            negative.sum(),
        )
        self._batches.append(torch.stack([value.float() for value in values]))
        self._count += positive.numel()

    def summarize(self, epoch: int, images: int) -> EpochMetrics:
        """The metrics of a training epoch that passed `images`; raise `InvalidValueError` for a loss of nan or inf."""
        # On the CPU in double precision, which Apple's GPUs lack.
        sums = torch.stack(self._batches).cpu().double().sum(0)
        trained_on, loss, accuracy, active, positive, negative = (sums / self._count).tolist()
        if not math.isfinite(trained_on + loss):  # a mean over the losses above 0 leaves out those that are nan
            raise InvalidValueError(f"the loss of epoch {epoch} is no longer a number; train again with a lower --lr.")
        seconds = time.perf_counter() - self._start
        return EpochMetrics(
            epoch,
            "train",
            loss=loss,
            accuracy=accuracy,
            active=active,
            positive=positive,
            negative=negative,
            all_negatives=math.nan,
            recall_1=math.nan,
            seconds=seconds,
            images_per_second=images / seconds,
        )


def measure_validation(
    embed: Callable[[Sequence[Path]], NDArray[np.float32]], triplets: TripletPaths, margin: float, epoch: int
) -> EpochMetrics:
    """The metrics of an epoch on the validation triplets, whose paintings `embed` embeds without augmentation."""
    start = time.perf_counter()
    measured = TripletDistances(embed(triplets.distinct()), triplets)
    seconds = time.perf_counter() - start
    losses = triplet_losses(measured.positive, measured.negative, margin)
    return EpochMetrics(
        epoch,
        "validation",
        loss=float(losses.mean()),
        accuracy=float(measured.hits().mean()),
        active=float((losses > 0).mean()),
        positive=float(measured.positive.mean()),
        negative=float(measured.negative.mean()),
        all_negatives=float(np.nanmean(measured.all_negatives())),
        recall_1=float(np.nanmean(measured.recall_1())),
        seconds=seconds,
        images_per_second=len(measured.paths) / seconds,
    )


class TripletDistances:
    """The distances of triplets whose distinct paintings are embedded.

    Attributes:
        paths: The distinct paintings.
        embeddings: Theirs, float32 `[paintings, 256]`.
        rows: The rows of anchor, positive and negative in `paths`, `[triplets, 3]`.
        positive: d(a, p), `[triplets]`.
        negative: d(a, n), `[triplets]`.
        names: The artists' names.
        artists: The number of each painting's artist in `names`, `[paintings]`.
    """

    def __init__(self, embeddings: NDArray[np.float32], triplets: TripletPaths) -> None:
        self.paths = triplets.distinct()
        self.embeddings = embeddings
        row = {path: number for number, path in enumerate(self.paths)}
        self.rows = np.array([[row[path] for path in triplet] for triplet in triplets.paths])
        anchor, positive, negative = (self.embeddings[column] for column in self.rows.T)
        self.positive, self.negative = paired_distances(anchor, positive), paired_distances(anchor, negative)
        names = np.array([triplets.artists[path] for path in self.paths], dtype=object)
        self.names, self.artists = np.unique(names, return_inverse=True)

    def hits(self) -> NDArray[np.float64]:
        """For each triplet 1 where d(a, p) < d(a, n), else 0: `[triplets]`."""
        return triplet_hits(self.positive, self.negative).astype(np.float64)

    def all_negatives(self) -> NDArray[np.float64]:
        """For each triplet the share of all works by other artists that lie farther than the positive: `[triplets]`."""
        return all_negative_hits(self.embeddings, self.artists, self.rows[:, 0], self.rows[:, 1])

    def recall_1(self) -> NDArray[np.float64]:
        """Whether each painting's nearest neighbour is by its artist: `[paintings]`, `nan` for an artist's only one."""
        return score_retrieval(self.embeddings, self.artists, ks=(1,)).recall[1]
