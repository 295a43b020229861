import pytest
import torch

from painter_search.training.loss import TripletLoss


@pytest.mark.parametrize("margin", [0.2, 5.0])
def test_the_loss_equals_torchs_triplet_margin_loss(margin: float) -> None:
    torch.manual_seed(0)
    anchor, positive, negative = (torch.randn(33, 256, requires_grad=True) for _ in range(3))
    loss, _ = TripletLoss(margin)(anchor, positive, negative)
    reference = torch.nn.TripletMarginLoss(margin=margin, p=2)(anchor, positive, negative)
    assert loss.item() == pytest.approx(reference.item(), abs=1e-6)
    ours = torch.autograd.grad(loss, anchor, retain_graph=True)[0]
    theirs = torch.autograd.grad(reference, anchor)[0]
    torch.testing.assert_close(ours, theirs)


def test_the_loss_equals_its_formula_in_a_loop() -> None:
    torch.manual_seed(1)
    anchor, positive, negative = (torch.randn(7, 256) for _ in range(3))
    loss, right = TripletLoss(5.0)(anchor, positive, negative)
    terms, hits = [], []
    for a, p, n in zip(anchor, positive, negative, strict=True):
        near, far = (a - p).norm().item(), (a - n).norm().item()
        terms.append(max(0.0, near - far + 5.0))
        hits.append(near < far)
    assert loss.item() == pytest.approx(sum(terms) / 7, rel=1e-4)
    assert right.tolist() == hits


def test_triplets_that_meet_the_margin_cost_nothing() -> None:
    anchor = torch.zeros(2, 4)
    positive = torch.zeros(2, 4)
    negative = torch.full((2, 4), 10.0)
    loss, right = TripletLoss(5.0)(anchor, positive, negative)
    assert loss.item() == 0
    assert right.all()
