from dataclasses import replace

import numpy as np
import pytest
from log_likelihood_cost import cllr
from sklearn.metrics import roc_auc_score
from synthetic_index import clustered

from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.calibration_curve import calibration_curve
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import (
    GROUP_WORKS,
    HeldOutWorks,
    can_fit_to_index,
    fit_confidence,
    fit_to_index,
    pair_distances,
)
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.open_set import OpenSetSignals
from painter_search.metrics.identification.plda import PLDA, fit_plda
from painter_search.metrics.leave_one_out import leave_one_out
from painter_search.metrics.local_scaling import mean_between_artists, scale_distances


def clusters(artists: int, works: int, seed: int, spread: float = 1.1) -> HeldOutWorks:
    """Works on the unit sphere, scattered around their artists."""
    return HeldOutWorks(*clustered(artists, works, seed, spread))


def moved_to(confidence: Confidence, index: HeldOutWorks, plda: PLDA) -> Confidence:
    """A calibration moved to an index, as far as that has enough works."""
    if not can_fit_to_index(confidence, index.artists):
        return confidence
    answerable = np.flatnonzero(np.bincount(index.artists)[index.artists] > 1)
    rows = np.sort(np.random.default_rng(0).permutation(answerable)[:150])
    queries = leave_one_out(index.embeddings, index.artists, rows, plda)
    return fit_to_index(confidence, queries, index.artists[rows], (index.embeddings, index.artists))


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    fitted = fit_confidence([clusters(20, 6, 1), clusters(12, 6, 2)])
    assert fitted is not None
    return fitted


def test_same_artist_is_calibrated_on_other_artists(confidence: Confidence) -> None:
    distances, same, _ = pair_distances(*clusters(30, 6, 3)[:2])
    drawn = np.random.default_rng(0).choice(np.flatnonzero(~same), same.sum(), replace=False)
    chosen = np.concatenate([np.flatnonzero(same), drawn])
    found = calibration_curve(confidence.same_artist(distances[chosen]), same[chosen])
    assert found.error_debiased < 0.05
    assert found.brier < 0.9 * found.brier_constant


def test_artist_known_separates_known_from_unknown_artists(confidence: Confidence) -> None:
    vectors, artists, _ = clusters(30, 6, 4)
    queries = leave_one_out(vectors, artists, np.arange(0, 180, 2))
    known = np.array([query.artist_in_index for query in queries])
    sure = np.array([confidence.known_by_distances(query.signals) for query in queries])
    assert roc_auc_score(known, sure) > 0.7
    assert calibration_curve(sure, known).error_debiased < 0.12
    named = sure >= confidence.threshold
    correct = np.array([query.true_rank == 0 for query in queries])
    assert 0.4 < named[correct].mean() < 0.98
    assert named[~known].mean() < named[correct].mean() - 0.2


def test_fit_confidence_gives_even_odds_for_shuffled_artists() -> None:
    vectors, artists, _ = clusters(20, 6, 5)
    artists = np.random.default_rng(0).permutation(artists)
    fitted = fit_confidence([HeldOutWorks(vectors, artists)])
    assert fitted is not None
    distances, _, _ = pair_distances(vectors, artists)
    assert np.abs(fitted.same_artist(distances) - 0.5).max() < 0.2


def test_confidence_probabilities_lie_between_zero_and_one_at_distance_zero(confidence: Confidence) -> None:
    assert 0.5 < confidence.same_artist(np.array([0.0]))[0] <= 1
    shares = confidence.shares_by_distances(np.array([0.0, 0.5, 1.0]))
    assert shares.sum() == pytest.approx(1)
    assert 0 <= confidence.known_by_distances(OpenSetSignals(0.0, 1.0, 0.0)) <= 1


def test_fit_confidence_returns_none_for_too_few_artists() -> None:
    assert fit_confidence([clusters(3, 4, 0)]) is None
    assert fit_confidence([]) is None
    assert fit_confidence([clusters(10, 1, 0)]) is None


def test_leave_one_out_equals_index_built_without_works() -> None:
    vectors, artists, _ = clusters(6, 4, 6)
    for query in (0, 9, 23):
        queries = leave_one_out(vectors, artists, np.array([query]))
        for result, left_out in zip(queries, (np.arange(24) == query, artists == artists[query]), strict=True):
            remaining = np.flatnonzero(~left_out)
            matrix = distance_matrix(vectors[remaining], vectors[remaining])
            mean_distance = mean_between_artists(matrix, artists[remaining])
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


def test_confidence_with_plda_is_calibrated_and_better_than_with_distances_alone(confidence: Confidence) -> None:
    taught, measured = clusters(60, 6, 6), clusters(40, 6, 7)
    plda = fit_plda([taught[:2]])
    fitted = fit_confidence([clusters(30, 6, 8)._replace(plda=plda), clusters(30, 6, 9)._replace(plda=plda)])
    assert fitted is not None
    assert fitted.share_weights is not None
    assert min(fitted.share_weights) > 0
    queries = leave_one_out(measured.embeddings, measured.artists, np.arange(0, 240, 2), plda)
    known = np.array([query.artist_in_index for query in queries])
    answers = [fitted.answer(query) for query in queries]
    correct = np.array([answer.first == query.true_rank for answer, query in zip(answers, queries, strict=True)])
    assert calibration_curve(np.array([answer.probability for answer in answers]), correct).error_debiased < 0.1
    artist_known = np.array([answer.artist_known for answer in answers])
    by_distance = [confidence.known_by_distances(query.signals) for query in queries]
    assert roc_auc_score(known, artist_known) > roc_auc_score(known, by_distance)
    assert correct[known].mean() >= np.mean([query.true_rank == 0 for query in queries if query.artist_in_index])
    assert cllr(artist_known, known) < 1


