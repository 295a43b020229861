import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from painter_search.scores.artists import rank_artists, relative_distances, typical_distance
from painter_search.scores.calibration import reliability
from painter_search.scores.confidence import Confidence, Group, fit_confidence, pair_distances
from painter_search.scores.leave_out import leave_out


def hands(artists: int, works: int, seed: int, spread: float = 1.1) -> Group:
    """Works on the sphere around their artists."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(artists, 32))
    numbers = np.repeat(np.arange(artists), works)
    vectors = centers[numbers] + spread * rng.normal(size=(len(numbers), 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), numbers


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    found = fit_confidence([hands(20, 6, 1), hands(12, 6, 2)])
    assert found is not None
    return found


def test_pairs_of_other_artists_are_called_what_they_are(confidence: Confidence) -> None:
    distances, same, _ = pair_distances(*hands(30, 6, 3))
    drawn = np.random.default_rng(0).choice(np.flatnonzero(~same), same.sum(), replace=False)
    chosen = np.concatenate([np.flatnonzero(same), drawn])
    found = reliability(confidence.same_artist(distances[chosen]), same[chosen])
    assert found.error_debiased < 0.05
    assert found.brier < 0.9 * found.brier_constant


def test_unknown_artists_are_told_from_known_ones(confidence: Confidence) -> None:
    vectors, artists = hands(30, 6, 4)
    trials = leave_out(vectors, artists, np.arange(0, 180, 2))
    known = np.array([trial.true is not None for trial in trials])
    sure = np.array([confidence.in_index(*trial.signs) for trial in trials])
    assert roc_auc_score(known, sure) > 0.7
    assert reliability(sure, known).error_debiased < 0.12
    named = sure >= confidence.threshold
    right = np.array([trial.right for trial in trials])
    assert 0.65 < named[right].mean() < 0.95
    assert named[~known].mean() < named[right].mean() - 0.2


def test_a_chance_order_of_works_cannot_be_told() -> None:
    vectors, artists = hands(20, 6, 5)
    artists = np.random.default_rng(0).permutation(artists)
    found = fit_confidence([(vectors, artists)])
    assert found is not None
    distances, _, _ = pair_distances(vectors, artists)
    assert np.abs(found.same_artist(distances) - 0.5).max() < 0.2


def test_probabilities_are_probabilities_even_of_the_same_picture(confidence: Confidence) -> None:
    assert 0.5 < confidence.same_artist(np.array([0.0]))[0] <= 1
    shares = confidence.among(np.array([0.0, 0.5, 1.0]))
    assert shares.sum() == pytest.approx(1)
    assert 0 <= confidence.in_index(0.0, 1.0, 0.0) <= 1


def test_too_few_artists_give_no_confidence() -> None:
    assert fit_confidence([hands(3, 4, 0)]) is None
    assert fit_confidence([]) is None
    assert fit_confidence([hands(10, 1, 0)]) is None


def test_leaving_out_equals_an_index_built_without() -> None:
    vectors, artists = hands(6, 4, 6)
    typical = typical_distance(vectors, artists)
    for query in (0, 9, 23):
        trials = leave_out(vectors, artists, np.array([query]))
        for trial, gone in zip(trials, (np.arange(24) == query, artists == artists[query]), strict=True):
            kept = np.flatnonzero(~gone)
            isolations = []
            for work in kept:
                apart = sorted(np.linalg.norm(vectors[work] - vectors[o]) for o in kept if artists[o] != artists[work])
                isolations.append(np.mean(apart[:5]))
            distances = np.linalg.norm(vectors[kept] - vectors[query], axis=1).astype(np.float32)
            relative = relative_distances(distances, np.array(isolations, np.float32), typical)
            ranked, adjusted = rank_artists(relative, artists[kept], np.bincount(artists[kept], minlength=6))
            np.testing.assert_allclose(trial.artists, adjusted, rtol=1e-3)
            place = np.flatnonzero(ranked == artists[query])
            assert trial.true == (int(place[0]) if len(place) else None)
            np.testing.assert_allclose(trial.nearest_work, distances.min() / typical, rtol=1e-3)
