"""The report's triplet loss."""

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
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean loss, and which triplets are right, d(a, p) < d(a, n): bool `[n]`."""
        near = F.pairwise_distance(anchor, positive)
        far = F.pairwise_distance(anchor, negative)
        return F.relu(near - far + self.margin).mean(), near < far
