"""Whom each painting is nearest to in style: in tables for people, as JSON or CSV for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from painter_search.display.citation import UNCALIBRATED, citation
from painter_search.display.tables import caption, new_table, print_json, show

if TYPE_CHECKING:
    from painter_search.retrieval.attribution import Answer, ArtistMatch, Attribution
    from painter_search.retrieval.painting_index import PaintingIndex

Form = Literal["text", "json", "csv"]


def show_answers(
    answers: Sequence[Answer], index: PaintingIndex, form: Form = "text", page: Path | None = None
) -> None:
    """Print the answers; for people with the page that they were written to."""
    if form == "json":
        print_json(answers_record(answers, index))
    elif form == "csv":
        from painter_search.display.records import table

        sys.stdout.write(table(*answer_rows(answers)))
    else:
        _show_tables(answers, index, page)


def answers_record(answers: Sequence[Answer], index: PaintingIndex) -> dict[str, Any]:
    """Answers as plain values, with what they rest on."""
    narrowed = {"filter": index.selection.as_json()} if index.selection else {}
    found = [answer.as_json() for answer in answers]
    return {**citation(index), "engine": index.encoder.engine, **narrowed, "answers": found}


def answer_rows(answers: Sequence[Answer]) -> list[list[str]]:
    """A row of names, and one for each painting: the verdict, then the artists, nearest first, as many columns as any
    answer needs."""
    from painter_search.retrieval.attribution import Attribution

    answered = [answer for answer in answers if isinstance(answer, Attribution)]
    top = max((len(answer.artists) for answer in answered), default=0)
    ranked = [f"{name}_{rank}" for rank in range(1, top + 1) for name in ("artist", "probability", "distance", "works")]
    rows = [["painting", "verdict", "named", "known", "same_work", "reason", *ranked]]
    for answer in answers:
        if isinstance(answer, Attribution):
            same = "; ".join(neighbour.work.name for neighbour in answer.same_works)
            cells = [cell for match in answer.artists for cell in _cells(match)]
            verdict = [answer.verdict, str(answer.named).lower(), _figure(answer.known), same, ""]
        else:
            cells, verdict = [], ["", "", "", "", answer.reason]
        rows.append([answer.painting, *verdict, *cells, *[""] * (len(ranked) - len(cells))])
    return rows


def _cells(match: ArtistMatch) -> list[str]:
    return [match.artist, _figure(match.probability), _figure(match.distance), str(match.works_in_index)]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _show_tables(answers: Sequence[Answer], index: PaintingIndex, page: Path | None) -> None:
    from painter_search.retrieval.attribution import Attribution

    if index.selection:
        show(f"Compared with {index.selection}.")
    for answer in answers:
        if not isinstance(answer, Attribution):
            show(f"{answer.painting}: {answer.reason}")
            continue
        for match in answer.same_works:
            work = match.work
            show(f"{answer.painting}: this very work is in the index: {caption(work)} by {work.artist}.")
        _show_table(answer, index.confidence is not None)
    if index.confidence is None:
        show(UNCALIBRATED)
    if page:
        show(f"Look at {page}")


def _show_table(answer: Attribution, calibrated: bool) -> None:
    """The verdict, and under it the artists; with `calibrated`, how probable each is, and each work as a pair."""
    from painter_search.retrieval.attribution import about

    sure = ("probability",) if calibrated else ()
    pairs = ("as a pair",) if calibrated else ()
    columns = ("", "artist", *sure, "works", "distance", "nearest works", "distance", *pairs)
    table = new_table(f"{answer.painting}: {answer.verdict}", *columns)
    for rank, match in enumerate(answer.artists, start=1):
        known = () if match.probability is None else (about(match.probability),)
        leading = (str(rank), match.artist, *known, f"{match.works_in_index:,}", f"{match.distance:.3f}")
        for place, neighbour in enumerate(match.works):
            pair = () if neighbour.probability is None else (about(neighbour.probability),)
            table.add_row(
                *(leading if place == 0 else [""] * len(leading)),
                ", ".join(filter(None, (caption(neighbour.work), neighbour.work.date))),
                f"{neighbour.distance:.3f}",
                *pair,
            )
    show(table)
