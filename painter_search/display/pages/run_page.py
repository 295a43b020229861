"""The page of a training run, `report.html`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.collection.collection import Collection
from painter_search.display.pages.page import data_uri, open_template, write_page
from painter_search.display.plots import draw_augmentations, pictures_seen
from painter_search.display.words.run_summary import run_charts, run_citation, run_sentences, test_scores
from painter_search.images.framing import make_thumbnail, read_frame

if TYPE_CHECKING:
    from painter_search.training.run import Run

SEEN_SIDE = 160
"""Longer side of a picture that the network sees, on the page, in pixels."""


def write_report_page(run: Run) -> None:
    """Write the settings, course and scores of a training as `report.html` into its folder.

    Draws `augmentations.png`.
    """
    seen = pictures_seen(run)
    draw_augmentations(run.folder, seen)
    page = open_template("report.html").render(
        run=run,
        settings=run.config.resolved.__dict__,
        scores=test_scores(run.test) if run.test else [],
        validations=[metrics for metrics in run.history if metrics.phase == "validation"],
        trainings={metrics.epoch: metrics for metrics in run.history if metrics.phase == "train"},
        picture=lambda frame: data_uri(make_thumbnail(read_frame(Path(frame)))),
        sentences=run_sentences(run),
        charts=run_charts(run.history),
        title_of=_titles_of_frames(run),
        seen=seen,
        embed_pixels=_embed,
        citation=run_citation(run),
    )
    write_page(run.folder / "report.html", page)


def _titles_of_frames(run: Run) -> Callable[[str], str]:
    """A function that gives the title, or else the file, of the work whose frame lies at a path."""
    collections = [Collection.open(folder) for folder in run.config.data]
    titles = {
        str(collection.frame_path(work.file)): work.caption
        for collection in collections
        for work in collection.works("all")
    }
    return lambda frame: titles.get(frame) or Path(frame).name


def _embed(pixels: NDArray[np.uint8]) -> str:
    return data_uri(make_thumbnail(Image.fromarray(np.ascontiguousarray(pixels)), SEEN_SIDE))
