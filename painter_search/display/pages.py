"""Pages: one HTML file each, with the pictures in it, that asks nothing of the network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jinja2 import Environment, PackageLoader
from numpy.typing import NDArray

from painter_search.folders import write_bytes
from painter_search.progress import track
from painter_search.retrieval.attribution import Answer, about

if TYPE_CHECKING:
    from painter_search.display.answers import AnswerSheet
    from painter_search.retrieval.comparison import Comparison
    from painter_search.retrieval.painting_index import PaintingIndex
    from painter_search.training.run import Run

NEAREST_PAIRS = 3
"""Pairs of works that are shown of two groups."""
MOST_CELLS = 2500
"""Distances that a page shows one by one."""
NO_BREAK = "\u00a0"
"""A space at which no line ends."""
MANY_ANSWERS = 3
"""Answers whose page is ready within a breath or two."""


@dataclass(frozen=True)
class Served:
    """What a page that a server gives shows more than one that is kept as a file: where else to go, how to save it."""

    nonce: str
    """Of its style element, as the Content-Security-Policy has it."""
    here: str = ""
    """Which of the pages in the navigation it is."""
    saves: tuple[tuple[str, str], ...] = ()
    """The forms in which it can be saved, and their addresses."""
    until: str = ""
    """The time until which it keeps its address; empty where it keeps it for good."""
    name: str = ""
    """What its paintings are called in addresses; empty where they have none."""
    replaced: bool = False
    """Whether the index in use is no longer the one that answered."""
    origins: tuple[str, ...] = ("", "")
    """Where either of two paintings compared comes from: the address of a work or of an answer."""


def write_query_page(path: Path, answers: Sequence[Answer], index: PaintingIndex) -> None:
    """The queries beside their neighbours, uncropped and captioned."""
    from painter_search.display.answers import answer_sheet

    numbered = enumerate(answers, start=1)
    shown = track(numbered, "Page", total=len(answers)) if len(answers) > MANY_ANSWERS else numbered
    page = query_page([answer_sheet(answer, index, number) for number, answer in shown], index)
    write_bytes(path, page.encode("utf-8", "replace"))


def query_page(sheets: Sequence[AnswerSheet], index: PaintingIndex, served: Served | None = None) -> str:
    """The page of answers that are gathered already."""
    from painter_search.display.citation import UNCALIBRATED, citation_line

    return str(
        open_template("query.html").render(
            sheets=sheets,
            index=index,
            matching=any(artist.parts for sheet in sheets for artist in sheet.artists),
            citation=citation_line(index),
            uncalibrated=UNCALIBRATED,
            served=served,
        )
    )


def write_comparison_page(path: Path, comparison: Comparison, index: PaintingIndex) -> None:
    """Two paintings, or two groups of them, side by side with their matching parts."""
    write_bytes(path, comparison_page(comparison, index).encode("utf-8", "replace"))


def comparison_page(comparison: Comparison, index: PaintingIndex, served: Served | None = None) -> str:
    """The page of a comparison."""
    from painter_search.display.comparisons import conclusions
    from painter_search.display.parts import draw_parts, parts_figures, stamp
    from painter_search.retrieval.comparison import PairComparison, nearest_pairs

    if isinstance(comparison, PairComparison):
        one, other, parts = comparison.one, comparison.other, comparison.parts
        figures = None if parts is None else draw_parts(parts, one.picture, other.picture)
        pairs = [(one, other, comparison.distance, figures)]
        content: dict[str, object] = {"pair": comparison}
    else:
        nearest = nearest_pairs(comparison, NEAREST_PAIRS)
        pairs = [(a, b, distance, parts_figures(index, a.picture, b.picture)) for a, b, distance in nearest]
        content = {"groups": comparison, "heat": heat_table(comparison.distances), "sentences": conclusions(comparison)}
    content |= {"pairs": pairs, "index": index, "embed": embed_picture, "stamp": stamp, "served": served}
    return str(open_template("compare.html").render(**content, today=date.today().isoformat()))


def heat_table(distances: NDArray[np.float32]) -> list[list[tuple[float, float]]]:
    """Distances `[a, b]`, each with its nearness from 0 (the furthest) to 1; empty where there are too many to read."""
    if distances.size > MOST_CELLS:
        return []
    span = max(float(distances.max() - distances.min()), 1e-9)
    return [[(float(value), float(distances.max() - value) / span) for value in row] for row in distances]


def write_report_page(run: Run) -> None:
    """What a training was, how it went and what it came to, as `report.html` and its pictures in its folder."""
    from painter_search.collection.framing import make_thumbnail, read_frame
    from painter_search.display.console import test_figures
    from painter_search.display.plots import draw_augmentations

    draw_augmentations(run)

    def small(frame: str) -> str:
        return embed_picture(make_thumbnail(read_frame(Path(frame))))

    page = open_template("report.html").render(
        run=run,
        settings=run.config.settled.__dict__,
        figures=test_figures(run.test) if run.test else [],
        validations=[phase for phase in run.history if phase.phase == "validation"],
        trained={phase.epoch: phase for phase in run.history if phase.phase == "train"},
        picture=small,
        curves=embed_picture((run.folder / "curves.png").read_bytes(), "png"),
        inputs=embed_picture((run.folder / "augmentations.png").read_bytes(), "png"),
        today=date.today().isoformat(),
    )
    write_bytes(run.folder / "report.html", page.encode("utf-8", "replace"))


def embed_picture(content: bytes, kind: str = "jpeg") -> str:
    """An image file as an address that holds the picture itself."""
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def open_template(name: str):  # type: ignore[no-untyped-def]
    # Everything is escaped: titles and names come from catalogues that anybody may have written.
    environment = Environment(
        loader=PackageLoader("painter_search", "display/templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        embed=embed_picture,
        about=lambda share: about(share).replace(" ", NO_BREAK),
        unbroken=lambda text: text.replace(" %", f"{NO_BREAK}%"),
    )
    return environment.get_template(name)
