import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.calibration_curve import calibration_curve
from painter_search.metrics.confidence import Confidence, EmbeddedWorks, fit_confidence, pair_distances
from painter_search.metrics.leave_one_out import OpenSetSignals, leave_one_out
from painter_search.metrics.local_scaling import mean_distance_between_artists, scale_distances


def clusters(artists: int, works: int, seed: int, spread: float = 1.1) -> EmbeddedWorks:
    """Works on the unit sphere, scattered around their artists."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(artists, 32))
    numbers = np.repeat(np.arange(artists), works)
    vectors = centers[numbers] + spread * rng.normal(size=(len(numbers), 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), numbers


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    fitted = fit_confidence([clusters(20, 6, 1), clusters(12, 6, 2)])
    assert fitted is not None
    return fitted


def test_same_artist_is_calibrated_on_other_artists(confidence: Confidence) -> None:
    distances, same, _ = pair_distances(*clusters(30, 6, 3))
    drawn = np.random.default_rng(0).choice(np.flatnonzero(~same), same.sum(), replace=False)
    chosen = np.concatenate([np.flatnonzero(same), drawn])
    found = calibration_curve(confidence.same_artist(distances[chosen]), same[chosen])
    assert found.error_debiased < 0.05
    assert found.brier < 0.9 * found.brier_constant


def test_artist_known_separates_known_from_unknown_artists(confidence: Confidence) -> None:
    vectors, artists = clusters(30, 6, 4)
    queries = leave_one_out(vectors, artists, np.arange(0, 180, 2))
    known = np.array([query.artist_in_index for query in queries])
    sure = np.array([confidence.artist_known(query.signals) for query in queries])
    assert roc_auc_score(known, sure) > 0.7
    assert calibration_curve(sure, known).error_debiased < 0.12
    named = sure >= confidence.threshold
    correct = np.array([query.correct for query in queries])
    assert 0.65 < named[correct].mean() < 0.95
    assert named[~known].mean() < named[correct].mean() - 0.2


def test_fit_confidence_gives_even_odds_for_shuffled_artists() -> None:
    vectors, artists = clusters(20, 6, 5)
    artists = np.random.default_rng(0).permutation(artists)
    fitted = fit_confidence([(vectors, artists)])
    assert fitted is not None
    distances, _, _ = pair_distances(vectors, artists)
    assert np.abs(fitted.same_artist(distances) - 0.5).max() < 0.2


def test_confidence_probabilities_lie_between_zero_and_one_at_distance_zero(confidence: Confidence) -> None:
    assert 0.5 < confidence.same_artist(np.array([0.0]))[0] <= 1
    shares = confidence.artist_shares(np.array([0.0, 0.5, 1.0]))
    assert shares.sum() == pytest.approx(1)
    assert 0 <= confidence.artist_known(OpenSetSignals(0.0, 1.0, 0.0)) <= 1


def test_fit_confidence_returns_none_for_too_few_artists() -> None:
    assert fit_confidence([clusters(3, 4, 0)]) is None
    assert fit_confidence([]) is None
    assert fit_confidence([clusters(10, 1, 0)]) is None


def test_leave_one_out_equals_index_built_without_works() -> None:
    vectors, artists = clusters(6, 4, 6)
    mean_distance = mean_distance_between_artists(vectors, artists)
    for query in (0, 9, 23):
        queries = leave_one_out(vectors, artists, np.array([query]))
        for result, left_out in zip(queries, (np.arange(24) == query, artists == artists[query]), strict=True):
            remaining = np.flatnonzero(~left_out)
            local_scales = []
            for work in remaining:
                apart = sorted(
                    np.linalg.norm(vectors[work] - vectors[o]) for o in remaining if artists[o] != artists[work]
                )
                local_scales.append(np.mean(apart[:5]))
            distances = np.linalg.norm(vectors[remaining] - vectors[query], axis=1).astype(np.float32)
            relative = scale_distances(distances, np.array(local_scales, np.float32), mean_distance)
            ranked, adjusted = rank_artists(relative, artists[remaining], np.bincount(artists[remaining], minlength=6))
            np.testing.assert_allclose(result.artist_distances, adjusted, rtol=1e-3)
            rank = np.flatnonzero(ranked == artists[query])
            assert result.true_rank == (int(rank[0]) if len(rank) else None)
            np.testing.assert_allclose(result.nearest_work_distance, distances.min() / mean_distance, rtol=1e-3)
