"""The API under /api: the questions of the command line, and the same answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from painter_search import __version__
from painter_search.display.attributions import answers_record
from painter_search.display.holdings import listing_record
from painter_search.display.records import comparison_record
from painter_search.folders import to_json
from painter_search.retrieval.attribution import Attribution
from painter_search.retrieval.upkeep import list_works
from painter_search.serving import shapes
from painter_search.serving.findings import artist_record, find_artist_works, like_record
from painter_search.serving.requests import (
    Count,
    FormNames,
    FormStyle,
    FormYear,
    Name,
    Names,
    Paintings,
    Style,
    WorkId,
    Year,
    desk_of,
    read_uploads,
    work_filter,
)

SAID: dict[int | str, dict[str, Any]] = {
    status: {"model": shapes.Error, "description": description}
    for status, description in (
        (400, "It cannot be answered, and why"),
        (401, "The token is missing"),
        (404, "It is not in the index"),
        (421, "Asked under another name"),
    )
}
SENT: dict[int | str, dict[str, Any]] = {
    **{status: SAID[status] for status in (400, 401, 421)},
    403: {"model": shapes.Error, "description": "Asked from a page of another server"},
    408: {"model": shapes.Error, "description": "It stopped arriving"},
    411: {"model": shapes.Error, "description": "Content-Length is missing"},
    413: {"model": shapes.Error, "description": "Too large"},
    503: {"model": shapes.Error, "description": "Too many are waiting; see Retry-After"},
}
api = APIRouter(prefix="/api")


def as_json(record: object, status: int = 200) -> Response:
    """The record as the command line would print it."""
    return Response(to_json(record), status, media_type="application/json")


@api.post(
    "/query",
    response_model=shapes.Answers,
    responses={**SENT, 400: {"model": shapes.Answers | shapes.Error, "description": "No painting could be read"}},
)
async def query(
    request: Request,
    paintings: Paintings,
    top: Count = 5,
    works: Count = 3,
    style: FormStyle = None,
    artist: FormNames = [],  # noqa: B006 (FastAPI copies it)
    exclude_artist: FormNames = [],  # noqa: B006
    since: FormYear = None,
    before: FormYear = None,
) -> Response:
    """Whose hand is each painting nearest to? Files that cannot be read are answered with the reason."""
    filter = work_filter(style, artist, exclude_artist, since, before)
    kept = await desk_of(request).ask(await read_uploads(paintings), filter, top, works)
    answered = any(isinstance(answer, Attribution) for answer in kept.answers)
    return as_json(answers_record(kept.answers, kept.index), 200 if answered else 400)


@api.post("/compare", response_model=shapes.Compared, responses=SENT)
async def compare_uploads(request: Request, one: Paintings, other: Paintings) -> Response:
    """How alike are two paintings, or two groups of them?"""
    kept = await desk_of(request).compare(await read_uploads(one), await read_uploads(other))
    assert kept.comparison is not None
    return as_json(comparison_record(kept.comparison, kept.index))


@api.get("/compare", response_model=shapes.Compared, responses=SAID)
async def compare_works(request: Request, one: WorkId, other: WorkId) -> Response:
    """How alike are two works of the index?"""
    desk = desk_of(request)
    index = desk.current.get()
    return as_json(comparison_record(await desk.compare_kept(index, [str(one), str(other)]), index))


@api.get("/artists", response_model=shapes.Artists, responses={s: SAID[s] for s in (401, 421)})
def artists(request: Request) -> Response:
    """The artists of the index, and how many works it has of each."""
    return as_json(listing_record(list_works(desk_of(request).current.get())))


@api.get("/artists/{name:path}", response_model=shapes.Artist, responses=SAID)
def artist(request: Request, name: Annotated[str, Path(max_length=300)]) -> Response:
    """An artist's works, the nearest artists, and those whom they are easily confused with."""
    return as_json(artist_record(desk_of(request).current.get(), name))


@api.get("/works", response_model=shapes.Works, responses=SAID)
def works(request: Request, artist: Name) -> Response:
    """An artist's works."""
    return as_json(listing_record(find_artist_works(desk_of(request).current.get(), artist)))


@api.get("/works/{id}", response_model=shapes.Like, responses=SAID)
def work(
    request: Request,
    id: Annotated[int, Path(ge=1, le=2**53)],
    count: Annotated[int, Query(ge=1, le=200)] = 24,
    style: Style = None,
    exclude_artist: Names = [],  # noqa: B006
    since: Year = None,
    before: Year = None,
) -> Response:
    """A work, and the works nearest to it in style."""
    current = desk_of(request).current
    narrowed = current.narrowed(current.get(), work_filter(style, (), exclude_artist, since, before))
    return as_json(like_record(narrowed, id, count))


@api.get("/health", response_model=shapes.Health, responses={s: SAID[s] for s in (401, 421)})
def health(request: Request) -> Response:
    """Whether it answers, and from which index."""
    index = desk_of(request).current.get()
    guard = request.app.state.guard()
    return as_json(
        {
            "status": "ok",
            "version": __version__,
            "index": index.digest,
            "works": index.manifest["works"],
            "artists": index.manifest["artists"],
            "waiting": guard.requests,
            "queue": request.app.state.config.queue,
        }
    )
