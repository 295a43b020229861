"""The page of answers that `query --page` writes and the server shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from painter_search.attribution.answers import Answer
from painter_search.common.atomic_io import write_bytes
from painter_search.common.progress import track
from painter_search.display.citation import UNCALIBRATED, citation_line
from painter_search.display.pages.answer_view import AnswerView, view_answer
from painter_search.display.pages.page import ServedPage, open_template
from painter_search.index.painting_index import PaintingIndex

PROGRESS_FROM = 4
"""Answers from which on writing the page takes more than a second or two and shows its progress."""


def write_query_page(path: Path, answers: Sequence[Answer], index: PaintingIndex) -> None:
    """Write a page of the queries next to their nearest works, uncropped and captioned."""
    numbered = enumerate(answers, start=1)
    tracked = track(numbered, "Page", total=len(answers)) if len(answers) >= PROGRESS_FROM else numbered
    page = query_page([view_answer(answer, index, number) for number, answer in tracked], index)
    write_bytes(path, page.encode("utf-8", "replace"))


def query_page(views: Sequence[AnswerView], index: PaintingIndex, served: ServedPage | None = None) -> str:
    """The page of answers as HTML."""
    return open_template("query.html").render(
        views=views,
        index=index,
        matching=any(artist.parts for view in views for artist in view.artists),
        citation=citation_line(index),
        uncalibrated=UNCALIBRATED,
        served=served,
    )
