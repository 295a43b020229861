"""Folders whose names say more than the artist: `Impressionism__Monet`, `train-Monet`, `Monet - Water Lilies`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from painter_search.collection.layouts.file_names import MAX_LENGTH
from painter_search.collection.layouts.name_kinds import NameKind, is_known_painter, kind_of, part_of, words_of

MAJORITY = 0.5
EVIDENT = 0.3
"""Share of names that must begin with a well-known painter's for the rest of all names to be titles."""
BETWEEN = re.compile(r"\s+[-\u2013\u2014]+\s+|_[-\u2013\u2014]+_|(?<=[^_])__+(?=[^_])|(?<=[^-])--+(?=[^-])|\s+by\s+")
AFTER_A_PART = re.compile(r"[\s_\-]+")
BESIDE: dict[NameKind, str] = {
    "part": "a part of a division", "style": "a style", "period": "a period", "place": "a place", "museum": "a museum",
    "subject": "a subject",
}  # fmt: skip
"""What may stand beside an artist in the name of a folder."""


def beside_artists(names: Collection[str]) -> str:
    """What most of some folders' names say beside an artist; empty if they name artists alone."""
    divided = [fields for name in names if len(name) <= MAX_LENGTH and len(fields := _divide(name)) > 1]
    if len(divided) < 2 or len(divided) <= MAJORITY * len(names):
        return ""
    for end in (0, -1):
        kinds = Counter(kind_of(fields[end]) for fields in divided)
        kind, count = kinds.most_common(1)[0]
        if kind in BESIDE and count > MAJORITY * len(divided):
            return BESIDE[kind]
    firsts = Counter(words_of(fields[0]) for fields in divided)
    painters = sum(is_known_painter(fields[0]) and not is_known_painter(" ".join(fields)) for fields in divided)
    if max(firsts.values()) > 1 or painters >= max(2, EVIDENT * len(divided)):
        return "a title"
    return ""


def _divide(name: str) -> list[str]:
    fields = [field for field in BETWEEN.split(name) if re.search(r"[^\W\d_]", field)]
    if len(fields) < 2:
        first, *rest = AFTER_A_PART.split(name, maxsplit=1)
        fields = [first, *rest] if part_of(first) and rest and re.search(r"[^\W\d_]{2}", rest[0]) else fields
    return fields
