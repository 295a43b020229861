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
            columns = {k: list(v.values()) if isinstance(v, Mapping) else v for k, v in content.items()}
            content = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if not isinstance(content, list) or not all(isinstance(row, Mapping) for row in content):
        raise ValueError("it is no list of objects")
    header = list(dict.fromkeys(key for row in content for key in row))
    return {to_text(name): [to_text(row.get(name)) for row in content] for name in header}


def _parse_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]
