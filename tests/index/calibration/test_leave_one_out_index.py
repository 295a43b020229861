"""Indexes asked about their own works: ranked among all works, as if the index had neither them nor their copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic_index import clustered, synthetic_index

from painter_search.analysis.reliability import measure_reliability
from painter_search.index.calibration import leave_one_out_index, recalibration
from painter_search.index.calibration.leave_one_out_index import LeaveOneOutIndex
from painter_search.index.calibration.recalibration import recalibrate
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store import faiss_plan
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import HeldOutWorks, fit_confidence
from painter_search.metrics.identification.plda import PLDA, fit_plda
from painter_search.metrics.leave_one_out import LeaveOneOutQuery, leave_one_out

ARTISTS, WORKS = 150, 6


@pytest.fixture(scope="module")
def plda() -> PLDA:
    found = fit_plda([clustered(200, 6, 1)])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def confidence(plda: PLDA) -> Confidence:
    found = fit_confidence([HeldOutWorks(*clustered(60, 6, 2), plda)])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, confidence: Confidence, plda: PLDA) -> PaintingIndex:
    """900 works that are easy to name among a few artists, and hard among all 150."""
    folder = tmp_path_factory.mktemp("own") / "index"
    return synthetic_index(folder, *clustered(ARTISTS, WORKS, 3), confidence, plda)


def ask(index: PaintingIndex, rows: np.ndarray) -> list[LeaveOneOutQuery]:
    works = LeaveOneOutIndex(index, 100, np.random.default_rng(0))
    assert not works.few
    return works.query(rows)


def test_works_of_many_are_ranked_as_by_an_index_without_them(
    index: PaintingIndex, plda: PLDA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave_one_out_index, "NEAR_WORKS", ARTISTS * WORKS)
    monkeypatch.setattr(leave_one_out_index, "BLOCK", 7)
    rows = np.arange(0, ARTISTS * WORKS, 30)
    expected = leave_one_out(*clustered(ARTISTS, WORKS, 3), rows, plda)
    for found, exact in zip(ask(index, rows), expected, strict=True):
        assert found.true_rank == exact.true_rank
        assert found.artists == exact.artists
        assert found.nearest_is_by_artist == exact.nearest_is_by_artist
        np.testing.assert_allclose(found.artist_distances, exact.artist_distances, rtol=0.005)
        assert found.nearest_work_distance == pytest.approx(exact.nearest_work_distance, rel=0.01)
        assert found.log_ratios is not None
        assert exact.log_ratios is not None
        np.testing.assert_allclose(found.log_ratios, exact.log_ratios, atol=0.1 * exact.log_ratios.std())


def test_farther_works_seldom_decide(index: PaintingIndex, plda: PLDA) -> None:
    rows = np.arange(0, ARTISTS * WORKS, 9)
    expected = leave_one_out(*clustered(ARTISTS, WORKS, 3), rows, plda)
    same = [found.true_rank == exact.true_rank for found, exact in zip(ask(index, rows), expected, strict=True)]
    assert np.mean(same) > 0.95


def test_approximate_index_is_asked_as_it_answers(
    index: PaintingIndex, tmp_path: Path, confidence: Confidence, plda: PLDA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave_one_out_index, "MAX_CANDIDATES", 200)
    monkeypatch.setattr(leave_one_out_index, "MAX_FOUND", 250)
    vectors, numbers = clustered(ARTISTS, WORKS, 3)
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 100)
    approximate = synthetic_index(tmp_path / "index", vectors, numbers, confidence, plda)
    assert not approximate.exact
    rows = np.arange(0, ARTISTS * WORKS, 9)
    pairs = list(zip(ask(approximate, rows), ask(index, rows), strict=True))
    assert all(len(found.artist_distances) < ARTISTS for found, _ in pairs)
    assert [found.artist_in_index for found, _ in pairs] == [True, False] * len(rows)
    assert np.mean([found.true_rank == exact.true_rank for found, exact in pairs]) > 0.8
    monkeypatch.setattr(leave_one_out_index, "MAX_CANDIDATES", 8)
    pairs = list(zip(ask(approximate, rows), ask(index, rows), strict=True))
    assert [found.artist_in_index for found, _ in pairs] == [True, False] * len(rows)
    beyond = [found for found, _ in pairs if found.true_rank == len(found.artist_distances)]
    assert beyond
    assert not any(found.nearest_is_by_artist for found in beyond)


def test_copies_are_no_answer_whoever_they_are_by(tmp_path: Path) -> None:
    """Every picture is there twice: of the first artists by the same one, of the others by the next artist."""
    vectors, numbers = clustered(40, 4, 4)
    others = np.where(numbers < 20, numbers, (numbers + 1) % 40)
    pictures = np.tile(np.arange(len(numbers)), 2)
    index = synthetic_index(tmp_path / "i", np.tile(vectors, (2, 1)), np.append(numbers, others), pictures=pictures)
    rows = np.arange(0, len(numbers), 4)
    assert min(found.nearest_work_distance for found in ask(index, rows)) > 0.1
    alone = np.append(np.arange(40), np.arange(39))  # of 40 works 39 have a copy, by the same artist
    index = synthetic_index(tmp_path / "a", vectors[:79], alone, pictures=alone)
    works = LeaveOneOutIndex(index, 10, np.random.default_rng(0))
    assert len(works.answerable) == 78
    assert not len(works.draw(50, np.random.default_rng(0)))


def test_reliability_of_many_works_is_not_that_of_a_few_artists(index: PaintingIndex) -> None:
    exact, many = measure_reliability(index), measure_reliability(index, max_works=100)
    assert exact is not None
    assert many is not None
    assert (many.works, many.artists, many.queries) == (900, 150, leave_one_out_index.MANY_QUERIES)
    assert many.first_artist.value == pytest.approx(exact.first_artist.value, abs=0.06)
    assert many.recall_1.value == pytest.approx(exact.recall_1.value, abs=0.06)
    assert many.false_named == pytest.approx(exact.false_named, abs=0.08)
    assert many.nearest.auroc == pytest.approx(exact.nearest.auroc, abs=0.06)


def test_calibration_of_many_works_is_not_that_of_a_few_artists(
    index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for most in (100, 1000):
        monkeypatch.setattr(recalibration, "SAMPLED_WORKS", most)
        moved = recalibrate(index.manifest, index.folder).confidence
        assert moved is not None
        assert moved.naming_threshold() is not None
        found.append(moved)
    many, exact = found
    assert many.known_weights == pytest.approx(exact.known_weights, abs=0.3)
    threshold, expected = many.naming_threshold(0.2), exact.naming_threshold(0.2)
    assert threshold is not None
    assert expected is not None
    assert threshold.probability == pytest.approx(expected.probability, abs=0.06)
    assert threshold.true_names == pytest.approx(expected.true_names, abs=0.15)


@pytest.mark.parametrize("copies", [False, True])
def test_a_sample_with_too_few_works_by_one_artist_keeps_the_encoders_calibration(
    copies: bool, tmp_path: Path, confidence: Confidence, plda: PLDA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly all artists have one work, or one picture twice."""
    monkeypatch.setattr(recalibration, "SAMPLED_WORKS", 60)
    vectors, numbers = clustered(408, 6, 5)
    kept = (np.arange(len(numbers)) % 6 < (2 if copies else 1)) | (numbers >= (408 if copies else 400))
    pictures = numbers[kept] if copies else None
    index = synthetic_index(tmp_path / "i", vectors[kept], numbers[kept], confidence, plda, pictures=pictures)
    assert recalibrate(index.manifest, index.folder) == index.manifest
