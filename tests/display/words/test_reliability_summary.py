"""What is said of an index's answers rests on enough works, or is told as counts."""

from __future__ import annotations

import pytest

from painter_search.analysis.reliability import IndexReliability, OpenSetScore
from painter_search.display.words.error_rates import error_rates_sentence
from painter_search.display.words.reliability_summary import reliability_sentences
from painter_search.display.words.reliability_text import TOO_FEW, reliability_rows
from painter_search.metrics.bootstrap import Estimate
from painter_search.metrics.calibration_curve import CalibrationCurve


def reliability_of(queries: int, artists: int) -> IndexReliability:
    """Half of the answers are right, all of those named; a quarter of strangers are named."""
    half, open_set = Estimate(0.5, 0.4, 0.6), OpenSetScore(auroc=0.9, false_names=0.25)
    curve = CalibrationCurve([0.1, 0.98], [0.0, 1.0], 2 * queries, 0.1, 0.2, 0.05, 0.05)
    return IndexReliability(
        index="d",
        split="folder",
        works=queries,
        artists=artists,
        queries=queries,
        queried_artists=artists,
        recall_1=half,
        first_artist=half,
        nearest=open_set,
        artist_known=open_set,
        true_named=1.0,
        false_named=0.25,
        pairs=curve,
        answers=curve,
    )


@pytest.mark.parametrize(("queries", "artists"), [(24, 4), (36, 8), (1200, 7)])
def test_few_works_or_artists_are_counted_themselves(queries: int, artists: int) -> None:
    reliability = reliability_of(queries, artists)
    assert reliability_sentences(reliability) == [
        f"Of {queries:,} paintings by artists in this index, {queries // 2:,} were rightly named; the right artist "
        f"came first for {queries // 2:,}, named or not.",
        f"Of {queries:,} paintings by artists not in it, {queries // 4:,} were given a name all the same.",
        TOO_FEW,
    ]
    assert error_rates_sentence(reliability) == ""
    figures = [figure for _, figure in reliability_rows(reliability)]
    assert not any("%" in figure for figure in figures)
    assert f"{queries // 2:,} of {queries:,}" in figures
    assert f"{queries // 2:,} of {queries // 2:,}" in figures


@pytest.mark.parametrize(("queries", "told"), [(40, False), (99, False), (100, True)])
def test_surest_answers_are_told_of_where_twenty_are_among_them(queries: int, told: bool) -> None:
    said = reliability_sentences(reliability_of(queries, 8))
    assert said[:2] == [
        "Of 100 paintings by artists in this index, 50 were rightly named; the right artist came first for 50, "
        "named or not.",
        "Of 100 paintings by artists not in it, 25 were given a name all the same.",
    ]
    assert said[2:] == ["Where answers were surest (about 98 %), 100 of 100 were right."] * told
    assert ("own artist ranked first", "50.0 % [40.0, 60.0]") in reliability_rows(reliability_of(queries, 8))
