"""Names of files that tell the artist: how they are divided into artist, title and year."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from painter_search.collection.layouts.vocabulary import PARTICLES, SIDES
from painter_search.common.text import sentence_case

FilePattern = Literal["artist_title-year", "artist-title", "title-artist", "artist_number"]
"""`claude-monet_water-lilies-1906` (WikiArt), `Claude Monet - Water Lilies (1906)`, the same the other way round, and
`Vincent_van_Gogh_12` (Kaggle's best artworks); those that say most first."""

NUMBERED = re.compile(r"(?P<artist>[^\W\d_][^\d]*?)[\s_.\-]*[(\[]?\d{1,6}[)\]]?")
SLUG = re.compile(r"(?P<artist>[^\W\d_]+(?:[-.'\u2019]+[^\W\d_]+)*\.?)_(?P<title>.+)")
SLUG_YEAR = re.compile(r"(?P<title>.*?)-(?P<date>1\d{3}|20[0-2]\d)(?:-\d{1,2}|\(\d{1,2}\))?")
"""A year at the end, perhaps with the number of a second file of this name."""
SEPARATORS = (
    re.compile(r"\s+[-\u2013\u2014]+\s+|_[-\u2013\u2014]+_|\s*\u2014\s*|(?<=[^_])__(?=[^_])|(?<=[^-])--(?=[^-])"),
    re.compile(r",\s+"),
    re.compile(r"\s+by\s+"),
    re.compile("_"),
)
"""Between artist and title, the surest first."""
BRACKETED = re.compile(r"(?P<before>[^()\[\]]*[^()\[\]\s])\s*[(\[](?P<inside>[^()\[\]\d]{3,})[)\]]")
"""`Water Lilies (Claude Monet)`."""
MAX_LENGTH = 255
"""Longer names, which only archives can have, tell nothing: the patterns would take long on hostile ones."""
YEAR = r"(?:c(?:a|irca)?\.?\s*)?(?:1\d{3}|20[0-2]\d)(?:\s*[-\u2013/]\s*\d{2,4})?"
TITLE_YEAR = re.compile(rf"(?P<title>.*?)\s*(?:[,\-\u2013\u2014]\s*|[(\[]|\s)(?P<date>{YEAR})[)\]]?", re.IGNORECASE)
SIDE = re.compile(rf"(?:{'|'.join(SIDES.split())})[\W_]*\d*", re.IGNORECASE)
"""A picture of a side or a detail of a painting: `recto`, `Detail_2`."""
ONLY_YEAR = re.compile(rf"[(\[]?{YEAR}[)\]]?", re.IGNORECASE)


class FileFields(NamedTuple):
    """What the name of a file says; what it does not say is empty."""

    artist: str = ""
    title: str = ""
    date: str = ""


def read_file_name(stem: str, pattern: FilePattern) -> FileFields | None:
    """The fields of a file's name without its ending; None if it is not of the pattern."""
    if len(stem) > MAX_LENGTH:
        return None
    if pattern == "artist_number":
        numbered = NUMBERED.fullmatch(stem.strip())
        return FileFields(numbered["artist"].rstrip("_ ")) if numbered else None
    if pattern == "artist_title-year":
        slug = SLUG.fullmatch(stem.strip())
        return FileFields(slug["artist"], *_divide_slug(slug["title"])) if slug else None
    fields, date = divide(stem), ""
    for end in (0, -1) if pattern == "title-artist" else (0,):
        if len(fields) > 2 and (fields[end].isdigit() or ONLY_YEAR.fullmatch(fields[end])):  # 1906 - Claude Monet - …
            number = fields.pop(end).strip("()[]")
            date = number if ONLY_YEAR.fullmatch(number) else date
    if len(fields) < 2:
        return None
    if pattern == "artist-title":
        title, year = divide_title(" - ".join(fields[1:]))
        return FileFields(fields[0], title, date or year)
    artist, year = divide_title(fields[-1])  # Water Lilies - Claude Monet (1906)
    return FileFields(artist, " - ".join(fields[:-1]), date or year)


def divide(stem: str) -> list[str]:
    """The fields of `Claude Monet - Water Lilies`: divided at dashes, commas, `by`, one underscore or a bracket."""
    for separator in SEPARATORS:
        fields = [field.strip() for field in separator.split(stem)]
        if len(fields) > 1 and all(fields) and (separator.pattern != "_" or _divided_once(fields, stem)):
            return [field if " " in stem else field.replace("_", " ") for field in fields]
    bracketed = BRACKETED.fullmatch(stem)
    return [bracketed["before"], bracketed["inside"]] if bracketed else [stem]


def begins_with_surname(stem: str) -> bool:
    """Whether commas divide a name into three fields or more, years aside, and the first is of one word, but for `van`
    and the like: the artist may be the first field alone, or the first two."""
    if len(stem) > MAX_LENGTH or SEPARATORS[0].search(stem):
        return False
    fields = [field for field in SEPARATORS[1].split(stem) if not (field.isdigit() or ONLY_YEAR.fullmatch(field))]
    return len(fields) > 2 and sum(word not in PARTICLES.split() for word in fields[0].split()) == 1


def _divided_once(fields: list[str], stem: str) -> bool:
    """Whether underscores divide two fields, or a year and two fields with spaces: `Claude Monet_Lilies_1906`."""
    years = [field for field in (fields[0], fields[-1]) if ONLY_YEAR.fullmatch(field)]
    return len(fields) == 2 or (len(fields) == 3 and " " in stem and len(years) == 1)


def _divide_slug(slug: str) -> tuple[str, str]:
    """Title and year of `water-lilies-1906`."""
    dated = SLUG_YEAR.fullmatch(slug)
    words = (dated["title"] if dated else slug).replace("-", " ").replace("_", " ").strip()
    return sentence_case(words), dated["date"] if dated else ""


def divide_title(title: str) -> tuple[str, str]:
    """Title and year of `Water Lilies (1906)`."""
    dated = TITLE_YEAR.fullmatch(title)
    if ONLY_YEAR.fullmatch(title) or not dated or not dated["title"]:
        return title, ""
    return dated["title"], dated["date"]
