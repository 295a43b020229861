"""The words for how far an index's answers can be trusted."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from painter_search.analysis.reliability import measure_reliability
from painter_search.display.words.reliability_text import FITTED, measured_on
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
