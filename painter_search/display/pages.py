"""Pages: one HTML file each, with the pictures in it, that asks nothing of the network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader

from painter_search.folders import write_bytes
from painter_search.retrieval.attribution import Answer, Attribution

if TYPE_CHECKING:
    from painter_search.retrieval.painting_index import PaintingIndex
    from painter_search.training.run import Run


def write_query_page(path: Path, answers: Sequence[Answer], index: PaintingIndex) -> None:
    """The queries beside their neighbours, uncropped and captioned."""
    page = _template("query.html").render(
        answers=[(answer, isinstance(answer, Attribution)) for answer in answers],
        index=index,
        picture=lambda id: embed_picture(index.works.thumbnail(id)),
        embed=embed_picture,
        today=date.today().isoformat(),
    )
    write_bytes(path, page.encode("utf-8", "replace"))


def write_report_page(run: Run) -> None:
    """What a training was, how it went and what it came to, as `report.html` in its folder."""
    from painter_search.collection.framing import make_thumbnail, open_frame
    from painter_search.display.console import test_figures

    def small(frame: str) -> str:
        return embed_picture(make_thumbnail(open_frame(Path(frame).read_bytes())))

    page = _template("report.html").render(
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


def _template(name: str):  # type: ignore[no-untyped-def]
    # Everything is escaped: titles and names come from catalogues that anybody may have written.
    environment = Environment(
        loader=PackageLoader("painter_search", "display/templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
