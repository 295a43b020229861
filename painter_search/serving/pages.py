"""The pages: plain HTML that works without script, each under an address of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Query, Request, UploadFile
from fastapi import Form as FormField
from starlette.responses import HTMLResponse, RedirectResponse, Response

from painter_search.display.answers import answer_sheet
from painter_search.display.attributions import answer_rows, answers_record
from painter_search.display.pages import Served, comparison_page, open_template, query_page
from painter_search.display.records import comparison_record, comparison_rows, table
from painter_search.retrieval.attribution import Attribution
from painter_search.retrieval.comparison import Comparison
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.desk import Missing
from painter_search.serving.holdings_pages import choices, page
from painter_search.serving.kept import Kept
from painter_search.serving.requests import Count, desk_of, names_of_form, read_uploads, work_filter, year_of_form
from painter_search.serving.saving import Form, Save, save, saves, served
from painter_search.serving.settings import FILE_BYTES, KEPT_SECONDS, MOST_PAINTINGS, REQUEST_BYTES

pages = APIRouter(include_in_schema=False)
Files = Annotated[list[UploadFile], File()]
Text = Annotated[str, FormField(max_length=300)]


@pages.get("/")
def ask(request: Request) -> Response:
    """The form for paintings to ask about."""
    index = desk_of(request).current.get()
    return page(request, "ask.html", index, "/", **choices(index), limits=_limits())


@pages.post("/answers")
async def answer(
    request: Request,
    paintings: Files,
    style: Text = "",
    artist: Text = "",
    exclude_artist: Text = "",
    since: Text = "",
    before: Text = "",
    top: Count = 5,
    works: Count = 3,
) -> Response:
    """Answer, keep the answer for a while, and lead to it."""
    desk = desk_of(request)
    only, without = (names_of_form(desk.current.get(), text) for text in (artist, exclude_artist))
    filter = work_filter(style, only, without, year_of_form(since), year_of_form(before))
    kept = await desk.ask(await read_uploads(paintings), filter, top, works)
    if any(isinstance(one, Attribution) for one in kept.answers):
        return RedirectResponse(f"/answers/{desk.kept.add(kept)}", 303)
    return HTMLResponse(await desk.aside(lambda: _answers_html(kept, served(request))), 400)


@pages.get("/answers/{name}")
def kept_answer(request: Request, name: str, form: Save = None) -> Response:
    """An answer that is kept, or a file of it."""
    kept = _kept(request, name)
    if form == "page":
        return save(form, "answer", _answers_html(kept, None))
    if form == "csv":
        return save(form, "answer", table(*answer_rows(kept.answers)))
    if form == "json":
        return save(form, "answer", answers_record(kept.answers, kept.index))
    shown = replace(
        served(request),
        saves=saves(f"/answers/{name}"),
        until=_until(request, name),
        name=name,
        replaced=kept.index is not desk_of(request).current.get(),
    )
    return HTMLResponse(_answers_html(kept, shown))


@pages.get("/compare")
async def compare(
    request: Request,
    painting: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006
    form: Save = None,
) -> Response:
    """Two paintings compared, or the form to choose some, or another one."""
    desk = desk_of(request)
    if len(painting) < 2:
        chosen = painting[0] if painting else ""
        return page(request, "compare_ask.html", desk.current.get(), "/compare", limits=_limits(), chosen=chosen)
    if len(painting) != 2:
        raise Missing(f"{len(painting)} works are chosen; choose two to compare.")
    index = desk.index_of(painting)
    comparison = await desk.compare_kept(index, painting)
    kept = next((ref.partition(".")[0] for ref in painting if "." in ref), "")
    shown = replace(
        served(request, "/compare"),
        saves=saves(f"/compare?painting={painting[0]}&painting={painting[1]}"),
        until=_until(request, kept) if kept else "",
        replaced=index is not desk.current.get(),
        origins=tuple(f"/answers/{ref.partition('.')[0]}" if "." in ref else f"/works/{ref}" for ref in painting),
    )
    return await desk.aside(lambda: _comparison(comparison, index, form, shown))


@pages.post("/compare")
async def compare_uploads(request: Request, one: Files, other: Files) -> Response:
    """Compare uploaded paintings, keep the answer for a while, and lead to it."""
    desk = desk_of(request)
    kept = await desk.compare(await read_uploads(one), await read_uploads(other))
    return RedirectResponse(f"/comparisons/{desk.kept.add(kept)}", 303)


@pages.get("/comparisons/{name}")
def kept_comparison(request: Request, name: str, form: Save = None) -> Response:
    """A comparison that is kept."""
    kept = _kept(request, name)
    if kept.comparison is None:
        raise Missing("There is no such comparison.")
    shown = replace(served(request, "/compare"), saves=saves(f"/comparisons/{name}"), until=_until(request, name))
    return _comparison(kept.comparison, kept.index, form, shown)


@pages.get("/pictures/{digest}/{id}.jpg")
def picture(request: Request, digest: str, id: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """The picture of a work, in the very index that a page speaks of."""
    index = desk_of(request).current.known(digest)
    try:
        if index is None:
            raise KeyError(id)
        index.works.get([id])
        content = index.works.thumbnail(id)
    except KeyError:
        raise Missing("There is no such picture.") from None
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


def _comparison(comparison: Comparison, index: PaintingIndex, form: Form | None, shown: Served) -> Response:
    if form == "json":
        return save(form, "comparison", comparison_record(comparison, index))
    if form == "csv":
        return save(form, "comparison", table(*comparison_rows(comparison)))
    if form == "page":
        return save(form, "comparison", comparison_page(comparison, index))
    return HTMLResponse(comparison_page(comparison, index, shown))


def _answers_html(kept: Kept, shown: Served | None) -> str:
    # The matching parts are drawn when they are asked for; a page to be saved has no later.
    parts = {"matched": 0} if shown else {}
    sheets = [answer_sheet(one, kept.index, number, **parts) for number, one in enumerate(kept.answers, start=1)]
    return query_page(sheets, kept.index, shown)


def _kept(request: Request, name: str) -> Kept:
    kept = desk_of(request).kept.get(name)
    if kept is None:
        raise Missing("This answer is no longer kept; ask again.")
    return kept


def _until(request: Request, name: str) -> str:
    left = desk_of(request).kept.seconds_left(name)
    return f"{datetime.now() + timedelta(seconds=left):%H:%M}"


def _limits() -> dict[str, Any]:
    return {
        "paintings": MOST_PAINTINGS,
        "megabytes": FILE_BYTES // 1_000_000,
        "minutes": KEPT_SECONDS // 60,
        "bytes": REQUEST_BYTES,
    }


def notice(request: Request, status: int, sentence: str) -> Response:
    """A page that says why there is no answer."""
    shown = served(request)
    return HTMLResponse(open_template("notice.html").render(served=shown, sentence=sentence), status)
