"""The API under /api: the questions of the command line, answered with the same objects."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from painter_search.common.files.atomic_io import to_json
from painter_search.common.version import __version__
from painter_search.display.serialize import answers_to_dict, comparison_to_dict
from painter_search.index.listing import list_works
from painter_search.serving import schemas
from painter_search.serving.lookups import (
    SIMILAR_WORKS,
    find_artist_profile,
    find_artist_works,
    find_similar_works,
    similar_works_to_dict,
)
from painter_search.serving.routes.requests import (
    ApiQueryFilter,
    ApiWorksFilter,
    ArtistParameter,
    CountField,
    CropField,
    PaintingsField,
    WorkId,
    read_uploads,
    refuse_unknown_names,
    service_of,
)

LOOKUP_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.Error, "description": description}
    for status, description in (
        (400, "It cannot be answered, and why"),
        (401, "The token is missing"),
        (404, "It is not in the index"),
        (421, "Asked under another name"),
    )
}
INDEX_ERRORS: dict[int | str, dict[str, Any]] = {status: LOOKUP_ERRORS[status] for status in (400, 401, 421)}
UPLOAD_ERRORS: dict[int | str, dict[str, Any]] = {
    **INDEX_ERRORS,
    403: {"model": schemas.Error, "description": "Asked from a page of another server"},
    408: {"model": schemas.Error, "description": "It stopped arriving"},
    411: {"model": schemas.Error, "description": "Content-Length is missing"},
    413: {"model": schemas.Error, "description": "Too large"},
    503: {"model": schemas.Error, "description": "Too many are waiting; see Retry-After"},
}
QUERY_ERRORS: dict[int | str, dict[str, Any]] = {
    **UPLOAD_ERRORS,
    400: {"model": schemas.Answers | schemas.Error, "description": "No painting could be read"},
}
api = APIRouter(prefix="/api", dependencies=[Depends(refuse_unknown_names)])


def json_response(content: object, status: int = 200) -> Response:
    """JSON as the command line prints it."""
    return Response(to_json(content), status, media_type="application/json")


@api.post("/query", response_model=schemas.Answers, responses=QUERY_ERRORS)
async def query(
    request: Request,
    paintings: PaintingsField,
    filter: ApiQueryFilter,
    top: CountField = 5,
    works: CountField = 3,
    crop: CropField = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Whose hand is each painting nearest to? Files that cannot be read are answered with the reason."""
    uploads = await read_uploads(paintings, crop)
    service = service_of(request)
    result = await service.attribute(uploads, filter, top_k=top, works_per_artist=works)
    answered = any(answer.answered for answer in result.answers)
    index = await service.run_in_thread(lambda: service.index_of(result))
    return json_response(answers_to_dict(result.answers, index), 200 if answered else 400)


@api.post("/compare", response_model=schemas.Compared, responses=UPLOAD_ERRORS)
async def compare_uploads(
    request: Request,
    one: PaintingsField,
    other: PaintingsField,
    crop_one: CropField = [],  # noqa: B006 (FastAPI copies it)
    crop_other: CropField = [],  # noqa: B006
) -> Response:
    """How alike are two paintings, or two groups of them?"""
    sides = await read_uploads(one, crop_one), await read_uploads(other, crop_other)
    result = await service_of(request).compare_uploads(*sides)
    return json_response(comparison_to_dict(result.require_comparison(), result.index))


@api.get("/compare", response_model=schemas.Compared, responses=LOOKUP_ERRORS)
async def compare_works(request: Request, one: WorkId, other: WorkId) -> Response:
    """How alike are two works of the index?"""
    service = service_of(request)
    index = await service.open_current()
    comparison = await service.compare_references(index, [str(one), str(other)])
    return json_response(comparison_to_dict(comparison, index))


@api.get("/artists", response_model=schemas.Artists, responses=INDEX_ERRORS)
def artists(request: Request) -> Response:
    """The artists of the index, and how many works it has of each."""
    return json_response(list_works(service_of(request).current_index.get()).to_dict())


@api.get("/artists/{name:path}", response_model=schemas.Artist, responses=LOOKUP_ERRORS)
def artist(request: Request, name: Annotated[str, Path(max_length=300)]) -> Response:
    """An artist's works, the nearest artists, and those whom they are easily confused with."""
    return json_response(find_artist_profile(service_of(request).current_index.get(), name).to_dict())


@api.get("/works", response_model=schemas.Works, responses=LOOKUP_ERRORS)
def works(request: Request, artist: ArtistParameter) -> Response:
    """An artist's works."""
    return json_response(find_artist_works(service_of(request).current_index.get(), artist).to_dict())


@api.get("/works/{id}", response_model=schemas.Like, responses=LOOKUP_ERRORS)
def work(
    request: Request,
    id: Annotated[int, Path(ge=1, le=2**53)],
    filter: ApiWorksFilter,
    count: Annotated[int, Query(ge=1, le=200)] = SIMILAR_WORKS,
) -> Response:
    """A work, and the works nearest to it in style."""
    current = service_of(request).current_index
    index = current.filtered(current.get(), filter)
    return json_response(similar_works_to_dict(find_similar_works(index, id, count), index))


@api.get("/health", response_model=schemas.Health, responses=INDEX_ERRORS)
def health(request: Request) -> Response:
    """Whether it answers, and from which index."""
    index = service_of(request).current_index.get()
    state = request.app.state
    return json_response(
        {
            "status": "ok",
            "version": __version__,
            "index": index.digest,
            "works": index.manifest.works,
            "artists": index.manifest.artists,
            "waiting": state.load.requests,
            "queue": state.config.queue,
        }
    )
