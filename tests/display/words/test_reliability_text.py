"""The words for how far an index's answers can be trusted."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest

from painter_search.analysis.reliability import measure_reliability
from painter_search.display.words.reliability_text import FITTED, measured_on, provenance, reliability_rows
from painter_search.encoder.trained_artists import TrainedShare
from painter_search.index.painting_index import PaintingIndex


def test_measured_on_says_where_pictures_are_counted_once(small_index: PaintingIndex) -> None:
    reliability = measure_reliability(small_index, min_queries=2)
    assert reliability is not None
    assert "once" not in measured_on(replace(reliability, works=small_index.manifest.works), small_index)
    said = measured_on(replace(reliability, works=9), small_index)
    assert f"(each picture of its {small_index.manifest.works} works once)" in said


def test_measured_on_says_where_probabilities_were_fitted_to_the_very_works(
    small_index: PaintingIndex, calibrated_index: PaintingIndex
) -> None:
    reliability = measure_reliability(small_index, min_queries=2)
    assert reliability is not None
    own = copy(small_index)
    own.manifest = replace(small_index.manifest, encoder_confidence=calibrated_index.confidence)
    said = [measured_on(reliability, index).endswith(FITTED) for index in (small_index, own)]
    assert said == [False, True]


def test_provenance_goes_by_the_artists_where_they_are_known_and_by_the_split_where_not() -> None:
    assert "was not trained on them" in provenance("test", None)
    assert provenance("elsewhere", None) == provenance("folder", None)
    for split in ("test", "all", "folder"):
        assert "trained or validated on 21 of these 41 artists" in provenance(split, TrainedShare(21, 41))
        unlearned = provenance(split, TrainedShare(0, 41))
        assert "neither trained nor validated on any artist of these names" in unlearned
        assert "a surname alone, are not recognised" in unlearned  # Monet in the index, Claude Monet in training


def test_reliability_rows_name_the_share_of_true_names_that_is_measured(
    small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    reliability = measure_reliability(small_index, min_queries=2)
    assert reliability is not None
    names = [name for name, _ in reliability_rows(reliability)]
    assert any(name.startswith("false names at 80 % of true ones, ") for name in names)
    monkeypatch.setattr("painter_search.display.words.reliability_text.TRUE_NAMES_KEPT", 0.7)
    names = [name for name, _ in reliability_rows(reliability)]
    assert any(name.startswith("false names at 70 % of true ones, ") for name in names)
