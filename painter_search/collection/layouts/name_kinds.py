"""What the name of a folder looks like: an artist's, or a style's, a century's, a part's, …"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from painter_search.collection.layouts import vocabulary
from painter_search.collection.layouts.file_names import MAX_LENGTH
from painter_search.collection.layouts.known_painters import KNOWN_PAINTERS
from painter_search.common.text import without_accents

NameKind = Literal[
    "artist", "part", "container", "rest", "style", "period", "number", "letter", "place", "museum", "subject",
    "unknown",
]  # fmt: skip
"""`artist`: a well-known painter, or a name with years of birth and death. `container`: words for pictures in general.
`rest`: for what is left over. `subject`: a genre, a technique, a period of somebody's work. `unknown`: anything else,
as are most artists."""

ISMS = re.compile(r".{2,}(?:ism|isme|ismo|ismus|ismen|izm|isms|(?:al|on|ub|ur|uv)ist(?:s|es|en|i|as)|изм|主义|主義|派)")
"""Endings of movements: Impressionism, impressionnisme, Kubismus, импрессионизм."""
ROMAN = re.compile(r"[ivx]+(?:e|eme|o)?")
NUMBER_WORD = re.compile(r"\d{1,4}(?:s|er|th|st|nd|rd|e|eme|c)?")
YEAR = re.compile(r"1[0-9]\d\d|20\d\d")
LIFE = re.compile(
    r"[\s_,]*[(\[]?\s*(?P<birth>1[0-9]\d\d)\s*(?:[-\u2013\u2014/_]|to|bis)\s*(?P<death>1[0-9]\d\d|20\d\d)\s*[)\]]?\s*$"
)
"""Years of birth and death at the end of a name."""
BORN = re.compile(
    r"\s*[(\[]\s*(?:(?:b\.|born|geb\.|nato|né|née|\*)\s*1[0-9]\d\d|1[0-9]\d\d\s*[-\u2013\u2014]\s*)[)\]]\s*$"
)
ORDER = re.compile(r"^\d{1,3}[\s._)\-]+(?=[^\W\d_]{2})")
TRANSLATION_PART = re.compile(r"(train|val|valid|test)_?(?:[A-D]|\d{1,2})")
"""`trainA`, `testB` and `test1`, of data sets for translation between two kinds of pictures; Testa is a painter."""
PICTURES = re.compile(
    r"\d{2,5}(?:x\d{2,5}|px)|[1-9]\d\d(?:android|apple|canon|fuji|gopro|media|msdcf|ncd\w+|nikon|nikor|olymp)"
)
"""Folders named for the size of pictures, or by a camera."""
DATED = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)")
"""The day at the beginning of a folder's name: 2021-05-03 Louvre."""
LIFETIMES = range(15, 111)


def _words(text: str) -> frozenset[str]:
    return frozenset(word for line in text.split() for word in words_of(line))


