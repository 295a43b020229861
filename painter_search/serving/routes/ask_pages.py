"""The pages to ask on, and the answers, which get an address of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from painter_search.attribution.answers import Answer
from painter_search.common.errors import InvalidValueError, PainterSearchError
from painter_search.common.text import sentence_case
from painter_search.display.pages.answer_view import view_answer
from painter_search.display.pages.page import ServedPage
from painter_search.display.pages.query_page import query_page, saved_query_page
from painter_search.display.serialize import answers_to_dict, answers_to_rows
from painter_search.index.works.works_db import IndexedWork
from painter_search.serving.config import MAX_PAINTINGS
from painter_search.serving.lookups import NotFound, wall_of_works
from painter_search.serving.result_cache import CachedResult
from painter_search.serving.routes.cached_results import cached_result, expiry_time
from painter_search.serving.routes.downloads import Format, Save, csv_file, download_links, json_file, page_file
from painter_search.serving.routes.html_pages import page_response, root_of, served_page
from painter_search.serving.routes.pictures import Large, Small, picture_response
from painter_search.serving.routes.requests import (
    LIMITS,
    CropAgain,
    CropField,
    Files,
    FilterText,
    PageQueryFilter,
    TextField,
    parse_count,
    read_uploads,
    service_of,
)

ask_pages = APIRouter(include_in_schema=False)
DEFAULT_TOP, DEFAULT_WORKS = "5", "3"
Number = Annotated[int, Path(ge=1, le=MAX_PAINTINGS)]


@ask_pages.get("/")
def ask(request: Request) -> Response:
    """The form to ask about paintings."""
    return _ask_page(request, FilterText(), DEFAULT_TOP, DEFAULT_WORKS)


@ask_pages.post("/answers")
async def answer(
    request: Request,
    paintings: Files,
    filter: PageQueryFilter,
    top: TextField = DEFAULT_TOP,
    works: TextField = DEFAULT_WORKS,
    crop: CropField = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Answer, cache the result, and redirect to its address; without any answer, the form says why."""
    service = service_of(request)
    try:
        counts = parse_count(top, "artists to name"), parse_count(works, "works to show for each")
        works_filter = filter.to_filter(await service.open_current())
        uploads = await read_uploads(paintings, crop)
        result = await service.attribute(uploads, works_filter, top_k=counts[0], works_per_artist=counts[1])
    except PainterSearchError as error:
        problem = sentence_case(str(error))
        return await service.run_in_thread(lambda: _ask_page(request, filter, top, works, error=problem))
    if any(answer.answered for answer in result.answers):
        return RedirectResponse(f"{root_of(request)}/answers/{service.results.add(result)}", 303)
    reasons = [(answer.painting, answer.reason) for answer in result.answers]
    problem = "None of the files could be read as a picture."
    return await service.run_in_thread(lambda: _ask_page(request, filter, top, works, error=problem, reasons=reasons))


def _ask_page(request: Request, filter: FilterText, top: str, works: str, **problem: Any) -> Response:
    """The form, with what was filled in and, if there is one, the problem with it."""
    index = service_of(request).current_index.get()
    ids = wall_of_works(index)
    wall = [IndexedWork(id, work) for id, work in zip(ids, index.works.get(ids), strict=True)]
    content = {"styles": index.works.styles, "dated": index.works.is_dated, "artists": index.artists.names}
    filled_in = {"asked": filter, "top": top, "works": works, "more": (top, works) != (DEFAULT_TOP, DEFAULT_WORKS)}
    served, status = served_page(request, "/"), 400 if problem else 200
    return page_response("ask.html", index, served, status, limits=LIMITS, wall=wall, **filled_in, **content, **problem)


@ask_pages.get("/answers/{name}")
def cached_answers(request: Request, name: str, save: Save = None) -> Response:
    """A cached result of a query, or a file of it."""
    result = cached_result(request, name)
    if save is not None:
        return _answers_file(request, result, result.answers, save)
    return _answers_page(request, name, result)


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
def one_of_answers(request: Request, name: str, number: Number, save: Save = None) -> Response:
    """One answer of several in full, or a file of it."""
    result = cached_result(request, name)
    answer = _numbered_answer(result, number)
    if save is not None:
        return _answers_file(request, result, [answer], save)
    return _answers_page(request, name, result, number)


def _answers_file(request: Request, result: CachedResult, answers: Sequence[Answer], format: Format) -> Response:
    """Some answers of a result as a file."""
    if format == "csv":
        return csv_file("answer", *answers_to_rows(answers))
    index = service_of(request).index_of(result)
    if format == "json":
        return json_file("answer", answers_to_dict(answers, index))
    return page_file("answer", saved_query_page(answers, index, result.time))


def _served_result(request: Request, name: str, result: CachedResult, number: int) -> ServedPage:
    return replace(
        served_page(request),
        downloads=download_links(f"/answers/{name}/{number}" if number else f"/answers/{name}"),
        expires=expiry_time(request, name),
        result=name,
        can_crop=bool(result.uploads),
        index_replaced=result.index.digest != service_of(request).current_index.get().digest,
    )


def _numbered_answer(result: CachedResult, number: int) -> Answer:
    if number > len(result.answers):
        raise NotFound("There is no such answer.")
    return result.answers[number - 1]


def _answers_page(request: Request, name: str, result: CachedResult, number: int = 0) -> Response:
    """The page of a result, or of one of its answers, counted from 1."""
    index, served = service_of(request).index_of(result), _served_result(request, name, result, number)
    chosen = [number] if number else range(1, len(result.answers) + 1)
    # A served page links to the matching parts, which take a while to draw, and to the pictures.
    alone = len(chosen) == 1
    views = [
        view_answer(
            result.answers[one - 1],
            index,
            one,
            0,
            shown_artists=None if alone else 0,
            pictures=False,
            time=result.time,
            suggest_crop=alone and served.can_crop,
        )
        for one in chosen
    ]
    return HTMLResponse(query_page(views, index, served, of=len(result.answers)))
