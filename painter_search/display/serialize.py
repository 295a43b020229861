"""Answers and comparisons as plain values for JSON and as rows for CSV, for commands and server alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from painter_search.attribution.answers import Answer, ArtistMatch
from painter_search.display.words.citation import citation
from painter_search.index.painting_index import PaintingIndex

if TYPE_CHECKING:  # a query need not wait for what compares
    from painter_search.analysis.comparisons.comparison import Comparison


def answers_to_dict(answers: Sequence[Answer], index: PaintingIndex) -> dict[str, Any]:
    """Answers with the citation of the index, the inference engine, what the threshold for naming an artist costs, if
    known, and, for a filtered index, the filter."""
    threshold = {"threshold": index.naming_threshold.to_dict()} if index.naming_threshold else {}
    filtered = {"filter": index.selection.as_json()} if index.selection else {}
    return {
        **citation(index),
        "engine": index.engine,
        **threshold,
        **filtered,
        "answers": [answer.to_dict() for answer in answers],
    }


def answers_to_rows(answers: Sequence[Answer]) -> list[list[str]]:
    """The column names and a row for each painting: the verdict, then the artists, in the order of the answer.

    There are as many artist columns as the longest answer needs.
    """
    top_k = max((len(answer.artists) for answer in answers if answer.answered), default=0)
    fields = ("artist", "probability", "distance", "works")
    ranked = [f"{field}_{rank}" for rank in range(1, top_k + 1) for field in fields]
    rows = [["painting", "verdict", "named", "known", "same_work", "reason", *ranked]]
    for answer in answers:
        if answer.answered:
            same_works = "; ".join(neighbour.work.name for neighbour in answer.same_works)
            verdict = [answer.verdict, str(answer.named).lower(), _format_number(answer.artist_known), same_works]
            artist_cells = [cell for match in answer.artists for cell in _artist_cells(match)]
        else:
            verdict, artist_cells = [""] * 4, []
        padding = [""] * (len(ranked) - len(artist_cells))
        rows.append([answer.painting, *verdict, answer.reason, *artist_cells, *padding])
    return rows


def comparison_to_dict(comparison: Comparison, index: PaintingIndex) -> dict[str, Any]:
    """A comparison with the citation of the index it was made in and the inference engine."""
    return {**citation(index), "engine": index.engine, "comparison": comparison.to_dict()}


def _artist_cells(match: ArtistMatch) -> list[str]:
    return [match.artist, _format_number(match.probability), _format_number(match.distance), str(match.works_in_index)]


def _format_number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
