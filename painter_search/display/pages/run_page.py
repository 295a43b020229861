"""The page of a training run, `report.html`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from painter_search.common.files.atomic_io import write_bytes
from painter_search.display.console.run import test_scores
from painter_search.display.pages.page import data_uri, open_template
from painter_search.display.plots import draw_augmentations
from painter_search.display.words.run_summary import run_charts, run_sentences
from painter_search.images.framing import make_thumbnail, read_frame

if TYPE_CHECKING:
    from painter_search.training.run import Run


def write_report_page(run: Run) -> None:
    """Write the settings, course and scores of a training as `report.html` into its folder.

    Draws `augmentations.png`.
    """
    draw_augmentations(run)
    page = open_template("report.html").render(
        run=run,
        settings=run.config.resolved.__dict__,
        scores=test_scores(run.test) if run.test else [],
        validations=[metrics for metrics in run.history if metrics.phase == "validation"],
        trainings={metrics.epoch: metrics for metrics in run.history if metrics.phase == "train"},
        picture=lambda frame: data_uri(make_thumbnail(read_frame(Path(frame)))),
        sentences=run_sentences(run),
        charts=run_charts(run.history),
        augmentations=data_uri((run.folder / "augmentations.png").read_bytes(), "png"),
        today=date.today().isoformat(),
    )
    write_bytes(run.folder / "report.html", page.encode("utf-8", "replace"))
