"""What is asked for, as the server's routes take it: filters, uploads, the index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import File, Form, Query, Request, UploadFile
from pydantic import StringConstraints

from painter_search.collection.spellings import plain_name
from painter_search.errors import UserError
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.desk import Desk, Upload, plain_file_name
from painter_search.serving.settings import FILE_BYTES, MOST_PAINTINGS

ShortText = Annotated[str, StringConstraints(max_length=300)]
Name = Annotated[str, Query(max_length=300)]
Names = Annotated[list[ShortText], Query(max_length=50)]
Style = Annotated[str | None, Query(max_length=300)]
Year = Annotated[int | None, Query(ge=-9999, le=9999)]
FormNames = Annotated[list[ShortText], Form(max_length=50)]
FormStyle = Annotated[str | None, Form(max_length=300)]
FormYear = Annotated[int | None, Form(ge=-9999, le=9999)]
Paintings = Annotated[list[UploadFile], File(description="Image files")]
Count = Annotated[int, Form(ge=1, le=50)]
WorkId = Annotated[int, Query(ge=1, le=2**53)]


def desk_of(request: Request) -> Desk:
    """The server's desk."""
    desk: Desk = request.app.state.desk
    return desk


def work_filter(
    style: str | None = None,
    artists: Sequence[str] = (),
    exclude_artists: Sequence[str] = (),
    since: int | None = None,
    before: int | None = None,
) -> WorkFilter:
    """A filter from plain choices. Expressions of SQL are not taken from the network: some would keep SQLite busy."""
    only, without = (tuple(name for name in names if name) for names in (artists, exclude_artists))
    return WorkFilter(None, without, before, since, only, style or None)


def names_of_form(index: PaintingIndex, text: str) -> list[str]:
    """Artists whom somebody wrote into a form, separated by semicolons, spelt as the index does.

    Accents, capitals and the order of a name's parts make no difference where only one artist can be meant.
    """
    known = index.artists[2]
    spelt: dict[str, list[str]] = {}
    for name in known if text else ():
        spelt.setdefault(plain_name(name), []).append(name)
    written = [name.strip() for name in text.split(";")]
    close = ((name, spelt.get(plain_name(name), [])) for name in written if name)
    return [meant[0] if name not in known and len(meant) == 1 else name for name, meant in close]


def year_of_form(text: str) -> int | None:
    """A year as somebody wrote it into a form; raises `UserError` for what is none."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,4}", text):
        raise UserError("give the year as a number, such as 1850.")
    return int(text)


async def read_uploads(files: Sequence[UploadFile], most: int = MOST_PAINTINGS) -> list[Upload]:
    """The names and contents of uploaded files; an empty field of a form counts as none."""
    if len(files) > most:
        raise UserError(f"these are {len(files)} paintings; send at most {most} at once.")
    found = []
    for number, file in enumerate(files, start=1):
        # One byte more than is taken says that it is too large.
        content = await file.read(FILE_BYTES + 1)
        if content or file.filename:
            found.append((plain_file_name(file.filename, number), content))
    if not found:
        raise UserError("give at least one painting.")
    return found
