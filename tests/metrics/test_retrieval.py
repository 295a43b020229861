"""Retrieval scores against plain loops and against two peer libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from painter_search.metrics.retrieval import RetrievalScores, _nearest, score_retrieval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def distance(left: Floats, right: Floats) -> float:
    return math.sqrt(sum((float(a) - float(b)) ** 2 for a, b in zip(left, right, strict=True)))


def naive_scores(embeddings: Floats, artists: Ints, ks: tuple[int, ...]) -> tuple[dict[int, Floats], Floats, float]:
    count = len(artists)
    recall = {k: np.full(count, np.nan) for k in ks}
    map_at_r = np.full(count, np.nan)
    for query in range(count):
        others = [i for i in range(count) if i != query]
        ranked = sorted(others, key=lambda i: (distance(embeddings[query], embeddings[i]), i))
        relevant = sum(artists[i] == artists[query] for i in others)
        if not relevant:
            continue
        for k in ks:
            recall[k][query] = any(artists[i] == artists[query] for i in ranked[:k])
        total = 0.0
        for i in range(1, relevant + 1):
            if artists[ranked[i - 1]] == artists[query]:
                total += sum(artists[j] == artists[query] for j in ranked[:i]) / i
        map_at_r[query] = total / relevant
    same, other = [], []
    for i in range(count):
        for j in range(i + 1, count):
            (same if artists[i] == artists[j] else other).append(distance(embeddings[i], embeddings[j]))
    wins = sum((s < o) + 0.5 * (s == o) for s in same for o in other)
    auc = wins / len(same) / len(other) if same and other else math.nan
    return recall, map_at_r, auc


def grid(seed: int, count: int, artists: int, width: int = 3) -> tuple[Floats, Ints]:
    """Embeddings on whole numbers: distances are exact, with many ties."""
    rng = np.random.default_rng(seed)
    return rng.integers(-3, 4, (count, width)).astype(np.float64), rng.integers(0, artists, count)


def clouds(seed: int, count: int = 60, artists: int = 9) -> tuple[Floats, Ints]:
    rng = np.random.default_rng(seed)
    owners = rng.integers(0, artists, count)
    return rng.normal(size=(artists, 6))[owners] + rng.normal(size=(count, 6)), owners


def check(scores: RetrievalScores, expected: tuple[dict[int, Floats], Floats, float]) -> None:
    recall, map_at_r, auc = expected
    for k, values in recall.items():
        assert np.array_equal(scores.recall[k], values, equal_nan=True)
    assert np.allclose(scores.map_at_r, map_at_r, equal_nan=True)
    assert scores.pair_auc == pytest.approx(auc, nan_ok=True)


@pytest.mark.parametrize("block", [1, 7, 1024])
@pytest.mark.parametrize("seed", range(5))
def test_score_retrieval_equals_loop(seed: int, block: int) -> None:
    embeddings, artists = clouds(seed)
    check(score_retrieval(embeddings, artists, (1, 3, 10), block), naive_scores(embeddings, artists, (1, 3, 10)))


@pytest.mark.parametrize("seed", range(5))
def test_score_retrieval_breaks_ties_in_order_of_row(seed: int) -> None:
    embeddings, artists = grid(seed, 40, 6, width=2)
    embeddings -= embeddings.mean(axis=0).round()
    shifted = np.concatenate([embeddings, -embeddings])  # The mean is 0, so that float32 stays exact.
    artists = np.concatenate([artists, artists[::-1]])
    check(score_retrieval(shifted, artists, (1, 5)), naive_scores(shifted, artists, (1, 5)))


@pytest.mark.parametrize("depth", [1, 2, 5, 19, 20, 25])
def test_nearest_breaks_ties_in_order_of_column(depth: int) -> None:
    rng = np.random.default_rng(depth)
    distances = rng.integers(0, 3, (40, 20)).astype(np.float32)
    expected = np.argsort(distances, axis=1, kind="stable")[:, :depth]
    assert np.array_equal(_nearest(distances, depth)[:, :depth], expected)


@pytest.mark.parametrize("seed", range(4))
def test_pair_auc_equals_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    embeddings, artists = grid(seed, 50, 6) if seed % 2 else clouds(seed)
    upper = np.triu_indices(len(artists), 1)
    # Squared distances keep the order, and on whole numbers they are exact.
    squared = np.square(embeddings[upper[0]] - embeddings[upper[1]]).sum(axis=1)
    theirs = metrics.roc_auc_score(artists[upper[0]] == artists[upper[1]], -squared)
    centered = np.concatenate([embeddings, -embeddings]) if seed % 2 else embeddings
    if seed % 2:
        artists = np.concatenate([artists, artists + 100])
        upper = np.triu_indices(len(artists), 1)
        squared = np.square(centered[upper[0]] - centered[upper[1]]).sum(axis=1)
        theirs = metrics.roc_auc_score(artists[upper[0]] == artists[upper[1]], -squared)
    assert score_retrieval(centered, artists, block=16).pair_auc == pytest.approx(theirs, abs=1e-6)


def test_score_retrieval_equals_pytorch_metric_learning() -> None:
    pytest.importorskip("pytorch_metric_learning")
    torch = pytest.importorskip("torch")
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
    from pytorch_metric_learning.utils.inference import CustomKNN

    embeddings, artists = clouds(11, 90, 8)
    artists = np.append(artists, 50)  # An artist with one work cannot be asked for, there or here.
    embeddings = np.concatenate([embeddings, embeddings[:1] + 0.1]).astype(np.float32)
    calculator = AccuracyCalculator(
        include=("precision_at_1", "mean_average_precision_at_r"),
        k="max_bin_count",
        knn_func=CustomKNN(LpDistance(normalize_embeddings=False)),
        device=torch.device("cpu"),
    )
    theirs = calculator.get_accuracy(torch.from_numpy(embeddings), torch.from_numpy(artists))
    ours = score_retrieval(embeddings, artists)
    assert np.nanmean(ours.recall[1]) == pytest.approx(theirs["precision_at_1"], abs=1e-6)
    assert np.nanmean(ours.map_at_r) == pytest.approx(theirs["mean_average_precision_at_r"], abs=1e-6)
    assert np.isnan(ours.recall[1][-1])


def test_score_retrieval_is_nan_for_artists_with_one_work() -> None:
    embeddings, artists = np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1])
    scores = score_retrieval(embeddings, artists)
    assert np.isnan(scores.map_at_r).tolist() == [False, False, True]
    assert np.isnan(scores.recall[10]).tolist() == [False, False, True]
    assert scores.pair_auc == 1.0


@pytest.mark.parametrize("count", [0, 1])
def test_score_retrieval_is_nan_for_hardly_any_works(count: int) -> None:
    scores = score_retrieval(np.zeros((count, 4)), np.zeros(count, dtype=np.int64))
    assert scores.map_at_r.shape == (count,)
    assert np.isnan(scores.map_at_r).all()
    assert np.isnan(scores.pair_auc)


def test_score_retrieval_of_single_artist_has_full_recall_and_no_auc() -> None:
    scores = score_retrieval(np.arange(8.0).reshape(4, 2), np.zeros(4, dtype=np.int64))
    assert np.isnan(scores.pair_auc)
    assert scores.recall[1].tolist() == scores.map_at_r.tolist() == [1.0] * 4


def test_score_retrieval_of_distinct_artists_has_no_recall() -> None:
    scores = score_retrieval(np.arange(8.0).reshape(4, 2), np.arange(4))
    assert np.isnan(scores.pair_auc)
    assert np.isnan(scores.recall[5]).all()


def test_score_retrieval_of_perfect_clusters_is_one() -> None:
    artists = np.repeat(np.arange(5), 4)
    embeddings = artists[:, None] * 10 + np.random.default_rng(0).normal(size=(20, 3)) * 0.1
    scores = score_retrieval(embeddings, artists)
    assert scores.map_at_r.tolist() == scores.recall[1].tolist() == [1.0] * 20
    assert scores.pair_auc == 1.0


def test_score_retrieval_is_invariant_to_rotation_and_translation() -> None:
    embeddings, artists = clouds(3)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))
    first, second = score_retrieval(embeddings, artists), score_retrieval(embeddings @ turn + 30, artists)
    assert np.allclose(first.map_at_r, second.map_at_r, equal_nan=True)
    assert first.pair_auc == pytest.approx(second.pair_auc, abs=1e-4)
