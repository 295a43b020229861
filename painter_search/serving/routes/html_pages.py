"""HTML responses from the page templates, for the server or to be saved."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from painter_search.display.pages.page import ServedPage, data_uri, open_template
from painter_search.display.words.citation import citation_line
from painter_search.images.fingerprint import aspect_ratios, has_picture, stack_fingerprints
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.index.painting_index import PaintingIndex


def served_page(request: Request, nav: str = "") -> ServedPage:
    """What a page needs to know of its request; `nav` is its entry in the navigation bar."""
    return ServedPage(nav=nav, root=root_of(request))


def root_of(request: Request) -> str:
    """The path under which a proxy offers the server, before the path of every page; mostly empty."""
    root: str = request.scope.get("root_path", "")
    return root


def page_response(
    template: str, index: PaintingIndex, served: ServedPage, status: int = 200, **content: Any
) -> Response:
    """A page of the server."""
    return HTMLResponse(render_page(template, index, served, **content), status)


def render_page(template: str, index: PaintingIndex, served: ServedPage | None = None, **content: Any) -> str:
    """A page as HTML; without `served` it is to be saved, and its pictures are embedded."""

    def picture(id: int) -> str:
        if served is None:
            return data_uri(index.works.thumbnail(id))
        return f"{served.root}/pictures/{index.digest}/{id}.jpg"

    def picture_size(id: int) -> tuple[int, int] | None:
        """Width and height, to scale; None without a picture. An artist may have thousands: no file is opened."""
        fingerprints = stack_fingerprints(row.fingerprint for row in index.works.candidate_rows(np.array([id])))
        if not has_picture(fingerprints).all():
            return None
        aspect = float(aspect_ratios(fingerprints)[0])
        return round(THUMBNAIL_SIDE * min(1, aspect)), round(THUMBNAIL_SIDE / max(1, aspect))

    variables: dict[str, Any] = {"index": index, "picture": picture, "citation": citation_line(index), **content}
    if served is not None:
        variables["picture_size"] = picture_size
    return open_template(template).render(variables, served=served)


def notice_page(request: Request, status: int, sentence: str) -> Response:
    """A page that says why there is no answer, or no such page."""
    missing = status == 404
    page = open_template("notice.html").render(
        served=served_page(request),
        heading="Not found" if missing else "No answer",
        sentence=sentence,
        filled_in=request.method == "POST" and not missing,  # a form was sent
    )
    return HTMLResponse(page, status)
