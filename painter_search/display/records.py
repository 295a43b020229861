"""Answers as plain values and as tables, for the command line and the server alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from painter_search.retrieval.attribution import Neighbour

if TYPE_CHECKING:
    from painter_search.retrieval.comparison import Comparison
    from painter_search.retrieval.painting_index import PaintingIndex

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula (OWASP, CSV injection)."""


def comparison_record(comparison: Comparison, index: PaintingIndex) -> dict[str, Any]:
    """A comparison, and the index that gave it."""
    return {"index": index.digest, "engine": index.encoder.engine, "comparison": comparison.as_json()}


def comparison_rows(comparison: Comparison) -> list[list[object]]:
    """A row of names, and one for every pair of works, one from either side."""
    from painter_search.retrieval.comparison import PairComparison

    if isinstance(comparison, PairComparison):
        columns = ["one", "other", "distance", "same_artist", "nearer_than_different", "nearer_than_same"]
        found = comparison.as_json()
        return [[*columns], [found[column] for column in columns]]
    rows: list[list[object]] = [["one", "other", "distance", "same_artist"]]
    for a, one in enumerate(comparison.one.paintings):
        for b, other in enumerate(comparison.other.paintings):
            probability = None if comparison.probabilities is None else float(comparison.probabilities[a, b])
            rows.append([one.name, other.name, float(comparison.distances[a, b]), probability])
    return rows


NEIGHBOUR_COLUMNS = ["work", "title", "date", "work distance", "work probability"]


def neighbour_cells(neighbour: Neighbour) -> list[object]:
    """A neighbour in the columns `NEIGHBOUR_COLUMNS`."""
    work = neighbour.work
    return [neighbour.id, work.title or work.file, work.date, neighbour.distance, neighbour.probability]


def table(*rows: Sequence[object]) -> str:
    """Rows as CSV, the names of the columns first.

    Texts that a spreadsheet would take for formulas are set off by an apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for row in rows:
        writer.writerow([f"'{c}" if isinstance(c, str) and c.startswith(FORMULA) else c for c in row])
    return written.getvalue()
