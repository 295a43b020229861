"""Whether an artist field names nobody: unknown artists, schools and cultures, anonymous masters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from painter_search.collection.hands import words
from painter_search.collection.hands.field_words import filler, find_phrase, qualifying_words, split_field
from painter_search.collection.hands.folding import phrases


def names_nobody(field: str) -> bool:
    """Whether an artist field names nobody at all: empty, Unknown, "Italian, 16th century", "Master of Flémalle"."""
    folded = [word.folded for word in split_field(field)]
    text = " ".join(folded)
    if not any(letter.isalnum() for letter in text) or text in phrases(words.NOBODY_ALONE) | phrases(words.NOBODY):
        return True
    if field.strip().casefold() in words.DITTO_AS_WRITTEN or re.fullmatch(r"#[\w/]+[!?]", field.strip()):  # #REF!
        return True
    if text in phrases(words.FIRMS):
        return False
    return says_nothing(folded) or _is_anonymous_master(field) or _has_no_artist(folded)


def begins_with_nobody(field: str) -> bool:
    """Whether it begins with "Unknown", and with a role or a comma after that: "Unknown artist from Bruges"."""
    split = split_field(field)
    if not split or split[0].folded not in phrases(words.NOBODY):
        return False
    behind = split[1].folded if len(split) > 1 else ""
    roles = phrases(words.ROLES) | phrases(words.CULTURES) | phrases(words.SCHOOLS)
    return not behind or behind in roles or re.match(r"\s*[,;:(\[-]", field[split[0].end :]) is not None


def says_nothing(folded: Sequence[str]) -> bool:
    """Whether words name nobody: roles, cultures, schools and times alone."""
    numbers = [word for word in folded if any(letter.isdigit() for letter in word)]
    plain = [word for word in folded if word not in numbers and not re.fullmatch(r"[ivx]+(e|eme|th)?", word)]
    if not all(word in filler() for word in plain):
        return False
    cultures = [word for word in plain if word in phrases(words.CULTURES)]
    if len(plain) == 1 == len(folded) and plain[0] in phrases(words.NAMES_TOO):
        return False
    by_name = len(folded) == 2 and folded[0] in ("il", "lo", "la", "le", "el") and folded[1] in cultures
    if any(word in phrases(words.NOBODY) for word in plain) or (cultures and not by_name):
        return True
    if any(word in phrases(words.CENTURIES) for word in plain) and len(folded) > 1:
        return True
    if numbers or any(len(word) == 1 for word in folded[1:]):  # Studio 54, Master E. S.
        return False
    if any(word in phrases(words.SCHOOLS) for word in plain):
        return True
    roles = [word for word in plain if word in phrases(words.ROLES)]
    return len(plain) > 1 and roles != [] and all(word in roles or word in _beside_a_role() for word in plain)


def _has_no_artist(folded: Sequence[str]) -> bool:
    """Whether words are a qualifier before nobody: "Attributed to", "Circle of unknown artist"."""
    near, empty = qualifying_words(), phrases(words.PREPOSITIONS) | phrases(words.NOBODY)
    if len(folded) < 2 or folded[0] not in near or not all(word in near or word in filler() for word in folded):
        return False
    return any(word in empty or word == "to" for word in folded[1:])


def _is_anonymous_master(field: str) -> bool:
    """Whether it is a name that art historians give: "Master of Flémalle", or "Flémalle, Master of"."""
    for text in (field, re.split(r"[,(\[]", field)[-1]):
        split = split_field(text)
        while split and split[0].folded in ("the", "anonymous"):
            split = split[1:]
        if split and find_phrase(split, 0, dict.fromkeys(phrases(words.MASTERS), "")):
            return True
    return False


@cache
def _beside_a_role() -> frozenset[str]:
    return phrases(words.PLACES) | {"the", "a", "an", "der", "die", "das", "ein", "eine"}
