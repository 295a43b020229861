"""Answers as plain values: the same objects on the command line with --json, and from the server under /api."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from painter_search.retrieval.attribution import Answer, Attribution, Neighbour

if TYPE_CHECKING:
    from painter_search.retrieval.comparison import Comparison
    from painter_search.retrieval.painting_index import PaintingIndex

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula (OWASP, CSV injection)."""


def answers_record(answers: Sequence[Answer], index: PaintingIndex) -> dict[str, Any]:
    """Answers, the index that gave them, and what it was narrowed to."""
    narrowed = {"filter": index.selection.as_json()} if index.selection else {}
    found = [answer.as_json() for answer in answers]
    return {"index": index.digest, "engine": index.encoder.engine, **narrowed, "answers": found}


def comparison_record(comparison: Comparison, index: PaintingIndex) -> dict[str, Any]:
    """A comparison, and the index that gave it."""
    return {"index": index.digest, "engine": index.encoder.engine, "comparison": comparison.as_json()}


def answers_table(answers: Sequence[Answer]) -> str:
    """Answers as CSV: a row for each work that speaks for an artist, and for each painting that is not answered."""
    rows: list[list[object]] = []
    for answer in answers:
        if not isinstance(answer, Attribution):
            rows.append([answer.painting, "", "", "", "", "", "", "", "", "", "", answer.reason])
            continue
        for rank, match in enumerate(answer.artists, start=1):
            leading = [answer.painting, rank, match.artist, match.probability, match.distance, match.works_in_index]
            rows += [[*leading, *neighbour_cells(neighbour), ""] for neighbour in match.works]
    return table(
        ["painting", "rank", "artist", "probability", "distance", "works in index", *NEIGHBOUR_COLUMNS, "not answered"],
        rows,
    )


NEIGHBOUR_COLUMNS = ["work", "title", "date", "work distance", "work probability"]


def neighbour_cells(neighbour: Neighbour) -> list[object]:
    """A neighbour in the columns `NEIGHBOUR_COLUMNS`."""
    work = neighbour.work
    return [neighbour.id, work.title or work.file, work.date, neighbour.distance, neighbour.probability]


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; texts that a spreadsheet would take for formulas are set off by an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{c}" if isinstance(c, str) and c.startswith(FORMULA) else c for c in row])
    return written.getvalue()
