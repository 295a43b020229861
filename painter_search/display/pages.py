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


def embed_picture(jpeg: bytes) -> str:
    """A JPEG file as an address that holds the picture itself."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _template(name: str):  # type: ignore[no-untyped-def]
    # Everything is escaped: titles and names come from catalogues that anybody may have written.
    environment = Environment(
        loader=PackageLoader("painter_search", "display/templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
