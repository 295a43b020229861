"""JSON as the columns of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from painter_search.collection.tables.cells import to_text


def read_json(text: str, lines: bool) -> dict[str, list[str]]:
    """The columns of objects, one a line or in a list; or of an object of columns, each a list or an object by row.

    Raises `ValueError` for text that is none of these.
    """
    try:
        content = _parse_lines(text) if lines else json.loads(text)
    except ValueError:
        if lines:
            raise
        content = _parse_lines(text)  # as files called .json often are
    if isinstance(content, Mapping):
        inner = [value for value in content.values() if isinstance(value, list)]
        if len(inner) == 1 and all(isinstance(value, Mapping) for value in inner[0]):
            content = inner[0]  # {"works": [{...}, ...]}
        else:
            content = _rows_of_columns(content)
    if not isinstance(content, list) or not all(isinstance(row, Mapping) for row in content):
        raise ValueError("it is no list of objects")
    header = list(dict.fromkeys(key for row in content for key in row))
    return {to_text(name): [to_text(row.get(name)) for row in content] for name in header}


def _rows_of_columns(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of columns: by key where every column is an object, else by position."""
    if all(isinstance(column, Mapping) for column in columns.values()):
        keys = dict.fromkeys(key for column in columns.values() for key in column)
        return [{name: column.get(key) for name, column in columns.items()} for key in keys]
    lists = [list(column.values()) if isinstance(column, Mapping) else column for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _parse_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]
