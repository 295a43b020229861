"""JSON as the columns of a table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from painter_search.collection.tables.cells import to_text
from painter_search.collection.tables.columns import ARTIST, FILE, find_columns, is_catalogue_header, names_files


class NoSingleListError(ValueError):
    """JSON that has no list of works, or several; says which, and what to do."""


def columns_of_json(text: str, lines: bool) -> dict[str, list[str]]:
    """The columns of objects, one a line or in a list; or of an object of columns, each a list or an object by row; or
    of an object with the artist of each file.

    Raises `ValueError` for text that is none of these, and `NoSingleListError` where saving it as CSV is no remedy.
    """
    try:
        content = _parse_lines(text) if lines else json.loads(text)
    except ValueError:
        if lines:
            raise
        content = _parse_lines(text)  # as files called .json often are
    if isinstance(content, Mapping):
        content = _rows_of_object(content)
    if not isinstance(content, list) or not all(isinstance(row, Mapping) for row in content):
        raise ValueError("it is not a list of objects")
    header = list(dict.fromkeys(key for row in content for key in row))
    return {
        to_text(name): [to_text(row.get(name), names_file) for row in content]
        for name in header
        for names_file in [bool(find_columns([to_text(name)], FILE))]
    }


def _rows_of_object(content: Mapping[str, Any]) -> list[Any]:
    """The rows in an object: its only list of objects, or the only one with files, if it has artists too; else columns.

    Of several lists, none is told by its ids, which artists in a list of their own have as well.
    """
    if "iiif.io" in to_text(content.get("@context")):
        raise NoSingleListError("a IIIF manifest; write a table with the artist and the file of each of its pictures")
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    of_objects = {name: rows for name, rows in lists.items() if all(isinstance(row, Mapping) for row in rows)}
    headers = {name: list(dict.fromkeys(key for row in rows for key in row)) for name, rows in of_objects.items()}
    works = [name for name, header in headers.items() if is_catalogue_header(header)]
    filled = [name for name, rows in of_objects.items() if rows]
    if len(filled) > 1:  # {"records": [{...}, ...], "facets": [{...}]}
        with_files = [name for name in filled if names_files(headers[name])]
        if len(with_files) == 1 and with_files[0] in works:
            return of_objects[with_files[0]]
        if works or len(lists) == len(of_objects):
            raise NoSingleListError(
                f"several lists ({', '.join(filled)}); write one list with the artist and the file of each work"
            )
    elif works or len(lists) == len(of_objects) == 1:
        return of_objects[(works or list(lists))[0]]  # {"works": [{...}, ...]}
    if all(isinstance(value, str) and re.search(r"\.\w{1,5}$", name) for name, value in content.items()):
        return [{FILE: name, ARTIST: value} for name, value in content.items()]  # {"1.jpg": "Monet"}
    return _rows_of_columns(content)


def _rows_of_columns(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of columns: by key where every column is an object, else by position.

    Raises `ValueError` if they are no columns, or differ in length.
    """
    if not all(isinstance(column, Mapping | list) for column in columns.values()):
        raise ValueError("it has no list of works with artist and file")
    if all(isinstance(column, Mapping) for column in columns.values()):
        keys = dict.fromkeys(key for column in columns.values() for key in column)
        return [{name: column.get(key) for name, column in columns.items()} for key in keys]
    lists = [list(column.values()) if isinstance(column, Mapping) else column for column in columns.values()]
    if len(set(map(len, lists))) > 1:
        raise ValueError("it has no list of works with artist and file, and its columns differ in length")
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _parse_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]
