"""Pages of what the index holds: its artists, its works, and the map of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from painter_search.collection.spellings import plain_name
from painter_search.display.citation import citation_line
from painter_search.display.pages import embed_picture, open_template
from painter_search.display.records import NEIGHBOUR_COLUMNS, neighbour_cells, table
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.desk import Missing
from painter_search.serving.findings import artist_record, find_artist, find_like, like_record
from painter_search.serving.requests import desk_of, names_of_form, work_filter, year_of_form
from painter_search.serving.saving import Save, save, saves, served

holdings = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=300)]


def page(request: Request, template: str, index: PaintingIndex, here: str = "", **content: Any) -> Response:
    """A page of the server."""
    shown = content.pop("served", served(request, here))
    return HTMLResponse(render(template, index, served=shown, **content))


def render(template: str, index: PaintingIndex, **content: Any) -> str:
    """A page, for the server or to be saved: then it holds its pictures."""
    within = content.get("served") is None

    def picture(id: int) -> str:
        return embed_picture(index.works.thumbnail(id)) if within else f"/pictures/{index.digest}/{id}.jpg"

    common = {"index": index, "picture": picture, "citation": citation_line(index)}
    return str(open_template(template).render(common | content))


def choices(index: PaintingIndex) -> dict[str, Any]:
    """What the works of the index can be narrowed by."""
    return {"styles": index.works.styles(), "artists": index.artists[2]}


@holdings.get("/artists")
def artists(
    request: Request, q: Text = "", style: Text = "", since: Text = "", before: Text = "", form: Save = None
) -> Response:
    """All artists, or those with works of a style or a period, or whose names have something in them."""
    current = desk_of(request).current
    whole = current.get()
    filter = work_filter(style, (), (), year_of_form(since), year_of_form(before))
    ids, numbers, names = current.narrowed(whole, filter).artists
    counts = dict.fromkeys(names, 0)
    first: dict[str, int] = {}
    for id, number in zip(ids.tolist(), numbers.tolist(), strict=True):
        counts[names[number]] += 1
        first.setdefault(names[number], id)
    words = plain_name(q).split()
    found = [(name, counts[name], first[name]) for name in names if all(word in plain_name(name) for word in words)]
    if form == "json":
        listed = {"index": whole.digest, "artists": [{"artist": name, "works": works} for name, works, _ in found]}
        return save(form, "artists", listed)
    if form == "csv":
        return save(form, "artists", table(["artist", "works"], *(row[:2] for row in found)))
    content: dict[str, Any] = {
        "found": found,
        "q": q,
        "style": style,
        "since": since,
        "before": before,
        "styles": whole.works.styles(),
    }
    asked = {key: content[key] for key in ("q", "style", "since", "before") if content[key]}
    if form == "page":
        return save(form, "artists", render("artists.html", whole, **content))
    address = "/artists" + (f"?{urlencode(asked)}" if asked else "")
    shown = replace(served(request, "/artists"), saves=saves(address) if found else ())
    return page(request, "artists.html", whole, served=shown, **content)


@holdings.get("/artists/{name:path}")
def artist(request: Request, name: Annotated[str, Path(max_length=300)], form: Save = None) -> Response:
    """An artist: all works, the nearest artists, and those whom the artist is confused with."""
    index = desk_of(request).current.get()
    if form == "json":
        return save(form, "artist", artist_record(index, name))
    listing, nearest, confusions = find_artist(index, name)
    if form == "csv":
        rows = [(w.id, w.work.title, w.work.date, w.work.style, w.work.genre, w.work.name) for w in listing.works]
        return save(form, "artist", table(["work", "title", "date", "style", "genre", "file"], *rows))
    content: dict[str, Any] = {"name": name, "works": listing.works, "nearest": nearest, "confusions": confusions}
    if form == "page":
        return save(form, "artist", render("artist.html", index, **content))
    shown = replace(served(request, "/artists"), saves=saves(f"/artists/{quote(name)}"))
    return page(request, "artist.html", index, served=shown, **content)


@holdings.get("/works/{id}")
def work(
    request: Request,
    id: Annotated[int, Path(ge=1, le=2**53)],
    style: Text = "",
    exclude_artist: Text = "",
    since: Text = "",
    before: Text = "",
    form: Save = None,
) -> Response:
    """A work, and more like it."""
    current = desk_of(request).current
    whole = current.get()
    filter = work_filter(style, (), names_of_form(whole, exclude_artist), year_of_form(since), year_of_form(before))
    index = current.narrowed(whole, filter)
    if form == "json":
        return save(form, "work", like_record(index, id))
    like = find_like(index, id)
    if form == "csv":
        rows = [(*neighbour_cells(neighbour), neighbour.work.artist) for neighbour in like.nearest]
        return save(form, "work", table([*NEIGHBOUR_COLUMNS, "artist"], *rows))
    asked = {"style": style, "exclude_artist": exclude_artist, "since": since, "before": before}
    content = {"like": like, **asked, **choices(whole), "selection": index.selection}
    if form == "page":
        return save(form, "work", render("work.html", whole, **content))
    chosen = urlencode({key: value for key, value in asked.items() if value})
    shown = replace(served(request), saves=saves(f"/works/{id}" + (f"?{chosen}" if chosen else "")))
    return page(request, "work.html", whole, served=shown, **content)


@holdings.get("/index")
def about(request: Request, form: Annotated[Literal["page"] | None, Query(alias="save")] = None) -> Response:
    """What the index holds, and how sure its answers are."""
    desk = desk_of(request)
    index = desk.current.get()
    content = desk.about(index)
    if form == "page":
        return save(form, "index", render("index.html", **content))
    shown = replace(served(request, "/index"), saves=saves("/index", ("page",)))
    return page(request, "index.html", **content, served=shown)


@holdings.get("/map")
def atlas(request: Request) -> Response:
    """The map of the index; while it is drawn, a page that looks for it again."""
    desk = desk_of(request)
    index = desk.current.get()
    drawn = desk.maps.get(index)
    if drawn is None:
        return page(request, "drawing.html", index, "/map")
    sheets = [f"/map/{index.digest}/{number}.jpg" for number in range(len(drawn["data"]["sheets"]))]
    data = {**drawn["data"], "sheets": sheets, "address": "/works/"}
    return page(request, "map.html", index, "/map", **{**drawn, "data": data}, today=date.today().isoformat())


@holdings.get("/map/{digest}/{number}.jpg")
def sheet(request: Request, digest: str, number: Annotated[int, Path(ge=0, le=10_000)]) -> Response:
    """One of the map's sheets of thumbnails."""
    content = desk_of(request).maps.sheet(digest, number)
    if content is None:
        raise Missing("There is no such map.")
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})
