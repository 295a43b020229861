"""Words of an artist field with their places, and the listed phrases among them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from painter_search.collection.hands import words
from painter_search.collection.hands.folding import fold_words, phrases

MAX_WORDS = 6
"""Of the longest phrase."""


class Word(NamedTuple):
    """A word of a field, and where it begins and ends."""

    folded: str
    start: int
    end: int


@lru_cache(maxsize=1024)
def split_field(text: str) -> tuple[Word, ...]:
    """The words of a text with their places; `&` and `+` are read as "and"."""
    found = re.finditer(r"[^\W_]+|[&+]", text)
    return tuple(Word("".join(fold_words(one.group())) or "and", one.start(), one.end()) for one in found)


def find_phrase(split: Sequence[Word], at: int, listed: Mapping[str, str]) -> tuple[str, int] | None:
    """What the longest listed phrase that begins at a word stands for, and how many words it has."""
    for count in range(min(MAX_WORDS, len(split) - at), 0, -1):
        phrase = " ".join(word.folded for word in split[at : at + count])
        if phrase in listed:
            return listed[phrase], count
    return None


@cache
def filler() -> frozenset[str]:
    """Single words that name nobody."""
    lists = (words.NOBODY, words.ROLES, words.TIMES, words.GLUE, words.SCHOOLS, words.CULTURES, words.PLACES)
    return frozenset(word for listed in lists for phrase in phrases(listed) for word in phrase.split())


@cache
def prepositions() -> dict[str, str]:
    """Prepositions between a noun and an artist; those that are a qualifier of their own with it."""
    return {phrase: qualifying_phrases().get(phrase, "") for phrase in phrases(words.PREPOSITIONS)}


@cache
def nouns() -> dict[str, str]:
    """The qualifier of each noun that may stand before an artist."""
    return {noun: qualifier for qualifier, listed in words.NOUNS.items() for noun in phrases(listed)}


@cache
def qualifying_phrases() -> dict[str, str]:
    """The qualifier of each phrase that stands directly before an artist."""
    return {phrase: qualifier for qualifier, listed in words.PHRASES.items() for phrase in phrases(listed)}


@cache
def qualifying_words() -> frozenset[str]:
    """The single words of all qualifiers."""
    return frozenset(word for phrase in (*nouns(), *qualifying_phrases()) for word in phrase.split())
