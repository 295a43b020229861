"""The pages to ask on, and the answers, which get an address of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from painter_search.attribution.answers import Answer
from painter_search.common.errors import InvalidValueError, PainterSearchError
from painter_search.display.pages.answer_view import view_answer
from painter_search.display.pages.page import ServedPage
from painter_search.display.pages.query_page import query_page, saved_query_page
from painter_search.display.serialize import answers_to_dict, answers_to_rows
from painter_search.index.works.works_db import IndexedWork
from painter_search.serving.config import MAX_PAINTINGS
from painter_search.serving.lookups import NotFound, wall_of_works
from painter_search.serving.result_cache import CachedResult
from painter_search.serving.routes.cached_results import cached_result, expiry_time
from painter_search.serving.routes.downloads import Save, csv_file, download_links, json_file, page_file
from painter_search.serving.routes.html_pages import render_page, root_of, sentence_case, served_page
from painter_search.serving.routes.pictures import Large, Small, picture_response
from painter_search.serving.routes.requests import (
    LIMITS,
    CountField,
    CropAgain,
    CropField,
    Files,
    FilterText,
    PageQueryFilter,
    read_uploads,
    service_of,
)

ask_pages = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=MAX_PAINTINGS)]


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
        works_filter = filter.to_filter(await service.open_current())
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
    result = cached_result(request, name)
    if save == "page":
        return page_file("answer", saved_query_page(result.answers, result.index, result.time))
    if save == "csv":
        return csv_file("answer", *answers_to_rows(result.answers))
    if save == "json":
        return json_file("answer", answers_to_dict(result.answers, result.index))
    return HTMLResponse(_answers_html(result, _served_result(request, name, result)))


@ask_pages.get("/answers/{name}/{number}.jpg")
def asked_picture(request: Request, name: str, number: Number, small: Small = None, large: Large = None) -> Response:
    """The painting that an answer is about."""
    answer = _numbered_answer(cached_result(request, name), number)
    if not answer.answered:
        raise NotFound("There is no such picture.")
    return picture_response(answer.picture if large is None else answer.larger or answer.picture, small)


@ask_pages.get("/answers/{name}/{number}/photograph.jpg")
def photograph(request: Request, name: str, number: Number) -> Response:
    """The whole photograph that an answer is about, before it was cropped."""
    answer = _numbered_answer(cached_result(request, name), number)
    if not answer.answered:
        raise NotFound("There is no such picture.")
    return picture_response(answer.picture if answer.crop is None else answer.crop.photograph, None)


@ask_pages.post("/answers/{name}/{number}/crop")
async def crop_again(request: Request, name: str, number: Number, crop: CropAgain) -> Response:
    """Ask about the same photograph with another crop."""
    service = service_of(request)
    result = cached_result(request, name)
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
    result = cached_result(request, name)
    _numbered_answer(result, number)
    return HTMLResponse(_answers_html(result, _served_result(request, name, result), number))


def _served_result(request: Request, name: str, result: CachedResult) -> ServedPage:
    return replace(
        served_page(request),
        downloads=download_links(f"/answers/{name}"),
        expires=expiry_time(request, name),
        result=name,
        index_replaced=result.index.digest != service_of(request).current_index.get().digest,
    )


def _numbered_answer(result: CachedResult, number: int) -> Answer:
    if number > len(result.answers):
        raise NotFound("There is no such answer.")
    return result.answers[number - 1]


def _answers_html(result: CachedResult, served: ServedPage, number: int = 0) -> str:
    """The page of a result, or of one of its answers, counted from 1."""
    chosen = [number] if number else range(1, len(result.answers) + 1)
    # A served page links to the matching parts, which take a while to draw, and to the pictures.
    alone = len(chosen) == 1
    views = [
        view_answer(
            result.answers[one - 1],
            result.index,
            one,
            0,
            shown_artists=None if alone else 0,
            pictures=not served.result,
            time=result.time,
            suggest_crop=alone,
        )
        for one in chosen
    ]
    return query_page(views, result.index, served, of=len(result.answers))
