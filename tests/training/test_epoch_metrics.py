from __future__ import annotations

import numpy as np
import pytest
import torch

from painter_search.common.errors import InvalidValueError
from painter_search.metrics.triplet_accuracy import triplet_losses
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.losses import BatchAllTripletLoss, SupervisedContrastiveLoss, triplet_loss

MARGIN = 0.2


def batch(works: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings of length 1 that tell four artists apart, though not all of their triplets by the margin."""
    artists = torch.arange(works) % 4
    embeddings = torch.randn(works, 8, generator=torch.Generator().manual_seed(works)) + 2 * torch.eye(4, 8)[artists]
    return torch.nn.functional.normalize(embeddings, dim=1), artists


@pytest.mark.parametrize("trained_on", [BatchAllTripletLoss(MARGIN), SupervisedContrastiveLoss()])
def test_the_training_loss_is_the_mean_over_all_triplets_like_that_of_validation(trained_on: torch.nn.Module) -> None:
    metrics, losses = MetricAccumulator(MARGIN), []
    for works in (12, 16):
        loss, positive, negative = trained_on(*batch(works))
        metrics.add(loss, positive, negative)
        losses.append(triplet_losses(positive.numpy(), negative.numpy(), MARGIN))
    epoch, expected = metrics.summarize(epoch=1, images=28), np.concatenate(losses)
    assert 0.1 < epoch.active < 0.9
    assert epoch.active == pytest.approx((expected > 0).mean())
    assert epoch.loss == pytest.approx(expected.mean(), rel=1e-5)


def test_the_training_loss_of_given_triplets_is_the_loss_that_is_trained_on() -> None:
    anchor, positive, negative = torch.randn(3, 10, 8, generator=torch.Generator().manual_seed(0))
    metrics, whole = MetricAccumulator(5.0), triplet_loss(anchor, positive, negative, 5.0).loss
    for part in (slice(7), slice(7, None)):
        metrics.add(*triplet_loss(anchor[part], positive[part], negative[part], 5.0))
    assert metrics.summarize(epoch=1, images=30).loss == pytest.approx(whole.item(), rel=1e-5)


@pytest.mark.parametrize(("loss", "positive"), [(torch.nan, 0.0), (torch.inf, 0.0), (0.1, torch.nan)])
def test_an_epoch_whose_loss_is_no_number_is_refused(loss: float, positive: float) -> None:
    metrics = MetricAccumulator(MARGIN)
    metrics.add(torch.tensor(loss), torch.tensor([0.0, positive]), torch.ones(2))
    with pytest.raises(InvalidValueError, match="no longer a number"):
        metrics.summarize(epoch=1, images=4)