def test_naming_threshold_costs_what_it_says(confidence: Confidence) -> None:
    measured = clusters(40, 6, 10)
    queries = leave_one_out(measured.embeddings, measured.artists, np.arange(0, 240, 2))
    strangers = np.array(
        [confidence.known_by_distances(query.signals) for query in queries if not query.artist_in_index]
    )
    right = np.array([confidence.known_by_distances(query.signals) for query in queries if query.true_rank == 0])
    for false_names in (0.1, 0.3):
        threshold = confidence.naming_threshold(false_names)
        assert threshold is not None
        assert threshold.false_names == pytest.approx(false_names, abs=0.02)
        assert np.mean(strangers >= threshold.probability) == pytest.approx(false_names, abs=0.12)
        assert np.mean(right >= threshold.probability) == pytest.approx(threshold.true_names, abs=0.12)
    default = confidence.naming_threshold()
    assert default is not None
    assert default.probability == confidence.threshold


def test_calibration_moved_to_an_index_knows_what_its_threshold_costs_there() -> None:
    plda = fit_plda([clusters(60, 6, 6)[:2]])
    assert plda is not None
    shipped = fit_confidence([clusters(30, 6, 8)._replace(plda=plda)])
    assert shipped is not None
    index, others = clusters(30, 6, 11, spread=2.2), clusters(30, 6, 12, spread=2.2)
    moved = moved_to(shipped, index, plda)
    queries = leave_one_out(others.embeddings, others.artists, np.arange(0, 180, 2), plda)

    def false_names_off(confidence: Confidence) -> float:
        threshold = confidence.naming_threshold(0.25)
        assert threshold is not None
        strangers = [confidence.answer(query).artist_known for query in queries if not query.artist_in_index]
        return float(abs(np.mean(np.array(strangers) >= threshold.probability) - 0.25))

    assert false_names_off(moved) < min(0.1, false_names_off(shipped))
    assert moved.share_weights == shipped.share_weights


@pytest.mark.parametrize(("artists", "works"), [(7, 8), (12, 3)])
def test_small_index_keeps_the_calibration_of_its_encoder(artists: int, works: int) -> None:
    plda = fit_plda([clusters(60, 6, 6)[:2]])
    assert plda is not None
    shipped = fit_confidence([clusters(12, 4, 8)._replace(plda=plda)])
    assert shipped is not None
    small = clusters(artists, works, 13)
    assert moved_to(shipped, small, plda) == shipped


@pytest.mark.parametrize(("works", "artists", "told"), [(40, 8, True), (39, 8, False), (400, 7, False)])
@pytest.mark.parametrize("recorded", [True, False])
def test_costs_measured_on_too_few_works_are_not_told(
    confidence: Confidence, works: int, artists: int, told: bool, recorded: bool
) -> None:
    if recorded:
        few = replace(confidence, measured_works=works, measured_artists=artists)
    else:  # as an earlier version stored it
        few = replace(confidence, works=works, artists=artists, measured_works=0, measured_artists=0)
    threshold = few.naming_threshold()
    assert (threshold is not None) == told
    if threshold is not None:
        assert (threshold.works, threshold.artists) == (works, artists)


def test_number_of_artists_does_not_give_strangers_away() -> None:
    """The index has 15 artists, hard to tell apart; a work whose artist is left out meets 14."""
    hard = clusters(15, 8, 8, spread=1.8)
    plda = fit_plda([clusters(60, 6, 6)[:2]])
    assert plda is not None
    fitted = fit_confidence([hard._replace(plda=plda)])
    assert fitted is not None
    for calibration in (fitted, moved_to(fitted, hard, plda)):
        threshold = calibration.naming_threshold()
        assert threshold is not None
        assert threshold.true_names - threshold.false_names < 0.8


def test_costs_are_measured_on_each_work_once(confidence: Confidence) -> None:
    handful = fit_confidence([clusters(5, 4, 8)])
    assert handful is not None
    assert (handful.measured_works, handful.measured_artists) == (20, 5)
    assert handful.naming_threshold() is None
    assert 0 < handful.threshold < 1
    assert confidence.measured_works <= confidence.works
    assert confidence.measured_artists <= confidence.artists


def test_confidence_of_earlier_version_has_no_costs(confidence: Confidence) -> None:
    earlier = replace(confidence, strangers=(), right=())
    assert earlier.naming_threshold() is None
    assert earlier.naming_threshold(0.1) is None


def test_large_groups_are_calibrated_on_some_of_their_works() -> None:
    fitted = fit_confidence([clusters(400, 20, 8)])
    assert fitted is not None
    assert GROUP_WORKS <= fitted.works < GROUP_WORKS + 20
    assert fitted.artists == fitted.works // 20


def test_handful_of_right_answers_moves_no_threshold() -> None:
    """Works that tell nothing of their artists, so that chance alone puts some artists first."""
    plda = fit_plda([clusters(60, 6, 6)[:2]])
    assert plda is not None
    shipped = fit_confidence([clusters(30, 6, 8)._replace(plda=plda)])
    assert shipped is not None
    hopeless = clusters(60, 3, 14, spread=50)
    moved = moved_to(shipped, hopeless, plda)
    assert moved.known_weights != shipped.known_weights
    assert (moved.threshold, moved.right) == (shipped.threshold, ())
