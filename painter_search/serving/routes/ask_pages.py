"""The pages to ask on: queries and comparisons, whose results get an address of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Query, Request, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from painter_search.analysis.comparison import Comparison
from painter_search.attribution.answers import Answer
from painter_search.common.errors import InvalidValueError, PainterSearchError
from painter_search.display.matching_parts import make_icon
from painter_search.display.pages.answer_view import view_answer
from painter_search.display.pages.comparison_page import comparison_page
from painter_search.display.pages.page import ServedPage
from painter_search.display.pages.query_page import query_page, saved_query_page
from painter_search.display.serialize import answers_to_dict, answers_to_rows, comparison_to_dict
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import IndexedWork
from painter_search.serving.config import MAX_FILE_BYTES, MAX_PAINTINGS, MAX_REQUEST_BYTES, RESULT_SECONDS
from painter_search.serving.lookups import ChosenPainting, NotFound, wall_of_works, works_to_choose
from painter_search.serving.result_cache import CachedResult
from painter_search.serving.routes.downloads import Format, Save, csv_file, download_links, json_file, page_file
from painter_search.serving.routes.html_pages import render_page, root_of, sentence_case, served_page
from painter_search.serving.routes.requests import (
    CountField,
    CropAgain,
    CropField,
    FilterText,
    PageQueryFilter,
    TextParameter,
    read_uploads,
    service_of,
)

ask_pages = APIRouter(include_in_schema=False)
Files = Annotated[list[UploadFile], File()]
Number = Annotated[int, Path(ge=1, le=MAX_PAINTINGS)]
Small = Annotated[str | None, Query()]
"""The parameter `?small`, by which a picture comes in the size of an icon."""
Large = Annotated[str | None, Query()]
"""The parameter `?large`, by which a picture comes as large as there is one."""

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
    return _ask_page(request, FilterText())


@ask_pages.post("/answers")
async def answer(
    request: Request,
    paintings: Files,
    filter: PageQueryFilter,
    top: CountField = 5,
    works: CountField = 3,
    crop: CropField = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Answer, cache the result, and redirect to its address; without any answer, the form says why."""
    service = service_of(request)
    try:
        works_filter = filter.to_filter(service.current_index.get())
        uploads = await read_uploads(paintings, crop)
        result = await service.attribute(uploads, works_filter, top_k=top, works_per_artist=works)
    except PainterSearchError as error:
        return _ask_page(request, filter, error=sentence_case(str(error)))
    if any(answer.answered for answer in result.answers):
        return RedirectResponse(f"{root_of(request)}/answers/{service.results.add(result)}", 303)
    reasons = [(answer.painting, answer.reason) for answer in result.answers]
    return _ask_page(request, filter, error="None of the files could be read as a picture.", reasons=reasons)


def _ask_page(request: Request, filter: FilterText, **problem: Any) -> Response:
    """The form, with what was filled in and, if there is one, the problem with it."""
    index = service_of(request).current_index.get()
    ids = wall_of_works(index)
    wall = [IndexedWork(id, work) for id, work in zip(ids, index.works.get(ids), strict=True)]
    content = {"styles": index.works.styles(), "artists": index.artists.names, "limits": LIMITS, "wall": wall}
    page = render_page("ask.html", index, served_page(request, "/"), asked=filter, **content, **problem)
    return HTMLResponse(page, 400 if problem else 200)


@ask_pages.get("/answers/{name}")
def cached_answers(request: Request, name: str, save: Save = None) -> Response:
    """A cached result of a query, or a file of it."""
    result = _cached_result(request, name)
    if save == "page":
        return page_file("answer", saved_query_page(result.answers, result.index))
    if save == "csv":
        return csv_file("answer", *answers_to_rows(result.answers))
    if save == "json":
        return json_file("answer", answers_to_dict(result.answers, result.index))
    return HTMLResponse(_answers_html(result, _served_result(request, name, result)))


@ask_pages.get("/answers/{name}/{number}.jpg")
def asked_picture(request: Request, name: str, number: Number, small: Small = None, large: Large = None) -> Response:
    """The painting that an answer is about."""
    answer = _numbered_answer(_cached_result(request, name), number)
    if not answer.answered:
        raise NotFound("There is no such picture.")
    return _picture_response(answer.picture if large is None else answer.larger or answer.picture, small)


@ask_pages.get("/answers/{name}/{number}/photograph.jpg")
def photograph(request: Request, name: str, number: Number) -> Response:
    """The whole photograph that an answer is about, before it was cropped."""
    answer = _numbered_answer(_cached_result(request, name), number)
    if not answer.answered:
        raise NotFound("There is no such picture.")
    return _picture_response(answer.picture if answer.crop is None else answer.crop.photograph, None)


