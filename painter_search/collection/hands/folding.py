"""Names of artists folded for comparison: without accents, capitals, punctuation, order, and the years of a life."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from painter_search.collection.hands import words
from painter_search.common.text import without_accents

LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"})
"""Letters that have no accent to take away."""
WORD = re.compile(r"[^\W_]+")
YEARS_BEHIND = re.compile(
    r"[\s_]\(?(?:c\.?|ca\.?|um)?\s?\d{4}\??\s?[-\u2010-\u2015/]\s?(?:c\.?|ca\.?)?\s?(?:\d{2,4})?\??\)?$"
)
"""The years of a life behind a name, without a comma or a bracket."""


LIFE_IN_BRACKETS = re.compile(
    r"[(\[]([^()\[\]]*(?<!\d)\d{3,4}\??\s?[-\u2010-\u2015/][^()\[\]\d]*\d{3,4}(?!\d)[^()\[\]]*)[)\]]\s*$"
)
"""What stands in brackets behind a name around the years of a life: (French, Paris, 1840 - Giverny, 1926)."""
EITHER_SEX = re.compile(r"(?<=[^\W\d_])[*:_/](?=in(?:nen)?\b)")
"""The sign in a German word for either sex: Maler*in."""
SAID_BEFORE = re.compile(
    r"(?:(?:painted|drawn|designed|(?:print )?made|engraved|etched)\s+)?by:?\s+|"
    r"gemalt von\s+|peint par\s+|dipinto da\s+|pintado por\s+|"
    r"(?:artist|painter|maker|creator|author|printmaker|draughtsman|draftsman|engraver|etcher|künstler|maler|zeichner|"
    r"stecher|artiste|peintre|dessinateur|graveur|artista|pittore|pintor|kunstenaar|schilder|tekenaar|prentmaker|"
    r"vervaardiger|художник)\s*:\s*",
    re.IGNORECASE,
)
"""What is said before a name and is not part of it: Artist: Claude Monet."""


def fold_words(text: str) -> list[str]:
    """The words of a text in their order, without accents and capitals; underscores and points divide words."""
    return WORD.findall(without_accents(text.casefold()).translate(LETTERS))


@lru_cache(maxsize=200_000)
def fold_name(artist: str) -> str:
    """A name for comparison: two names that fold to the same are one artist's.

    Accents, capitals, underscores, points, hyphens, the order of the words ("Monet, Claude") and the years of a life
    ("Claude Monet (1840-1926)", "Claude Monet, French, 1840-1926") make no difference.
    """
    name, _ = split_off_life(artist)
    return " ".join(sorted(fold_words(bare_name(name))))


def bare_name(text: str) -> str:
    """A name without what is said before it: "Rembrandt" of "schilder: Rembrandt"; the text itself if that is all."""
    text = text.lstrip()
    said = SAID_BEFORE.match(text)
    return text[said.end() :] if said and fold_words(text[said.end() :]) else text


def life_years(artist: str) -> frozenset[int]:
    """The years of a life that stand with a name; empty if there are none."""
    _, life = split_off_life(artist)
    return frozenset(int(year) for year in re.findall(r"(?<!\d)\d{3,4}(?!\d)", life))


@lru_cache(maxsize=200_000)
def split_off_life(artist: str) -> tuple[str, str]:
    """A name, and what stands behind it of a life: ("Claude Monet", "French, 1840-1926")."""
    if (in_brackets := LIFE_IN_BRACKETS.search(artist)) and in_brackets.start():
        return artist[: in_brackets.start()], in_brackets[1]
    first, *rest = re.split(r"([(\[,;|])", artist)
    if not rest:
        found = YEARS_BEHIND.search(artist)
        return (artist[: found.start()], found.group()) if found else (artist, "")
    name, with_years = [first], any(re.search(r"\d{3}", part) for part in rest[1::2])
    life: list[str] = []
    for mark, part in zip(rest[-2::-2], rest[::-2], strict=True):
        if _tells_of_a_life(fold_words(EITHER_SEX.sub("", part)), mark in "([", with_years):
            life.insert(0, part.strip(" )]"))
        else:
            name.insert(1, part)
    return " ".join(name), ", ".join(life)


def _tells_of_a_life(folded: list[str], in_brackets: bool, with_years: bool) -> bool:
    """Whether words behind a name are years, a role or a nationality; the last in brackets or with others alone."""
    if not folded:
        return False
    first, cultures, life = folded[0], phrases(words.CULTURES), phrases(words.LIFE)
    if any(re.fullmatch(r"\d{3,4}", word) for word in folded):
        return first in cultures or first in life or first.isdigit()
    # Behind a comma a title is part of the name: Bertram, Meister.
    known_roles = phrases(words.ROLES) if in_brackets else phrases(words.ROLES) - phrases(words.TITLES)
    roles = known_roles.intersection(folded)
    if (in_brackets or roles) and all(word in cultures or word in roles for word in folded):
        return True  # Claude Monet (French), and Claude Monet, French painter
    if not all(word in cultures or word in life for word in folded):
        return with_years and first in phrases(words.BORN)
    return in_brackets or (with_years and not any(word in phrases(words.NAMES_TOO) for word in folded))


@cache
def phrases(listed: str) -> frozenset[str]:
    """The phrases of a list in `words.py`, folded."""
    return frozenset(" ".join(fold_words(phrase)) for phrase in listed.split(";"))
