"""A table's cell as text, whatever the file stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from painter_search.common.files.text_encoding import storable_text

MEMBERS = ("path", "file_name", "filename", "name", "text", "value", "label")
"""Members of a nested value that stand for the whole, in order of preference."""
LINKS = ("url", "src", "uri", "href", "@id")
"""Further ones of a file; or else those of the first member that has such: `{"web": {"url": "1.jpg"}}`."""

QUOTES = (('"', '"'), ("'", "'"), ("“", "”"), ("«", "»"))
JOINERS = "\u200c\u200d"
"""Between two letters or signs of a word these say how it is written, as in Persian or in an emoji."""


def to_text(value: object, names_file: bool = False) -> str:
    """A cell's value as text: whole numbers without decimals, several values with semicolons, nothing as empty.

    A nested value that `names_file` may also be a link, or hold one a level below.
    """
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
        inner = [one for one in value.values() if isinstance(one, Mapping)] if names_file else []
        names = (*MEMBERS, *LINKS) if names_file else MEMBERS
        members = (one[name] for one in (value, *inner) for name in names if one.get(name) is not None)
        return to_text(next(members, None), names_file)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "; ".join(filter(None, (to_text(one, names_file) for one in value)))
    return str(value)


def visible_text(text: str) -> str:
    """A text without the invisible characters that are pasted with it, such as marks of direction and soft hyphens."""
    if text.isprintable():
        return text
    kept = "".join(one for one in text if unicodedata.category(one) != "Cf" or one in JOINERS)
    return re.sub(rf"(?<!\S)[{JOINERS}]+|[{JOINERS}]+(?!\S)", "", kept)


def unquoted_name(text: str) -> str:
    """A file's name or path without what was pasted around it: blanks, invisible characters, a pair of quotation marks.

    Invisible characters within it stay: the file may have them in its name.
    """
    name = _strip(text)
    for opening, closing in QUOTES:
        inner = name[1:-1]
        if len(name) > 1 and (name[0], name[-1]) == (opening, closing) and not {opening, closing} & set(inner):
            name = _strip(inner)
    return name


def _strip(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_invisible(text[start]):
        start += 1
    while end > start and _is_invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"
