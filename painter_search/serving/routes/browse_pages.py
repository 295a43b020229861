"""The pages to browse the index: its artists, its works, how sure its answers are, and the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from painter_search.common.errors import PainterSearchError
from painter_search.common.text import sentence_case
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import similar_names
from painter_search.serving.lookups import (
    NotFound,
    find_artist_profile,
    find_similar_works,
    have_words,
    similar_works_to_dict,
)
from painter_search.serving.routes.downloads import Save, csv_file, download_links, json_file, page_file
from painter_search.serving.routes.html_pages import page_response, render_page, served_page
from painter_search.serving.routes.requests import (
    FilterText,
    PageArtistsFilter,
    PageWorksFilter,
    TextParameter,
    service_of,
)

browse_pages = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class ListedArtist:
    """An artist in the list of artists."""

    name: str
    works: int
    first_work: int
    """The id of the work whose picture stands for the artist."""


@browse_pages.get("/artists")
def artists(request: Request, filter: PageArtistsFilter, q: TextParameter = "", save: Save = None) -> Response:
    """All artists, or those whose names contain the words of `q`, with works of a style or period."""
    current = service_of(request).current_index
    index = current.get()
    try:
        listed = _search_artists(current.filtered(index, filter.to_filter(index)), q)
    except PainterSearchError as error:
        if save is not None:
            raise
        return _artists_page(request, index, filter, q, [], 400, sentence_case(str(error)))
    if save == "json":
        records = [{"artist": artist.name, "works": artist.works} for artist in listed]
        return json_file("artists", {"index": index.digest, "artists": records})
    if save == "csv":
        return csv_file("artists", ["artist", "works"], *([artist.name, artist.works] for artist in listed))
    if save == "page":
        return page_file("artists", render_page("artists.html", index, artists=listed))
    return _artists_page(request, index, filter, q, listed)


def _artists_page(
    request: Request,
    index: PaintingIndex,
    filter: FilterText,
    q: str,
    listed: Sequence[ListedArtist],
    status: int = 200,
    error: str = "",
) -> Response:
    """The list of artists below the form as it was filled in, and what is wrong with that."""
    names = index.artists.names
    misspelt = not any(have_words(names, q))  # else the filter leaves none of these artists
    content: dict[str, Any] = {
        "artists": listed,
        "q": q,
        "style": filter.style,
        "since": filter.since,
        "before": filter.before,
        "styles": index.works.styles,
        "dated": index.works.is_dated,
        "close": similar_names(q, names) if misspelt else [],
        "error": error,
    }
    address = _address("/artists", {"q": q, **filter.filled_in()} if q else filter.filled_in())
    served = replace(served_page(request, "/artists"), downloads=download_links(address) if listed else ())
    return page_response("artists.html", index, served, status, **content)


@browse_pages.get("/artists/{name:path}")
def artist(request: Request, name: Annotated[str, Path(max_length=300)], save: Save = None) -> Response:
    """An artist: all works, the nearest artists, and those that the artist is confused with."""
    index = service_of(request).current_index.get()
    try:
        profile = find_artist_profile(index, name)
    except NotFound:
        if save is not None:
            raise
        return _artists_page(request, index, FilterText(), name, _search_artists(index, name), 404)
    works = profile.listing.works
    if save == "json":
        return json_file("artist", profile.to_dict())
    if save == "csv":
        columns = ["work", "title", "date", "style", "genre", "file"]
        rows = [(w.id, w.work.title, w.work.date, w.work.style, w.work.genre, w.work.name) for w in works]
        return csv_file("artist", columns, *rows)
    content: dict[str, Any] = {
        "name": works[0].work.artist,
        "works": works,
        "nearest": profile.nearest,
        "confusions": profile.confusions,
    }
    if save == "page":
        return page_file("artist", render_page("artist.html", index, **content))
    served = replace(served_page(request, "/artists"), downloads=download_links(f"/artists/{quote(name)}"))
    return page_response("artist.html", index, served, **content)


@browse_pages.get("/works/{id}")
def work(
    request: Request, id: Annotated[int, Path(ge=1, le=2**53)], filter: PageWorksFilter, save: Save = None
) -> Response:
    """A work, and more like it."""
    current = service_of(request).current_index
    whole = current.get()
    problem = ""
    try:
        index = current.filtered(whole, filter.to_filter(whole))
        similar = find_similar_works(index, id)
    except PainterSearchError as error:
        if save is not None:
            raise
        index, problem = whole, sentence_case(str(error))
        similar = replace(find_similar_works(whole, id), nearest=())
    if save == "json":
        return json_file("work", similar_works_to_dict(similar, index))
    if save == "csv":
        columns = ["work", "title", "date", "work distance", "work probability", "artist"]
        rows = [
            (near.id, near.work.caption, near.work.date, near.distance, near.probability, near.work.artist)
            for near in similar.nearest
        ]
        return csv_file("work", columns, *rows)
    content: dict[str, Any] = {
        "similar": similar,
        "selection": index.selection,
        "style": filter.style,
        "exclude_artist": filter.exclude_artist,
        "since": filter.since,
        "before": filter.before,
        "styles": whole.works.styles,
        "dated": whole.works.is_dated,
        "artists": whole.artists.names,
        "error": problem,
    }
    if save == "page":
        return page_file("work", render_page("work.html", whole, **content))
    downloads = () if problem else download_links(_address(f"/works/{id}", filter.filled_in()))
    served = replace(served_page(request), downloads=downloads)
    return page_response("work.html", whole, served, 400 if problem else 200, **content)


@browse_pages.get("/index")
def index_page(request: Request, save: Annotated[Literal["page"] | None, Query()] = None) -> Response:
    """What the index holds, and how sure its answers are."""
    service = service_of(request)
    index = service.current_index.get()
    content = service.index_page(index)
    if save == "page":
        return page_file("index", render_page("index.html", index, **content))
    served = replace(served_page(request, "/index"), downloads=download_links("/index", ["page"]))
    return page_response("index.html", index, served, **content)


@browse_pages.get("/map")
def map_page(request: Request, work: Annotated[int | None, Query(ge=1, le=2**53)] = None) -> Response:
    """The map of the index, around a `work`; while it is being laid out, a page that reloads itself."""
    service = service_of(request)
    index = service.current_index.get()
    content = service.maps.get(index)
    served = served_page(request, "/map")
    if content is None:
        return page_response("drawing.html", index, served)
    sheets = [f"{served.root}/map/{index.digest}/{number}.jpg" for number in range(len(content["data"]["sheets"]))]
    data = {**content["data"], "sheets": sheets, "address": f"{served.root}/works/"}
    if work is not None:
        data["work"] = work
    return page_response("map.html", index, served, **{**content, "data": data})


@browse_pages.get("/map/{digest}/{number}.jpg")
def map_sprite_sheet(request: Request, digest: str, number: Annotated[int, Path(ge=0, le=10_000)]) -> Response:
    """One of the map's sheets of thumbnails."""
    content = service_of(request).maps.sprite_sheet(digest, number)
    if content is None:
        raise NotFound("There is no such map.")
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


def _search_artists(index: PaintingIndex, words: str) -> Sequence[ListedArtist]:
    """The artists of an index whose names contain all the words, in the order of their names."""
    table = index.artists
    numbers, first, counts = np.unique(table.numbers, return_index=True, return_counts=True)
    columns = zip(numbers.tolist(), counts.tolist(), table.ids[first].tolist(), strict=True)
    named = have_words(table.names, words)
    return [ListedArtist(table.names[number], count, id) for number, count, id in columns if named[number]]


def _address(path: str, parameters: dict[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