@ask_pages.post("/answers/{name}/{number}/crop")
async def crop_again(request: Request, name: str, number: Number, crop: CropAgain) -> Response:
    """Ask about the same photograph with another crop."""
    service = service_of(request)
    result = _cached_result(request, name)
    if number > len(result.uploads):
        raise NotFound("This photograph is no longer kept; upload it again.")
    upload = result.uploads[number - 1]._replace(crop=crop)
    again = await service.attribute_again(result, upload)
    (answer,) = again.answers
    if not answer.answered:
        raise InvalidValueError(f"the crop cannot be used: {answer.reason}.")
    return RedirectResponse(f"{root_of(request)}/answers/{service.results.add(again)}", 303)


@ask_pages.get("/answers/{name}/{number}")
def one_of_answers(request: Request, name: str, number: Number) -> Response:
    """One answer of several, in full."""
    result = _cached_result(request, name)
    _numbered_answer(result, number)
    return HTMLResponse(_answers_html(result, _served_result(request, name, result), number))


@ask_pages.get("/compare")
async def compare(
    request: Request,
    painting: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006 (FastAPI copies it)
    q: TextParameter = "",
    save: Save = None,
) -> Response:
    """Two paintings compared; with fewer or more than two, the page to choose them by sight."""
    service = service_of(request)
    if len(painting) != 2:
        return await service.run_in_thread(lambda: _choose_page(request, painting, q))
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


def _choose_page(request: Request, references: list[str], words: str, error: str = "") -> Response:
    """The page to choose paintings to compare: files, or works of the index by their pictures."""
    service, served = service_of(request), served_page(request, "/compare")
    index = service.index_of_references(references)
    root = served.root
    chosen = [
        ChosenPainting(
            reference,
            service.find_painting(index, reference).name,
            f"{root}/pictures/{index.digest}/{reference}.jpg"
            if reference.isdecimal()
            else f"{root}/answers/{reference.partition('.')[0]}/{int(reference.partition('.')[2]) + 1}.jpg",
        )
        for reference in dict.fromkeys(references)
    ]
    works = works_to_choose(index, words, service.find_painting(index, references[0]).embedding if references else None)
    content = {"chosen": chosen, "works": works, "q": words, "limits": LIMITS, "error": error}
    return HTMLResponse(render_page("compare_ask.html", index, served, **content), 400 if error else 200)


@ask_pages.post("/compare")
async def compare_uploads(
    request: Request,
    one: Files,
    other: Files,
    crop_one: CropField = [],  # noqa: B006 (FastAPI copies it)
    crop_other: CropField = [],  # noqa: B006
) -> Response:
    """Compare uploaded paintings, cache the result, and redirect to its address."""
    service = service_of(request)
    try:
        sides = await read_uploads(one, crop_one), await read_uploads(other, crop_other)
        result = await service.compare_uploads(*sides)
    except PainterSearchError as error:
        return _choose_page(request, [], "", error=sentence_case(str(error)))
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
def picture(
    request: Request,
    digest: str,
    id: Annotated[int, Path(ge=1, le=2**53)],
    small: Small = None,
    large: Large = None,
) -> Response:
    """The thumbnail, or the larger picture, of a work in the index that a page came from."""
    index = service_of(request).current_index.by_digest(digest)
    try:
        if index is None:
            raise KeyError(id)
        index.works.get([id])
        larger = None if large is None else index.works.picture(id)
        content = larger or index.works.thumbnail(id)
    except KeyError:
        raise NotFound("There is no such picture.") from None
    return _picture_response(content, small)


def _picture_response(jpeg: bytes, small: str | None) -> Response:
    content = jpeg if small is None else make_icon(jpeg)
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


def _served_result(request: Request, name: str, result: CachedResult) -> ServedPage:
    return replace(
        served_page(request),
        downloads=download_links(f"/answers/{name}"),
        expires=_expiry_time(request, name),
        result=name,
        index_replaced=result.index is not service_of(request).current_index.get(),
    )


def _numbered_answer(result: CachedResult, number: int) -> Answer:
    if number > len(result.answers):
        raise NotFound("There is no such answer.")
    return result.answers[number - 1]


def _answers_html(result: CachedResult, served: ServedPage, number: int = 0) -> str:
    """The page of a result, or of one of its answers, counted from 1."""
    chosen = [number] if number else range(1, len(result.answers) + 1)
    # A served page links to the matching parts, which take a while to draw, and to the pictures.
    pictures, suggest = not served.result, len(chosen) == 1
    views = [
        view_answer(
            result.answers[one - 1], result.index, one, 0, pictures=pictures, time=result.time, suggest_crop=suggest
        )
        for one in chosen
    ]
    return query_page(views, result.index, served, of=len(result.answers))


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
