"""The page of one answer, or of many, that `query --page` writes and the server shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from painter_search.attribution.answers import Answer
from painter_search.common.progress import track
from painter_search.display.matching_parts import make_icon
from painter_search.display.pages.answer_view import MATCHED_ARTISTS, AnswerView, view_answer
from painter_search.display.pages.page import ServedPage, data_uri, open_template, write_page
from painter_search.display.words.citation import UNCALIBRATED, citation_line
from painter_search.display.words.naming_costs import naming_costs
from painter_search.images.framing import make_thumbnail, open_frame
from painter_search.index.painting_index import PaintingIndex

PROGRESS_FROM = 4
"""Answers from which on writing the page takes more than a second or two and shows its progress."""
SMALL_SIDE = 256
"""Longer side of a picture on a saved page of several answers, in pixels."""


def write_query_page(path: Path, answers: Sequence[Answer], index: PaintingIndex) -> None:
    """Write a page of the queries next to their nearest works, uncropped and captioned."""
    write_page(path, saved_query_page(answers, index))


def saved_query_page(answers: Sequence[Answer], index: PaintingIndex, time: datetime | None = None) -> str:
    """The answers as one file: a single one in full, several as a table with the first artist's works of each.

    `time` is when they were asked; by default now.
    """
    several = len(answers) > 1
    numbered = enumerate(answers, start=1)
    tracked = track(numbered, "Page", total=len(answers)) if len(answers) >= PROGRESS_FROM else numbered
    matched, shown = (0, 1) if several else (MATCHED_ARTISTS, None)
    views = [view_answer(answer, index, number, matched, shown_artists=shown, time=time) for number, answer in tracked]
    return query_page([_shortened(view) for view in views] if several else views, index)


def query_page(
    views: Sequence[AnswerView], index: PaintingIndex, served: ServedPage | None = None, *, of: int = 1
) -> str:
    """The page of answers as HTML.

    Args:
        views: One answer, or several for the table of them.
        index: The index that gave them.
        served: What the server adds; None for a page that is saved.
        of: How many answers the result has that the one answer belongs to.
    """
    several = len(views) > 1

    def picture(id: int) -> str:
        if served is not None:
            return f"{served.root}/pictures/{index.digest}/{id}.jpg"
        return data_uri(next(view.pictures[id] for view in views if id in view.pictures))

    def work_icon(id: int) -> str:
        if served is not None:
            return f"{served.root}/pictures/{index.digest}/{id}.jpg?small"
        return data_uri(make_icon(next(view.pictures[id] for view in views if id in view.pictures)))

    def asked_picture(view: AnswerView) -> str:
        if served is not None:
            return f"{served.root}/answers/{served.result}/{view.number}.jpg"
        return data_uri(view.answer.picture) if view.answer.answered else ""

    def icon(view: AnswerView) -> str:
        if served is not None:
            return f"{asked_picture(view)}?small"
        return data_uri(make_icon(view.answer.picture)) if view.answer.answered else ""

    def address(view: AnswerView) -> str:
        if served is not None:
            return f"{served.root}/answers/{served.result}/{view.number}"
        return f"#answer-{view.number}"

    return open_template("answers.html" if several else "answer.html").render(
        views=views,
        index=index,
        total=of,
        tally=tally(views),
        orders=_orders(views) if several else None,
        picture=picture,
        work_icon=work_icon,
        asked_picture=asked_picture,
        icon=icon,
        address=address,
        rates=naming_costs(index),
        running=views[0].citation if len(views) == 1 else "",
        citation=citation_line(index),
        uncalibrated=UNCALIBRATED,
        served=served,
    )


def tally(views: Sequence[AnswerView]) -> str:
    """How many answers there are of each kind: `12 named, 15 probably by nobody in this index, 1 not answered`."""
    kinds = Counter(_kind(view) for view in views)
    return ", ".join(f"{kinds[kind]} {kind.format(place=views[0].place)}" for kind in KINDS if kinds[kind])


KINDS = (
    "in this index", "named", "perhaps by nobody {place}", "probably by nobody {place}", "not answered"
)  # fmt: skip


def _kind(view: AnswerView) -> str:
    if not view.answer.answered:
        return KINDS[4]
    if view.answer.same_works:
        return KINDS[0]
    return KINDS[1] if view.answer.named else KINDS[2 if view.answer.perhaps_known else 3]


def _orders(views: Sequence[AnswerView]) -> dict[str, list[int]]:
    """The place of each answer when sorted by file, by verdict, and by how likely the first artist is."""

    def places(keys: Sequence[tuple[object, ...]]) -> list[int]:
        order = sorted(range(len(keys)), key=lambda number: keys[number])
        ranked = [0] * len(keys)
        for place, number in enumerate(order):
            ranked[number] = place
        return ranked

    def sureness(view: AnswerView) -> float:
        if not view.answer.answered:
            return 2.0
        first = view.answer.artists[0].probability if view.answer.artists else None
        return -1.0 if view.answer.same_works else 1 - (first or 0.0)

    return {
        "file": places([(view.answer.painting.casefold(), view.number) for view in views]),
        "verdict": places([(KINDS.index(_kind(view)), view.short.casefold(), view.number) for view in views]),
        "sure": places([(sureness(view), view.number) for view in views]),
    }


def _shortened(view: AnswerView) -> AnswerView:
    """The answer with smaller pictures, and those of the first artist and of the same picture only."""
    answer = view.answer
    if not answer.answered:
        return view
    first = replace(answer, artists=answer.artists[:1], picture=_reduced(answer.picture))
    shown = [*first.same_works, *(work for match in first.artists for work in match.works)]
    pictures = {one.id: _reduced(view.pictures[one.id]) for one in shown}
    return replace(view, answer=first, pictures=pictures)


def _reduced(jpeg: bytes) -> bytes:
    return make_thumbnail(open_frame(jpeg), SMALL_SIDE)
