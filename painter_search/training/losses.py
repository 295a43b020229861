"""Losses: the report's triplets, every valid triplet of a batch, and supervised contrast."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import torch
from torch import nn

Triplets: TypeAlias = tuple[torch.Tensor, torch.Tensor, torch.Tensor]

TEMPERATURE = 0.1
"""Of the softmax of supervised contrast, as in its paper."""


class LossAndDistances(NamedTuple):
    """What a triplet loss returns."""

    loss: torch.Tensor
    """The mean loss, a scalar."""
    positive: torch.Tensor
    """d(a, p) of each triplet: `[n]`."""
    negative: torch.Tensor
    """d(a, n) of each triplet: `[n]`."""


def triplet_loss(
    anchor: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, margin: float
) -> LossAndDistances:
    """`mean(max(0, d(a, p) - d(a, n) + margin))` with Euclidean distances of embeddings `[n, 256]`.

    Embeddings are not normalized: with length 1 they lie at most 2 apart, and a margin of 5 could never be met.
    """
    positive_distances = nn.functional.pairwise_distance(anchor, positive)
    negative_distances = nn.functional.pairwise_distance(anchor, negative)
    losses = nn.functional.relu(positive_distances - negative_distances + margin)
    return LossAndDistances(losses.mean(), positive_distances, negative_distances)


class BatchAllTripletLoss(nn.Module):
    """The same hinge for every valid triplet of a batch, averaged over the triplets with a loss above 0.

    Averaging over these alone keeps the step from shrinking as more triplets are right (Hermans et al. 2017, "batch
    all"). pytorch-metric-learning computes it.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        from pytorch_metric_learning.distances import LpDistance
        from pytorch_metric_learning.losses import TripletMarginLoss

        # Embeddings have length 1 already.
        self._loss = TripletMarginLoss(margin, distance=LpDistance(normalize_embeddings=False))

    def forward(self, embeddings: torch.Tensor, artists: torch.Tensor) -> LossAndDistances:
        """The loss of embeddings `[n, 256]` by artists `[n]`, and the distances of every valid triplet."""
        triplets = valid_triplets(artists)
        loss = self._loss(embeddings, artists, triplets)
        return LossAndDistances(loss, *_distances(embeddings, triplets))


class SupervisedContrastiveLoss(nn.Module):
    """Works of one artist against all others of a batch, by softmax over cosine similarities (Khosla et al. 2020).

    pytorch-metric-learning computes it.
    """

    def __init__(self) -> None:
        super().__init__()
        from pytorch_metric_learning.losses import SupConLoss

        self._loss = SupConLoss(temperature=TEMPERATURE)

    def forward(self, embeddings: torch.Tensor, artists: torch.Tensor) -> LossAndDistances:
        """The loss of embeddings `[n, 256]` of length 1 by artists `[n]`, and the distances of every valid triplet."""
        loss = self._loss(embeddings, artists)
        return LossAndDistances(loss, *_distances(embeddings, valid_triplets(artists)))


def valid_triplets(artists: torch.Tensor) -> Triplets:
    """Every anchor, positive and negative of a batch with these artists `[n]`, as rows of it, int64 `[triplets]` each.

    They are those of pytorch-metric-learning, in its order, found from the pairs of works by one artist, which are few,
    rather than among all n^3 triples.
    """
    same = artists[:, None] == artists
    anchor, positive = torch.where(same & ~torch.eye(len(artists), dtype=torch.bool, device=artists.device))
    pair, negative = torch.where(~same[anchor])
    return anchor[pair], positive[pair], negative


@torch.no_grad()
def _distances(embeddings: torch.Tensor, triplets: Triplets) -> tuple[torch.Tensor, torch.Tensor]:
    """d(a, p) and d(a, n) of triplets of rows."""
    distances = torch.cdist(embeddings, embeddings)
    anchor, positive, negative = triplets
    return distances[anchor, positive], distances[anchor, negative]
