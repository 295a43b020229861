"""What the routes take: filters, numbers of results, and uploaded files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import Depends, File, Form, Query, Request, UploadFile
from fastapi.dependencies.models import Dependant
from pydantic import StringConstraints

from painter_search.common.errors import InvalidValueError
from painter_search.images.photographs.crop import Crop, CropBox, parse_crop
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import MAX_FILE_BYTES, MAX_PAINTINGS, MAX_REQUEST_BYTES, RESULT_SECONDS
from painter_search.serving.lookups import parse_artists
from painter_search.serving.service import Service
from painter_search.serving.uploads import Upload, plain_file_name

MAX_FIELDS = 1_000
"""As many as Starlette reads: where there are too many files, the answer is how many there may be."""
ShortText = Annotated[str, StringConstraints(max_length=300)]
ArtistParameter = Annotated[str, Query(max_length=300)]
ArtistsParameter = Annotated[list[ShortText], Query(max_length=50)]
StyleParameter = Annotated[str | None, Query(max_length=300)]
YearParameter = Annotated[int | None, Query(ge=-9999, le=9999)]
WorkId = Annotated[int, Query(ge=1, le=2**53)]
ArtistsField = Annotated[list[ShortText], Form(max_length=50)]
StyleField = Annotated[str | None, Form(max_length=300)]
YearField = Annotated[int | None, Form(ge=-9999, le=9999)]
MAX_COUNT = 50
"""Artists that an answer names, and works that it shows of each, at most."""
CountField = Annotated[int, Form(ge=1, le=MAX_COUNT)]
PercentField = Annotated[float, Form(ge=0, le=100)]
TurnField = Annotated[int, Form(ge=0, le=3)]
Files = Annotated[list[UploadFile], File()]
PaintingsField = Annotated[list[UploadFile], File(description="Image files")]
CropField = Annotated[
    list[ShortText],
    Form(
        max_length=MAX_FIELDS,
        description="What of each photograph is used, in the order of the files; the last one holds for further files: "
        "auto (the default), the painting in it where one is found for sure or is a work of the index or, of two "
        "that are compared, the other one; none, all of it; x,y,w,h or x,y,w,h,turn: left, "
        "top, width and height as fractions of the upright photograph if none is above 1, else in its pixels, then "
        "quarter turns clockwise",
    ),
]
TextField = Annotated[str, Form(max_length=300)]
TextParameter = Annotated[str, Query(max_length=300)]

LIMITS = {
    "paintings": MAX_PAINTINGS,
    "megabytes": MAX_FILE_BYTES // 1_000_000,
    "minutes": RESULT_SECONDS // 60,
    "bytes": MAX_REQUEST_BYTES,
}
"""What the forms say of the server's limits."""


def crop_again(
    left: PercentField = 0,
    top: PercentField = 0,
    width: PercentField = 100,
    height: PercentField = 100,
    turn: TurnField = 0,
) -> Crop:
    """The crop of the form on an answer's page, in percent of the photograph; all of it, unturned, is not a crop."""
    box = CropBox(left / 100, top / 100, width / 100, height / 100, turn)
    return "none" if (left, top, width, height, turn) == (0, 0, 100, 100, 0) else box


CropAgain = Annotated[Crop, Depends(crop_again)]


async def refuse_unknown_names(request: Request) -> None:
    """Raises `PainterSearchError` for a parameter or form field that the route does not have, perhaps mistyped."""
    parts = list(_parts_of(request.scope["route"].dependant))
    parameters = [parameter.alias for part in parts for parameter in part.query_params]
    form_fields = [form_field.alias for part in parts for form_field in part.body_params]
    for name in request.query_params:
        if name in form_fields:
            raise InvalidValueError(f"send {name} as a form field, not in the address.")
        if name not in (*parameters, "token"):  # which `RequestMiddleware` reads
            known = f"the parameters are {', '.join(parameters)}" if parameters else "this address takes none"
            raise InvalidValueError(f"there is no parameter {name[:50]!r}; {known}.")
    for name in await request.form() if form_fields else ():
        if name not in form_fields:
            raise InvalidValueError(f"there is no field {name[:50]!r}; the fields are {', '.join(form_fields)}.")


def _parts_of(route: Dependant) -> Iterator[Dependant]:
    yield route
    for dependency in route.dependencies:
        yield from _parts_of(dependency)


def service_of(request: Request) -> Service:
    """The server's service."""
    service: Service = request.app.state.service
    return service


def api_query_filter(
    style: StyleField = None,
    artist: ArtistsField = [],  # noqa: B006 (FastAPI copies it)
    exclude_artist: ArtistsField = [],  # noqa: B006
    since: YearField = None,
    before: YearField = None,
) -> WorkFilter:
    """The filter of the form fields of `/api/query`."""
    return work_filter(style=style, artists=artist, exclude_artists=exclude_artist, since=since, before=before)


