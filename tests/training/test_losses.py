import pytest
import torch
from pytorch_metric_learning.utils.loss_and_miner_utils import get_all_triplets_indices

from painter_search.training.losses import BatchAllTripletLoss, triplet_loss, valid_triplets


@pytest.mark.parametrize("margin", [0.2, 5.0])
def test_triplet_loss_equals_torchs_triplet_margin_loss(margin: float) -> None:
    torch.manual_seed(0)
    anchor, positive, negative = (torch.randn(33, 256, requires_grad=True) for _ in range(3))
    loss, *_ = triplet_loss(anchor, positive, negative, margin)
    reference = torch.nn.TripletMarginLoss(margin=margin, p=2)(anchor, positive, negative)
    assert loss.item() == pytest.approx(reference.item(), abs=1e-6)
    ours = torch.autograd.grad(loss, anchor, retain_graph=True)[0]
    theirs = torch.autograd.grad(reference, anchor)[0]
    torch.testing.assert_close(ours, theirs)


def test_triplet_loss_equals_its_formula_in_a_loop() -> None:
    torch.manual_seed(1)
    anchor, positive, negative = (torch.randn(7, 256) for _ in range(3))
    loss, positive_distances, negative_distances = triplet_loss(anchor, positive, negative, 5.0)
    terms = []
    for row, (a, p, n) in enumerate(zip(anchor, positive, negative, strict=True)):
        assert positive_distances[row].item() == pytest.approx((a - p).norm().item(), rel=1e-4)
        assert negative_distances[row].item() == pytest.approx((a - n).norm().item(), rel=1e-4)
        terms.append(max(0.0, (a - p).norm().item() - (a - n).norm().item() + 5.0))
    assert loss.item() == pytest.approx(sum(terms) / 7, rel=1e-4)


def test_triplet_loss_is_0_beyond_the_margin() -> None:
    anchor = torch.zeros(2, 4)
    positive = torch.zeros(2, 4)
    negative = torch.full((2, 4), 10.0)
    loss, positive_distances, negative_distances = triplet_loss(anchor, positive, negative, 5.0)
    assert loss.item() == 0
    assert (positive_distances < negative_distances).all()


@pytest.mark.parametrize("margin", [0.2, 0.5])
def test_batch_all_triplet_loss_equals_a_loop_over_valid_triplets(margin: float) -> None:
    torch.manual_seed(2)
    embeddings = torch.nn.functional.normalize(torch.randn(12, 256), dim=1).requires_grad_()
    artists = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 4])
    loss, positive, negative = BatchAllTripletLoss(margin)(embeddings, artists)
    losses, distances = [], []
    for a in range(12):
        for p in range(12):
            for n in range(12):
                if a != p and artists[a] == artists[p] and artists[a] != artists[n]:
                    d_ap, d_an = (embeddings[a] - embeddings[p]).norm(), (embeddings[a] - embeddings[n]).norm()
                    distances.append((d_ap.item(), d_an.item()))
                    losses.append(torch.relu(d_ap - d_an + margin))
    active = [one for one in losses if one > 0]
    expected = torch.stack(active).mean()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    returned = sorted(zip(positive.tolist(), negative.tolist(), strict=True))
    torch.testing.assert_close(torch.tensor(returned), torch.tensor(sorted(distances)), atol=1e-3, rtol=0)
    ours = torch.autograd.grad(loss, embeddings, retain_graph=True)[0]
    torch.testing.assert_close(ours, torch.autograd.grad(expected, embeddings)[0], atol=1e-5, rtol=1e-3)


def test_batch_all_triplet_loss_of_a_batch_without_triplets_is_0() -> None:
    embeddings = torch.nn.functional.normalize(torch.randn(3, 256), dim=1).requires_grad_()
    loss, positive, negative = BatchAllTripletLoss(0.2)(embeddings, torch.tensor([0, 1, 2]))
    assert loss.item() == len(positive) == len(negative) == 0


@pytest.mark.parametrize("count", [1, 2, 3, 17, 96])
@pytest.mark.parametrize("artists", [1, 2, 7])
def test_valid_triplets_are_those_of_pytorch_metric_learning_in_its_order(count: int, artists: int) -> None:
    drawn = torch.randint(artists, (count,), generator=torch.Generator().manual_seed(count))
    for ours, theirs in zip(valid_triplets(drawn), get_all_triplets_indices(drawn), strict=True):
        assert torch.equal(ours, theirs)
