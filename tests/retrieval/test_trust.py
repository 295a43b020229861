from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from painter_search.retrieval import trust as module
from painter_search.retrieval.trust import measure_trust
from painter_search.scores.artists import isolation_among, rank_artists, relative_distances, typical_distance
from painter_search.scores.confidence import Confidence, fit_confidence


def hands(artists: int, works: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Works on the sphere around their artists."""
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(artists), works)
    vectors = rng.normal(size=(artists, 32))[numbers] + 1.1 * rng.normal(size=(len(numbers), 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), numbers


@dataclass
class Stand:
    """As much of an index as is measured."""

    stored: np.ndarray
    numbers: np.ndarray
    confidence: Confidence | None
    digest: str = "d"

    @property
    def artists(self) -> tuple[np.ndarray, np.ndarray, list[str]]:
        names = [str(number) for number in range(self.numbers.max() + 1)]
        return np.arange(1, len(self.numbers) + 1), self.numbers, names

    @property
    def typical(self) -> float:
        return typical_distance(self.stored, self.numbers)

    @property
    def manifest(self) -> dict:
        return {"split": "test"}

    def vectors(self, ids: np.ndarray) -> np.ndarray:
        return self.stored[ids - 1]


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    found = fit_confidence([hands(20, 6, 1)])
    assert found is not None
    return found


def test_the_figures_equal_a_naive_loop(confidence: Confidence) -> None:
    vectors, artists = hands(8, 4, 2)
    found = measure_trust(Stand(vectors, artists, confidence))  # type: ignore[arg-type]
    assert found is not None
    assert (found.works, found.artists, found.asked) == (32, 8, 32)
    typical = typical_distance(vectors, artists)
    nearest_own, right, known, sure, near = [], [], [], [], []
    for query in range(32):
        for gone in (np.arange(32) == query, artists == artists[query]):
            kept = np.flatnonzero(~gone)
            distances = np.linalg.norm(vectors[kept] - vectors[query], axis=1).astype(np.float32)
            isolations = isolation_among(vectors[kept], artists[kept], vectors[kept], artists[kept])
            relative = relative_distances(distances, isolations, typical)
            ranked, adjusted = rank_artists(relative, artists[kept], np.bincount(artists[kept], minlength=8))
            scaled = distances / typical
            sure.append(confidence.in_index(float(adjusted[0]), float(scaled.mean()), float(scaled.std())))
            known.append(len(kept) == 31)
            right.append(ranked[0] == artists[query])
            near.append(-distances.min())
            if known[-1]:
                nearest_own.append(artists[kept[distances.argmin()]] == artists[query])
    sure, known, right, near = (np.array(column) for column in (sure, known, right, near))
    assert found.recall_1.value == pytest.approx(np.mean(nearest_own))
    assert found.first_artist.value == pytest.approx(right[known].mean())
    assert found.known is not None
    assert found.known.auroc == pytest.approx(roc_auc_score(known, sure), abs=1e-3)
    assert found.nearest.auroc == pytest.approx(roc_auc_score(known, near), abs=1e-3)
    for telling, signal in ((found.known, sure), (found.nearest, near)):
        false_names = np.mean(signal[~known] >= np.quantile(signal[right], 0.2))
        assert telling.false_names == pytest.approx(false_names, abs=1 / 32)
    named = sure >= confidence.threshold
    assert found.true_named == pytest.approx(named[right].mean(), abs=1 / 32)
    assert found.false_named == pytest.approx(named[~known].mean(), abs=1 / 32)
    assert found.pairs is not None
    assert found.pairs.cases == 2 * 8 * 6
    assert found.pairs.brier_constant == 0.25
    assert found.answers is not None
    assert found.answers.cases == 64
    assert found.answers.brier_constant == pytest.approx(right.mean() * (1 - right.mean()))


def test_probabilities_that_are_fitted_well_come_out_well(confidence: Confidence) -> None:
    found = measure_trust(Stand(*hands(30, 6, 3), confidence))  # type: ignore[arg-type]
    assert found is not None
    assert found.pairs is not None
    assert found.answers is not None
    assert found.known is not None
    assert found.pairs.error_debiased < 0.08
    assert found.answers.brier < found.answers.brier_constant
    assert found.known.auroc > 0.7


def test_without_calibration_distances_alone_are_measured() -> None:
    found = measure_trust(Stand(*hands(10, 5, 4), None))  # type: ignore[arg-type]
    assert found is not None
    assert (found.known, found.pairs, found.answers, found.true_named, found.false_named) == (None,) * 5
    assert 0.5 < found.nearest.auroc <= 1


@pytest.mark.parametrize(("artists", "works"), [(3, 20), (40, 1), (4, 4)])
def test_of_few_artists_or_works_nothing_is_measured(artists: int, works: int) -> None:
    assert measure_trust(Stand(*hands(artists, works, 5), None)) is None  # type: ignore[arg-type]


def test_of_a_large_index_whole_artists_and_some_queries_are_drawn(
    confidence: Confidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WORKS", 60)
    monkeypatch.setattr(module, "ASKED", 25)
    index = Stand(*hands(30, 6, 6), confidence)
    found = measure_trust(index)  # type: ignore[arg-type]
    assert found is not None
    assert (found.works, found.artists, found.asked) == (60, 10, 25)
    assert measure_trust(index) == found  # type: ignore[arg-type]
    assert measure_trust(index, seed=1) != found  # type: ignore[arg-type]
