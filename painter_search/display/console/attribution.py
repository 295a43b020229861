"""The answers of `query` as tables, JSON or CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from painter_search.attribution.answers import Answer, Attribution, format_probability, same_picture_sentence
from painter_search.common.files.csv_io import rows_to_csv
from painter_search.display.console.tables import new_table, output_width, print_csv, print_json, show
from painter_search.display.serialize import answers_to_dict, answers_to_rows
from painter_search.display.words.citation import UNCALIBRATED
from painter_search.display.words.naming_costs import naming_costs
from painter_search.display.words.shares import premise
from painter_search.index.painting_index import PaintingIndex

NARROW = 100
"""Columns of a terminal below which the table leaves out distances and the probabilities of pairs."""
OutputFormat = Literal["text", "json", "csv"]


def show_answers(
    answers: Sequence[Answer],
    index: PaintingIndex,
    *,
    output_format: OutputFormat = "text",
    page: Path | None = None,
) -> None:
    """Print answers; as text with the path of the page that they were also written to."""
    if output_format == "json":
        print_json(answers_to_dict(answers, index))
    elif output_format == "csv":
        print_csv(rows_to_csv(*answers_to_rows(answers)))
    else:
        _show_tables(answers, index, page)


def _show_tables(answers: Sequence[Answer], index: PaintingIndex, page: Path | None) -> None:
    if index.selection:
        show(f"Compared with {index.selection}.")
    for answer in answers:
        if not answer.answered:
            show(f"{answer.painting}: {answer.reason}")
            continue
        if answer.crop is not None:
            show(f"{answer.painting}: {answer.crop.sentence}.")
        for match in answer.same_works:
            show(f"{answer.painting}: {same_picture_sentence(match)}.")
        _show_table(answer, calibrated=index.confidence is not None)
    answered = any(answer.answered for answer in answers)
    if index.confidence is None:
        show(UNCALIBRATED)
    elif answered:
        pairs = '; "as a pair", that half of the pairs are by one artist' if output_width() >= NARROW else ""
        show(f"{premise(filtered=index.selection is not None)}{pairs}.")
    if (costs := naming_costs(index)) and answered:
        show(costs)
    if page:
        show(f"Open {page}")


def _show_table(answer: Attribution, *, calibrated: bool) -> None:
    """Print a row for every work, grouped by artist; with `calibrated`, with the probabilities of artists and pairs."""
    wide = output_width() >= NARROW
    distance, pair = ("distance",) * wide, ("as a pair",) * (wide and calibrated)
    columns = ("artist", *("probability",) * calibrated, "works", *distance, "nearest works", *distance, *pair)
    without = ", that picture left out" if answer.same_works else ""
    table = new_table(f"{answer.painting}{without}: {answer.style}", "", *columns)
    for column in table.columns:
        column.no_wrap = column.justify == "right"
    for rank, match in enumerate(answer.artists, start=1):
        probability = () if match.probability is None else (format_probability(match.probability),)
        figures = (*probability, f"{match.works_in_index:,}", *(f"{match.distance:.3f}",) * wide)
        artist_cells = (str(rank), match.artist, *figures)
        for number, neighbour in enumerate(match.works):
            likeness = () if neighbour.probability is None else (format_probability(neighbour.probability),)
            table.add_row(
                *(artist_cells if number == 0 else [""] * len(artist_cells)),
                ", ".join(filter(None, (neighbour.work.caption, neighbour.work.date))),
                *(f"{neighbour.distance:.3f}", *likeness) * wide,
            )
    show(table)
