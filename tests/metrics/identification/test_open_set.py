import numpy as np
import pytest
from log_likelihood_cost import cllr

from painter_search.metrics.calibration_curve import calibration_curve
from painter_search.metrics.identification.open_set import (
    Evidence,
    artist_known,
    artist_shares,
    fit_identification,
)


def test_shares_are_a_softmax_of_weighted_evidence() -> None:
    evidence = Evidence(np.array([2.0, -1.0, 0.0]), np.array([0.5, 1.0, 1.0]), 3)
    odds = np.exp(0.7 * evidence.log_ratios - 1.5 * np.log(evidence.distances))
    np.testing.assert_allclose(artist_shares((0.7, 1.5), evidence), odds / odds.sum())


def test_artist_known_rests_on_the_likeliest_artist_and_their_number() -> None:
    evidence = Evidence(np.array([-3.0, 4.0, 1.0]), np.ones(3), 300)
    expected = 1 / (1 + np.exp(-(0.2 + 0.5 * 4 - 0.7 * np.log(300))))
    assert artist_known((0.2, 0.5, -0.7), evidence) == pytest.approx(expected)


def test_probabilities_are_finite_at_extremes_and_for_one_artist() -> None:
    for ratio in (-1e6, 1e6):
        for evidence in (
            Evidence(np.array([ratio, 0.0]), np.array([0.0, 5.0]), 2),
            Evidence(np.array([ratio]), np.array([0.0]), 2),
        ):
            assert artist_shares((1.0, 1.0), evidence).sum() == pytest.approx(1)
            assert 0 <= artist_known((0.0, 1.0, -1.0), evidence) <= 1


def simulated(rng: np.random.Generator, artists: int, queries: int) -> list[tuple[Evidence, int | None]]:
    """Queries whose ratios are true log likelihood ratios of N(2, 1) against N(0, 1), and whose distances are noise."""
    index: list[tuple[Evidence, int | None]] = []
    for number in range(queries):
        truth = int(rng.integers(artists)) if number % 2 else None
        signal = rng.normal(size=artists) + (0 if truth is None else 2.0 * (np.arange(artists) == truth))
        index.append((Evidence(2 * signal - 2, np.exp(rng.normal(size=artists) / 5), artists), truth))
    return index


def test_fitted_weights_are_those_of_true_likelihood_ratios() -> None:
    rng = np.random.default_rng(0)
    indexes = [simulated(rng, size, 600) for size in (5, 12, 30)]
    shares, known = fit_identification(indexes)
    assert shares[0] == pytest.approx(1, abs=0.12)
    assert shares[1] == pytest.approx(0, abs=0.3)
    queries = [query for index in (simulated(rng, size, 600) for size in (8, 20)) for query in index]
    chances = np.array([artist_known(known, evidence) for evidence, _ in queries])
    truths = np.array([truth is not None for _, truth in queries])
    assert calibration_curve(chances, truths).error_debiased < 0.06
    assert cllr(chances, truths) < 0.9


def test_cllr_equals_definition() -> None:
    odds = np.array([9.0, 3.0, 0.5, 0.1])
    outcomes = np.array([True, True, False, False])
    expected = (np.mean(np.log2(1 + 1 / odds[:2])) + np.mean(np.log2(1 + odds[2:]))) / 2
    assert cllr(odds / (1 + odds), outcomes) == pytest.approx(expected)
    assert cllr(np.full(4, 0.5), outcomes) == 1
