"""How far an index's answers can be trusted, in a few plain sentences, and as charts."""

from __future__ import annotations

from markupsafe import Markup

from painter_search.analysis.reliability import TRUE_NAMES_KEPT, IndexReliability
from painter_search.display.charts import Axis, Line, line_chart
from painter_search.display.words.reliability_text import TOO_FEW
from painter_search.metrics.calibration_curve import BINS, CalibrationCurve

LEAST_SUREST = 20
"""Of fewer surest answers it is not told how many were right: all of 20 can still be 84 of 100 (Wilson, 1927)."""


def reliability_sentences(reliability: IndexReliability) -> list[str]:
    """Sentences for readers without statistics: how many of 100 paintings, or of those queried where these are few."""
    paintings = 100 if reliability.enough else reliability.queries
    first = paintings * reliability.first_artist.value
    sentences = []
    if reliability.true_named is None or reliability.false_named is None:
        strangers = paintings * reliability.nearest.false_names
        sentences.append(
            f"Of {paintings:,} paintings by artists in this index, the right artist came first for {first:,.0f}."
        )
        sentences.append(
            f"If names were given so that {100 * TRUE_NAMES_KEPT:.0f} of 100 right ones were kept, {strangers:,.0f} of "
            f"{paintings:,} paintings by artists not in it would be given a name all the same."
        )
    else:
        named = first * reliability.true_named
        sentences.append(
            f"Of {paintings:,} paintings by artists in this index, {named:,.0f} were rightly named; the right artist "
            f"came first for {first:,.0f}, named or not."
        )
        strangers = paintings * reliability.false_named
        sentences.append(
            f"Of {paintings:,} paintings by artists not in it, {strangers:,.0f} were given a name all the same."
        )
    if not reliability.enough:
        sentences.append(TOO_FEW)
    elif reliability.answers is not None and reliability.answers.cases >= BINS * LEAST_SUREST:
        sentences.append(_calibration_sentence(reliability.answers))
    return sentences


def reliability_charts(reliability: IndexReliability) -> list[Markup]:
    """Predicted probabilities against observed shares; none without calibration."""
    return [
        _calibration_chart(f"{event} ({curve.cases:,} {cases})", curve)
        for curve, event, cases in (
            (reliability.answers, "The artist ranked first is the right one", "answers"),
            (reliability.pairs, "One artist painted both works of a pair", "pairs"),
        )
        if curve is not None
    ]


def _calibration_sentence(curve: CalibrationCurve) -> str:
    """What a high probability is worth: the upmost bin of the calibration."""
    said, true = curve.predicted[-1], curve.observed[-1]
    return f"Where answers were surest (about {100 * said:.0f} %), {100 * true:.0f} of 100 were right."


def _calibration_chart(title: str, curve: CalibrationCurve) -> Markup:
    points = list(zip(curve.predicted, curve.observed, strict=True))
    lines = [Line("as often as said", [(0, 0), (1, 1)], "guide"), Line("observed, by tenths of the cases", points)]
    return line_chart(title, lines, Axis("said, %", 0, 1, percent=True), Axis("came true, %", 0, 1, percent=True))