@lru_cache(maxsize=100_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, without accents and punctuation; underscores and hyphens divide words."""
    return tuple(re.findall(r"[^\W_]+", without_accents(name.casefold())))


_PARTS = {word: part for part, words in vocabulary.PARTS.items() for word in words.split()}
_CONTAINERS, _REST, _MUSEUMS = map(_words, (vocabulary.CONTAINERS, vocabulary.REST, vocabulary.MUSEUMS))
_FAKES = _words(vocabulary.FAKES)
_STYLES, _SUBJECTS, _AMBIGUOUS = map(_words, (vocabulary.STYLES, vocabulary.SUBJECTS, vocabulary.AMBIGUOUS_SUBJECTS))
_PLACES, _COMPANIONS, _CENTURY = map(_words, (vocabulary.PLACES, vocabulary.PLACE_COMPANIONS, vocabulary.CENTURY))
_NOT_IN_NAMES, _EPITHETS = map(_words, (vocabulary.NOT_IN_NAMES, vocabulary.EPITHETS))
_COLLECTIONS, _MOVEMENTS, _PAINTERS = (
    frozenset(" ".join(words_of(name)) for name in names.split(","))
    for names in (vocabulary.COLLECTIONS, vocabulary.MOVEMENTS, KNOWN_PAINTERS)
)


@lru_cache(maxsize=100_000)
def kind_of(name: str) -> NameKind:
    """What a folder's name looks like."""
    words = words_of(name)
    known = set(words)
    if len(words) == 1 and PICTURES.fullmatch(words[0]):
        return "container"
    if not words or all(word.isdigit() for word in words):
        return "period" if words and all(map(YEAR.fullmatch, words)) else "number"
    if part_of(name):
        return "part"
    if DATED.match(name):
        return "period"
    if has_life_dates(name) or is_known_painter(name):
        return "artist"
    if known & _REST and known <= _REST | _CONTAINERS:
        return "rest"
    if known & _STYLES or any(map(ISMS.fullmatch, words)) or " ".join(words) in _MOVEMENTS:
        return "style"
    if known & _MUSEUMS or " ".join(words) in _COLLECTIONS:
        return "museum"
    if known & _PLACES and known <= _PLACES | _COMPANIONS | _CENTURY:
        return "place"
    if _is_period(words):
        return "period"
    if known <= _CONTAINERS or (known - _CONTAINERS and _only_numbers(known - _CONTAINERS) and known & _CONTAINERS):
        return "container"
    is_surname = len(words) == 1 and known <= _AMBIGUOUS
    if known & _SUBJECTS and known <= _SUBJECTS | _CONTAINERS | _CENTURY and not is_surname:
        return "subject"
    if (unnumbered := strip_number(name)) != name:
        return kind_of(unnumbered)
    if len("".join(words)) == 1 or (len(words) == 2 and all(len(word) == 1 for word in words)):
        return "letter"
    return "unknown"


def part_of(name: str) -> str:
    """`train`, `validation` or `test`, if a name is that of a part, such as `train_images`; else empty."""
    if side := TRANSLATION_PART.fullmatch(name):
        return _PARTS[side[1]]
    words = words_of(name)
    parts = {_PARTS[word] for word in words if word in _PARTS}
    others = {word for word in words if word not in _PARTS and word not in _CONTAINERS and not word.isdigit()}
    return parts.pop() if len(parts) == 1 and not others else ""


def has_life_dates(name: str) -> bool:
    """Whether a name ends with an artist's years, such as `Claude Monet (1840-1926)`."""
    return strip_life_dates(name) != name


def strip_life_dates(name: str) -> str:
    """A name without the years of birth and death after it."""
    if len(name) > MAX_LENGTH:
        return name
    life = LIFE.search(name)
    if life and life.start() > 0 and int(life["death"]) - int(life["birth"]) in LIFETIMES:
        return name[: life.start()]
    born = BORN.search(name)
    return name[: born.start()] if born and born.start() > 0 else name


def strip_number(name: str) -> str:
    """A name without the number that orders folders before it: `01 Monet`."""
    return ORDER.sub("", name)


def is_known_painter(name: str) -> bool:
    """Whether a name is that of one of `KNOWN_PAINTERS`, alone, after given names, or before a comma."""
    words = list(words_of(strip_life_dates(name)))
    while len(words) > 1 and words[-1] in _EPITHETS:
        words.pop()
    if not 1 <= len(words) <= 6 or any(word.isdigit() or word in _NOT_IN_NAMES | _MUSEUMS for word in words):
        return False
    ends = {" ".join(words[-count:]) for count in (1, 2, 3)}
    if "," in name:
        ends.add(" ".join(words_of(name.split(",")[0])))
    return not ends.isdisjoint(_PAINTERS) or " ".join(words) in _PAINTERS


def _is_period(words: Sequence[str]) -> bool:
    """Whether words are a century, a decade or a span of years: `19th century`, `1880s`, `XVII век`, `1880-1890`."""
    dated = [word for word in words if NUMBER_WORD.fullmatch(word) or ROMAN.fullmatch(word)]
    others = set(words) - set(dated)
    if not dated or not others <= _CENTURY:
        return False
    return (
        bool(others)
        or any(re.fullmatch(r"1\d\d0s|1[0-9]\d\d|20\d\d0?s?|\d{1,2}(?:th|e|eme|c)", word) for word in dated)
        or (all(ROMAN.fullmatch(word) for word in dated) and len("".join(dated)) > 1)
    )


def says_fake(name: str) -> bool:
    """Whether a folder is named for pictures that are not by the artist whom they look like."""
    words = set(words_of(name))
    return bool(words & _FAKES) and words <= _FAKES | _CONTAINERS


def _only_numbers(words: set[str]) -> bool:
    return all(re.fullmatch(r"v?\d+(?:px|k|gb|mb)?", word) for word in words)
