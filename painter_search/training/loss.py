"""Triplet losses: the report's, and that of every valid triplet in a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from torch import nn


class TripletLoss(nn.Module):
    """`mean(max(0, d(a, p) - d(a, n) + margin))` with Euclidean distances of embeddings `[n, 256]`.

    Embeddings are not normalised: on unit vectors, which lie at most 2 apart, a margin of 5 could never be met.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(
        self, anchor: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The mean loss, and d(a, p) and d(a, n): `[n]` each."""
        near = F.pairwise_distance(anchor, positive)
        far = F.pairwise_distance(anchor, negative)
        return F.relu(near - far + self.margin).mean(), near, far


class EveryTripletLoss(nn.Module):
    """The same hinge for every valid triplet of a batch, averaged over those that have a loss.

    The average over active triplets alone keeps the step from shrinking as more triplets are right (Hermans et al.
    2017, "batch all"); pytorch-metric-learning computes it.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        from pytorch_metric_learning.distances import LpDistance
        from pytorch_metric_learning.losses import TripletMarginLoss

        self._distance = LpDistance(normalize_embeddings=False)  # ours have length 1 already
        self._loss = TripletMarginLoss(margin, distance=self._distance)

    def forward(
        self, embeddings: torch.Tensor, artists: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Embeddings `[n, 256]` and artists `[n]` → the loss, and d(a, p) and d(a, n) of every triplet."""
        loss = self._loss(embeddings, artists)
        with torch.no_grad():
            distances = torch.cdist(embeddings, embeddings)
            same = artists[:, None] == artists[None, :]
            itself = torch.eye(len(artists), dtype=torch.bool, device=artists.device)
            anchor, positive, negative = ((same & ~itself)[:, :, None] & ~same[:, None, :]).nonzero(as_tuple=True)
            return loss, distances[anchor, positive], distances[anchor, negative]
