from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from synthetic_index import clustered

from painter_search.analysis.reliability import measure_reliability
from painter_search.index.works.work_tables import ArtistTable
from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import HeldOutWorks, fit_confidence
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.open_set import OpenSetSignals
from painter_search.metrics.identification.plda import PLDA
from painter_search.metrics.local_scaling import ReferenceWorks, mean_between_artists, scale_distances


@dataclass
class StubIndex:
    """The part of an index that reliability is measured on."""

    stored: np.ndarray
    numbers: np.ndarray
    confidence: Confidence | None
    digest: str = "d"
    fitted_plda: PLDA | None = None
    pictures: np.ndarray | None = None

    @property
    def works(self) -> SimpleNamespace:
        pictures = np.arange(len(self.numbers)) if self.pictures is None else self.pictures
        return SimpleNamespace(
            first_of_each_picture=lambda ids: np.isin(ids - 1, np.unique(pictures, return_index=True)[1])
        )

    @property
    def least_named(self) -> float:
        return 0.0 if self.confidence is None else self.confidence.threshold

    @property
    def artists(self) -> ArtistTable:
        names = [str(number) for number in range(self.numbers.max() + 1)]
        return ArtistTable(np.arange(1, len(self.numbers) + 1), self.numbers, names)

    @property
    def mean_distance(self) -> float:
        return mean_between_artists(distance_matrix(self.stored, self.stored), self.numbers)

    @property
    def manifest(self) -> SimpleNamespace:
        return SimpleNamespace(split="test")

    def embeddings(self, ids: np.ndarray) -> np.ndarray:
        return self.stored[ids - 1]


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    found = fit_confidence([HeldOutWorks(*clustered(20, 6, 1))])
    assert found is not None
    return found


def test_measure_reliability_equals_loop(confidence: Confidence) -> None:
    vectors, artists = clustered(8, 4, 2)
    found = measure_reliability(StubIndex(vectors, artists, confidence))  # type: ignore[arg-type]
    assert found is not None
    assert (found.works, found.artists, found.queries) == (32, 8, 32)
    nearest_own, correct, known, probability, near = [], [], [], [], []
    for query in range(32):
        for left_out in (np.arange(32) == query, artists == artists[query]):
            remaining = np.flatnonzero(~left_out)
            matrix = distance_matrix(vectors[remaining], vectors[remaining])
            mean_distance = mean_between_artists(matrix, artists[remaining])
            distances = np.linalg.norm(vectors[remaining] - vectors[query], axis=1).astype(np.float32)
            scales = ReferenceWorks(vectors[remaining], artists[remaining]).local_scales(
                vectors[remaining], artists[remaining]
            )
            relative = scale_distances(distances, scales, mean_distance)
            ranked, adjusted = rank_artists(relative, artists[remaining], np.bincount(artists[remaining], minlength=8))
            scaled = distances / mean_distance
            signals = OpenSetSignals(float(adjusted[0]), float(scaled.mean()), float(scaled.std()))
            probability.append(confidence.known_by_distances(signals))
            known.append(len(remaining) == 31)
            correct.append(ranked[0] == artists[query])
            near.append(-distances.min())
            if known[-1]:
                nearest_own.append(artists[remaining[distances.argmin()]] == artists[query])
    probability, known, correct, near = (np.array(column) for column in (probability, known, correct, near))
    assert found.recall_1.value == pytest.approx(np.mean(nearest_own))
    assert found.first_artist.value == pytest.approx(correct[known].mean())
    assert found.artist_known is not None
    assert found.artist_known.auroc == pytest.approx(roc_auc_score(known, probability), abs=1e-3)
    assert found.nearest.auroc == pytest.approx(roc_auc_score(known, near), abs=1e-3)
    for score, signal in ((found.artist_known, probability), (found.nearest, near)):
        false_names = np.mean(signal[~known] >= np.quantile(signal[correct], 0.2))
        assert score.false_names == pytest.approx(false_names, abs=1 / 32)
    named = probability >= confidence.threshold
    assert found.true_named == pytest.approx(named[correct].mean(), abs=1 / 32)
    assert found.false_named == pytest.approx(named[~known].mean(), abs=1 / 32)
    assert found.pairs is not None
    assert found.pairs.cases == 2 * 8 * 6
    assert found.pairs.brier_constant == 0.25
    assert found.answers is not None
    assert found.answers.cases == 64
    assert found.answers.brier_constant == pytest.approx(correct.mean() * (1 - correct.mean()))


def test_measure_reliability_of_well_calibrated_index_is_good(confidence: Confidence) -> None:
    found = measure_reliability(StubIndex(*clustered(30, 6, 3), confidence))  # type: ignore[arg-type]
    assert found is not None
    assert found.pairs is not None
    assert found.answers is not None
    assert found.artist_known is not None
    assert found.pairs.error_debiased < 0.08
    assert found.answers.brier < found.answers.brier_constant
    assert found.artist_known.auroc > 0.7


def test_measure_reliability_without_calibration_scores_distances_only() -> None:
    found = measure_reliability(StubIndex(*clustered(10, 5, 4), None))  # type: ignore[arg-type]
    assert found is not None
    assert (found.artist_known, found.pairs, found.answers, found.true_named, found.false_named) == (None,) * 5
    assert 0.5 < found.nearest.auroc <= 1


@pytest.mark.parametrize(("artists", "works"), [(3, 20), (40, 1), (4, 4)])
def test_measure_reliability_returns_none_for_few_artists_or_works(artists: int, works: int) -> None:
    assert measure_reliability(StubIndex(*clustered(artists, works, 5), None)) is None  # type: ignore[arg-type]


def test_measure_reliability_draws_queries(confidence: Confidence) -> None:
    index = StubIndex(*clustered(30, 6, 6), confidence)
    found = measure_reliability(index, max_queries=25)  # type: ignore[arg-type]
    assert found is not None
    assert (found.works, found.artists, found.queries) == (180, 30, 25)
    assert measure_reliability(index, max_queries=25) == found  # type: ignore[arg-type]
    assert measure_reliability(index, seed=1, max_queries=25) != found  # type: ignore[arg-type]


def test_index_reliability_to_dict_has_json_keys_and_frame_row_per_figure(confidence: Confidence) -> None:
    found = measure_reliability(StubIndex(*clustered(8, 4, 2), confidence))  # type: ignore[arg-type]
    assert found is not None
    assert list(found.to_dict()) == [
        "index", "split", "works", "artists", "asked", "asked_artists", "recall_1", "first_artist", "nearest", "known",
        "true_named", "false_named", "pairs", "answers",
    ]  # fmt: skip
    assert found.artist_known is not None
    assert found.to_dict()["known"]["auroc"] == found.artist_known.auroc
    frame = found.to_frame().set_index("figure")
    assert frame.loc["recall_1", "low"] == found.recall_1.low
    assert frame.loc["artist_known_auroc", "value"] == found.artist_known.auroc
    assert "recall_1" in found._repr_html_()


def test_other_files_of_a_picture_are_no_answer_to_it(confidence: Confidence) -> None:
    vectors, artists = clustered(8, 4, 2)
    once = measure_reliability(StubIndex(vectors, artists, confidence))  # type: ignore[arg-type]
    twice = StubIndex(np.tile(vectors, (2, 1)), np.tile(artists, 2), confidence, pictures=np.tile(np.arange(32), 2))
    assert measure_reliability(twice) == once  # type: ignore[arg-type]
