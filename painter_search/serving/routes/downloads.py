"""Answers saved as files: a page with its pictures, a CSV table, or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import Query
from starlette.responses import Response

from painter_search.common.files.atomic_io import to_json
from painter_search.common.files.csv_io import rows_to_csv
from painter_search.display.pages.page import DownloadLink

Format = Literal["page", "csv", "json"]
Save = Annotated[Format | None, Query()]
"""The parameter `?save=`, by which an address returns a file."""


class FileType(NamedTuple):
    """A format in which an answer can be saved."""

    label: str
    media_type: str
    extension: str


FILE_TYPES: dict[Format, FileType] = {
    "page": FileType("page", "text/html", "html"),
    "csv": FileType("CSV", "text/csv", "csv"),
    "json": FileType("JSON", "application/json", "json"),
}


def download_links(address: str, formats: Sequence[Format] = ("page", "csv", "json")) -> tuple[DownloadLink, ...]:
    """Links that save the answer at an address in each of the formats."""
    separator = "&" if "?" in address else "?"
    return tuple(DownloadLink(FILE_TYPES[format].label, f"{address}{separator}save={format}") for format in formats)


def page_file(name: str, html: str) -> Response:
    """A page to be saved as `name.html`."""
    return _file("page", name, html)


def csv_file(name: str, *rows: Sequence[object]) -> Response:
    """A table to be saved as `name.csv`; the first row is the column names."""
    return _file("csv", name, rows_to_csv(*rows))


def json_file(name: str, content: dict[str, Any]) -> Response:
    """Plain values to be saved as `name.json`."""
    return _file("json", name, to_json(content) + "\n")


def _file(format: Format, name: str, text: str) -> Response:
    file_type = FILE_TYPES[format]
    disposition = f'attachment; filename="{name}.{file_type.extension}"'
    headers = {"Content-Disposition": disposition}
    return Response(text.encode("utf-8", "replace"), media_type=file_type.media_type, headers=headers)
