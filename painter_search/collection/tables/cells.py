"""A table's cell as text, whatever the file stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from painter_search.common.files.text_encoding import storable_text

MEMBERS = ("path", "file_name", "filename", "name", "text", "value", "label")
"""Members of a nested value that stand for the whole, in order of preference."""


def to_text(value: object) -> str:
    """A cell's value as text: whole numbers without decimals, several values with semicolons, nothing as empty."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return str(value.date() if value.time() == time() else value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return to_text(next((value[name] for name in MEMBERS if value.get(name) is not None), None))
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "; ".join(filter(None, map(to_text, value)))
    return str(value)
