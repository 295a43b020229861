"""Triplet scores against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from painter_search.metrics.distances import distance_matrix, paired_distances
from painter_search.metrics.triplet_accuracy import all_negative_hits, triplet_hits, triplet_losses

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def distance(left: Floats, right: Floats) -> float:
    return math.sqrt(sum((float(a) - float(b)) ** 2 for a, b in zip(left, right, strict=True)))


def naive_all_negative_hits(embeddings: Floats, artists: Ints, anchors: Ints, positives: Ints) -> list[float]:
    scores = []
    for anchor, positive in zip(anchors, positives, strict=True):
        near = distance(embeddings[anchor], embeddings[positive])
        others = [i for i in range(len(artists)) if artists[i] != artists[anchor]]
        farther = sum(distance(embeddings[anchor], embeddings[i]) > near for i in others)
        scores.append(farther / len(others) if others else math.nan)
    return scores


def every_pair(artists: Ints) -> tuple[Ints, Ints]:
    pairs = [(i, j) for i in range(len(artists)) for j in range(len(artists)) if i != j and artists[i] == artists[j]]
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def test_paired_distances_equal_loop() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(30, 7)).astype(np.float32), rng.normal(size=(30, 7)).astype(np.float32)
    naive = [distance(a, b) for a, b in zip(left, right, strict=True)]
    assert np.allclose(paired_distances(left, right), naive, rtol=1e-12)
    assert paired_distances(left, right).dtype == np.float64


def test_paired_distances_do_not_overflow_integers() -> None:
    assert paired_distances(np.array([[0]], np.uint8), np.array([[255]], np.uint8)).tolist() == [255.0]


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_distance_matrix_equals_loop_also_far_from_zero(offset: float) -> None:
    rng = np.random.default_rng(1)
    left = (rng.normal(size=(9, 16)) + offset).astype(np.float32)
    right = (rng.normal(size=(13, 16)) + offset).astype(np.float32)
    matrix = distance_matrix(left, right)
    assert matrix.shape == (9, 13)
    assert matrix.dtype == np.float32
    for i in range(9):
        for j in range(13):
            assert matrix[i, j] == pytest.approx(distance(left[i], right[j]), rel=1e-4, abs=1e-3)


def test_distance_matrix_diagonal_is_nearly_zero_and_never_nan() -> None:
    embeddings = (np.random.default_rng(2).normal(size=(50, 256)) * 20).astype(np.float32)
    assert distance_matrix(embeddings, embeddings).diagonal().max() < 0.5


def test_triplet_hits_counts_ties_as_misses() -> None:
    positive, negative = np.array([1.0, 2.0, 2.0, np.nan]), np.array([2.0, 1.0, 2.0, 1.0])
    assert triplet_hits(positive, negative).tolist() == [True, False, False, False]


@pytest.mark.parametrize("margin", [0.0, 0.5, 5.0])
def test_triplet_losses_equal_loop(margin: float) -> None:
    rng = np.random.default_rng(3)
    positive, negative = rng.uniform(0, 10, 40), rng.uniform(0, 10, 40)
    naive = [max(0.0, p - n + margin) for p, n in zip(positive, negative, strict=True)]
    assert np.allclose(triplet_losses(positive, negative, margin), naive)


def test_triplet_losses_equal_torch_triplet_margin_loss() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    anchor, positive, negative = rng.normal(size=(3, 40, 8)).astype(np.float32) * 3
    ours = triplet_losses(paired_distances(anchor, positive), paired_distances(anchor, negative), 5.0)
    criterion = torch.nn.TripletMarginLoss(margin=5, p=2, reduction="none")
    theirs = criterion(*map(torch.from_numpy, (anchor, positive, negative))).numpy()
    assert np.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("block", [1, 3, 512])
def test_all_negative_hits_equal_loop(seed: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    artists = rng.integers(0, 6, 30)
    embeddings = rng.normal(size=(30, 5))
    anchors, positives = every_pair(artists)
    order = rng.permutation(len(anchors))
    ours = all_negative_hits(embeddings, artists, anchors[order], positives[order], block)
    assert np.allclose(ours, naive_all_negative_hits(embeddings, artists, anchors[order], positives[order]))


def test_all_negative_hits_count_ties_as_misses() -> None:
    embeddings = np.array([[0.0], [1.0], [1.0], [-1.0], [2.0]])
    artists = np.array([0, 0, 1, 1, 1])
    hits = all_negative_hits(embeddings, artists, np.array([0]), np.array([1]))
    assert hits.tolist() == [1 / 3]


def test_all_negative_hits_count_negative_identical_to_positive_as_miss() -> None:
    rng = np.random.default_rng(7)
    base = (rng.normal(size=(40, 256)) * 3).astype(np.float32)
    embeddings = np.concatenate([base, base[rng.permutation(40)]])  # Every work of artist 0 has a twin by artist 1.
    artists = np.repeat([0, 1], 40)
    anchors, positives = every_pair(artists[:40])
    ours = all_negative_hits(embeddings, artists, anchors, positives)
    naive = naive_all_negative_hits(embeddings[:, :], artists, anchors[:60], positives[:60])
    assert np.allclose(ours[:60], naive)


def test_all_negative_hits_are_nan_without_negatives() -> None:
    embeddings, artists = np.arange(6.0).reshape(3, 2), np.zeros(3, dtype=np.int64)
    assert np.isnan(all_negative_hits(embeddings, artists, np.array([0, 1]), np.array([1, 2]))).all()


def test_all_negative_hits_of_no_pairs_are_empty() -> None:
    none = np.array([], dtype=np.int64)
    assert all_negative_hits(np.eye(3), np.arange(3), none, none).shape == (0,)
