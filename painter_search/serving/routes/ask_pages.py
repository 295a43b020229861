"""The pages to ask on: queries and comparisons, whose results get an address of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, File, Path, Query, Request, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from painter_search.analysis.comparison import Comparison
from painter_search.display.pages.answer_view import MATCHED_ARTISTS, view_answer
from painter_search.display.pages.comparison_page import comparison_page
from painter_search.display.pages.page import ServedPage
from painter_search.display.pages.query_page import query_page
from painter_search.display.serialize import answers_to_dict, answers_to_rows, comparison_to_dict
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import MAX_FILE_BYTES, MAX_PAINTINGS, MAX_REQUEST_BYTES, RESULT_SECONDS
from painter_search.serving.lookups import NotFound
from painter_search.serving.result_cache import CachedResult
from painter_search.serving.routes.downloads import Format, Save, csv_file, download_links, json_file, page_file
from painter_search.serving.routes.html_pages import page_response, root_of, served_page
from painter_search.serving.routes.requests import CountField, PageQueryFilter, read_uploads, service_of

ask_pages = APIRouter(include_in_schema=False)
Files = Annotated[list[UploadFile], File()]

LIMITS = {
    "paintings": MAX_PAINTINGS,
    "megabytes": MAX_FILE_BYTES // 1_000_000,
    "minutes": RESULT_SECONDS // 60,
    "bytes": MAX_REQUEST_BYTES,
}
"""What the forms say of the server's limits."""


@ask_pages.get("/")
def ask(request: Request) -> Response:
    """The form to ask about paintings."""
    index = service_of(request).current_index.get()
    styles, artists = index.works.styles(), index.artists.names
    return page_response("ask.html", index, served_page(request, "/"), styles=styles, artists=artists, limits=LIMITS)


@ask_pages.post("/answers")
async def answer(
    request: Request, paintings: Files, filter: PageQueryFilter, top: CountField = 5, works: CountField = 3
) -> Response:
    """Answer, cache the result, and redirect to its address; a result without any answer is shown at once."""
    service = service_of(request)
    works_filter = filter.to_filter(service.current_index.get())
    uploads = await read_uploads(paintings)
    result = await service.attribute(uploads, works_filter, top_k=top, works_per_artist=works)
    if any(answer.answered for answer in result.answers):
        return RedirectResponse(f"{root_of(request)}/answers/{service.results.add(result)}", 303)
    return HTMLResponse(await service.run_in_thread(lambda: _answers_html(result, served_page(request))), 400)


@ask_pages.get("/answers/{name}")
def cached_answers(request: Request, name: str, save: Save = None) -> Response:
    """A cached result of a query, or a file of it."""
    result = _cached_result(request, name)
    if save == "page":
        return page_file("answer", _answers_html(result))
    if save == "csv":
        return csv_file("answer", *answers_to_rows(result.answers))
    if save == "json":
        return json_file("answer", answers_to_dict(result.answers, result.index))
    served = replace(
        served_page(request),
        downloads=download_links(f"/answers/{name}"),
        expires=_expiry_time(request, name),
        result=name,
        index_replaced=result.index is not service_of(request).current_index.get(),
    )
    return HTMLResponse(_answers_html(result, served))


@ask_pages.get("/compare")
async def compare(
    request: Request,
    painting: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006 (FastAPI copies it)
    save: Save = None,
) -> Response:
    """Two paintings compared; with fewer than two, the form to choose them."""
    service = service_of(request)
    if len(painting) < 2:
        chosen = painting[0] if painting else ""
        index = service.current_index.get()
        return page_response("compare_ask.html", index, served_page(request, "/compare"), limits=LIMITS, chosen=chosen)
    if len(painting) != 2:
        raise NotFound(f"{len(painting)} works are chosen; choose two to compare.")
    index = service.index_of_references(painting)
    comparison = await service.compare_references(index, painting)
    result = next((reference.partition(".")[0] for reference in painting if "." in reference), "")
    one, other = painting
    served = replace(
        served_page(request, "/compare"),
        downloads=download_links(f"/compare?painting={one}&painting={other}"),
        expires=_expiry_time(request, result) if result else "",
        index_replaced=index is not service.current_index.get(),
        origins=(_origin(one), _origin(other)),
    )
    return await service.run_in_thread(lambda: _comparison_response(comparison, index, served, save))


@ask_pages.post("/compare")
async def compare_uploads(request: Request, one: Files, other: Files) -> Response:
    """Compare uploaded paintings, cache the result, and redirect to its address."""
    service = service_of(request)
    result = await service.compare_uploads(await read_uploads(one), await read_uploads(other))
    return RedirectResponse(f"{root_of(request)}/comparisons/{service.results.add(result)}", 303)


@ask_pages.get("/comparisons/{name}")
def cached_comparison(request: Request, name: str, save: Save = None) -> Response:
    """A cached comparison, or a file of it."""
    result = _cached_result(request, name)
    comparison = result.require_comparison()
    served = replace(
        served_page(request, "/compare"),
        downloads=download_links(f"/comparisons/{name}"),
        expires=_expiry_time(request, name),
    )
    return _comparison_response(comparison, result.index, served, save)


@ask_pages.get("/pictures/{digest}/{id}.jpg")
def picture(request: Request, digest: str, id: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """The thumbnail of a work in the index that a page came from."""
    index = service_of(request).current_index.by_digest(digest)
    try:
        if index is None:
            raise KeyError(id)
        index.works.get([id])
        content = index.works.thumbnail(id)
    except KeyError:
        raise NotFound("There is no such picture.") from None
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


def _answers_html(result: CachedResult, served: ServedPage | None = None) -> str:
    # A served page links to the matching parts, which take a while to draw; a saved page holds them.
    matched_artists = 0 if served else MATCHED_ARTISTS
    views = [
        view_answer(answer, result.index, number, matched_artists)
        for number, answer in enumerate(result.answers, start=1)
    ]
    return query_page(views, result.index, served)


def _comparison_response(
    comparison: Comparison, index: PaintingIndex, served: ServedPage, save: Format | None
) -> Response:
    if save == "json":
        return json_file("comparison", comparison_to_dict(comparison, index))
    if save == "csv":
        return csv_file("comparison", *comparison.rows())
    if save == "page":
        return page_file("comparison", comparison_page(comparison, index))
    return HTMLResponse(comparison_page(comparison, index, served))


def _cached_result(request: Request, name: str) -> CachedResult:
    result = service_of(request).results.get(name)
    if result is None:
        raise NotFound("This answer is no longer kept; ask again.")
    return result


def _expiry_time(request: Request, name: str) -> str:
    seconds = service_of(request).results.seconds_left(name)
    return f"{datetime.now() + timedelta(seconds=seconds):%H:%M}"


def _origin(reference: str) -> str:
    """The address of the result or of the work that a reference names."""
    return f"/answers/{reference.partition('.')[0]}" if "." in reference else f"/works/{reference}"
