"""What is asked for, as the server's routes take it: filters, uploads, the index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import File, Form, Query, Request, UploadFile
from pydantic import StringConstraints

from painter_search.errors import UserError
from painter_search.retrieval.filters import WorkFilter
from painter_search.serving.desk import Desk, Upload, plain_name
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
    conditions = [f"style = {_quoted(style)}"] if style else []
    if only := [name for name in artists if name]:
        conditions.append(f"artist IN ({', '.join(map(_quoted, only))})")
    return WorkFilter(" AND ".join(conditions) or None, tuple(name for name in exclude_artists if name), before, since)


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
            found.append((plain_name(file.filename, number), content))
    if not found:
        raise UserError("give at least one painting.")
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("\0", "").replace("'", "''") + "'"