def api_works_filter(
    style: StyleParameter = None,
    exclude_artist: ArtistsParameter = [],  # noqa: B006
    since: YearParameter = None,
    before: YearParameter = None,
) -> WorkFilter:
    """The filter of the parameters of `/api/works/{id}`."""
    return work_filter(style=style, exclude_artists=exclude_artist, since=since, before=before)


@dataclass(frozen=True)
class FilterText:
    """The fields of a page's filter as a person filled them in; empty ones do not filter."""

    style: str = ""
    artist: str = ""
    """Artists, separated by semicolons."""
    exclude_artist: str = ""
    """Artists, separated by semicolons."""
    since: str = ""
    before: str = ""

    def to_filter(self, index: PaintingIndex) -> WorkFilter:
        """The filter, with artists spelt as the index does; raises `PainterSearchError` for what is not a year."""
        return work_filter(
            style=self.style,
            artists=parse_artists(index, self.artist),
            exclude_artists=parse_artists(index, self.exclude_artist),
            since=parse_year(self.since),
            before=parse_year(self.before),
        )

    def filled_in(self) -> dict[str, str]:
        """The fields that are not empty, as the parameters of an address."""
        return {field.name: text for field in fields(self) if (text := getattr(self, field.name))}


def page_query_filter(
    style: TextField = "",
    artist: TextField = "",
    exclude_artist: TextField = "",
    since: TextField = "",
    before: TextField = "",
) -> FilterText:
    """The filter of the form to ask about paintings."""
    return FilterText(style, artist, exclude_artist, since, before)


def page_works_filter(
    style: TextParameter = "", exclude_artist: TextParameter = "", since: TextParameter = "", before: TextParameter = ""
) -> FilterText:
    """The filter in the address of a work."""
    return FilterText(style=style, exclude_artist=exclude_artist, since=since, before=before)


def page_artists_filter(style: TextParameter = "", since: TextParameter = "", before: TextParameter = "") -> FilterText:
    """The filter in the address of the list of artists."""
    return FilterText(style=style, since=since, before=before)


ApiQueryFilter = Annotated[WorkFilter, Depends(api_query_filter)]
ApiWorksFilter = Annotated[WorkFilter, Depends(api_works_filter)]
PageQueryFilter = Annotated[FilterText, Depends(page_query_filter)]
PageWorksFilter = Annotated[FilterText, Depends(page_works_filter)]
PageArtistsFilter = Annotated[FilterText, Depends(page_artists_filter)]


def work_filter(
    *,
    style: str | None = None,
    artists: Sequence[str] = (),
    exclude_artists: Sequence[str] = (),
    since: int | None = None,
    before: int | None = None,
) -> WorkFilter:
    """A filter without SQL expressions: from the network, some would keep SQLite busy."""
    return WorkFilter(
        exclude_artists=tuple(name for name in exclude_artists if name),
        before=before,
        since=since,
        artists=tuple(name for name in artists if name),
        style=style or None,
    )


def parse_year(text: str) -> int | None:
    """The year in a form field, or None if it is empty; raises `PainterSearchError` for anything else."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,4}", text):
        raise InvalidValueError("give the year as a number, such as 1850.")
    return int(text)


def parse_count(text: str, label: str) -> int:
    """The number in a form field that is called `label`; raises `PainterSearchError` if it is none from 1 to 50."""
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_COUNT:
        raise InvalidValueError(f"{label}: give a number from 1 to {MAX_COUNT}.")
    return int(text)


async def read_uploads(files: Sequence[UploadFile], crops: Sequence[str] = ()) -> list[Upload]:
    """Read uploaded files; skips empty form fields.

    Args:
        files: The files of a form.
        crops: The form's fields `crop`, see `parse_crop`: the first belongs to the first file that is not skipped, and
            so on; the last one holds for further files.

    Raises:
        PainterSearchError: There are no files, or more than `MAX_PAINTINGS`, or a crop cannot be read.
    """
    parts = [parse_crop(crop) for crop in crops] or [parse_crop("auto")]
    files = [file for file in files if file.filename or file.size != 0]
    if not files:
        raise InvalidValueError("give at least one painting.")
    if len(files) > MAX_PAINTINGS:
        raise InvalidValueError(f"these are {len(files)} paintings; send at most {MAX_PAINTINGS} at once.")
    uploads: list[Upload] = []
    for number, file in enumerate(files, start=1):
        content = await file.read(MAX_FILE_BYTES + 1)  # the byte too many marks a file that is too large
        part = parts[min(number, len(parts)) - 1]
        uploads.append(Upload(plain_file_name(file.filename, number), content, part))
    return uploads
