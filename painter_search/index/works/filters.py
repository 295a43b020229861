"""Filters an index: which works meet a `WorkFilter`, decided by SQLite and by the years that their dates allow."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.dates.years import Years, read_years
from painter_search.common.errors import InvalidValueError, NotEnoughDataError
from painter_search.common.files.sqlite import open_read_only
from painter_search.index.config import WorkFilter
from painter_search.index.works.works_db import COLUMNS, unknown_artist

FUNCTIONS = {
    "abs", "coalesce", "glob", "ifnull", "iif", "instr", "length", "like", "lower", "ltrim", "nullif", "replace",
    "round", "rtrim", "substr", "trim", "upper",
}  # fmt: skip
"""Functions that an expression may call: their result depends on their arguments alone, and they have no effect."""
QUOTED = re.compile(
    r""" "(?P<name>[^"]*)" | '[^']*'? | --[^\n]* | /\*.*?(?:\*/|\Z) | `[^`]*`? | \[[^]]*]? """, re.DOTALL | re.VERBOSE
)
"""A quoted part or comment of an SQL expression, and the name that double quotes hold."""


@dataclass(frozen=True)
class Selection:
    """The works of an index that meet a filter."""

    filter: WorkFilter
    ids: NDArray[np.int64]
    """Their ids in ascending order, at least one."""
    without_year: int
    """Works that meet the other conditions but were left out because their date has no readable year."""
    across: int
    """Works that meet the other conditions but were left out because their date allows years on both sides: 1880-1900
    for 1890."""
    of: int
    """Works in the index."""
    artists: int | None = None
    """How many artists painted them; None where a filter of several kinds would have to count them anew."""

    def __str__(self) -> str:
        """How many works were selected, and the conditions."""
        undated = f"; {self.without_year:,} without a readable year were left out" if self.without_year else ""
        across = f"; {self.across:,} that may be of other years too were left out" if self.across else ""
        return f"{len(self.ids):,} of the {self.of:,} works ({self.filter}){undated}{across}"

    def as_json(self) -> dict[str, object]:
        """The conditions and counts as plain values; the works are counted, not listed."""
        counts = {"works": len(self.ids), "without_year": self.without_year, "across": self.across}
        return {**vars(self.filter), **counts}


def select_works(works: Path, filter: WorkFilter) -> Selection:
    """Select the works that meet a filter from the file `works.sqlite` of an index.

    Args:
        works: The file.
        filter: The conditions; a work must meet all of them.

    Raises:
        InvalidValueError: `filter.where` is not exactly one SQL expression over the columns of a work.
        UnknownWorkError: The index has no work by an artist that the filter names.
        NotEnoughDataError: No work meets the filter.
    """
    ids, artists = ([], None) if filter.where is None else _ids_where(works, filter.where)
    left = dict.fromkeys(ids, "")
    with closing(open_read_only(works)) as database:
        if filter.where is None or filter != WorkFilter(where=filter.where):
            others = dict(_rows_left(database, filter))
            left = others if filter.where is None else {id: others[id] for id in left if id in others}
            artists = None
        of = database.execute("SELECT count(*) FROM works").fetchone()[0]
    without_year = across = 0
    if filter.before is not None or filter.since is not None:
        years = {date: read_years(date) for date in set(left.values())}
        undated = {date for date, one in years.items() if one is None}
        within = {date for date, one in years.items() if one is not None and _within(one, filter)}
        reaching = {date for date, one in years.items() if one is not None and _reaches(one, filter)} - within
        without_year, across = (sum(date in dates for date in left.values()) for dates in (undated, reaching))
        left = {id: date for id, date in left.items() if date in within}
    if not left:
        if lacking := _lacking(works, filter):
            raise NotEnoughDataError(
                f"no work in this index has a {lacking}, which comes from a catalogue, or from the names of folders "
                f"and files; drop the condition ({filter})."
            )
        unread = f" ({without_year:,} have no readable year)" if without_year else ""
        raise NotEnoughDataError(f"no work in the index is left ({filter}){unread}; drop or widen a condition.")
    return Selection(filter, np.fromiter(left, np.int64, len(left)), without_year, across, of, artists)


def _lacking(works: Path, filter: WorkFilter) -> str | None:
    """The style or date that a filter asks for, if no work of the index has one."""
    words = QUOTED.sub(lambda quoted: quoted["name"] or " ", filter.where or "").lower()
    asked = {"style": filter.style is not None, "date": filter.before is not None or filter.since is not None}
    with closing(open_read_only(works)) as database:
        for column, is_asked in asked.items():
            has_one = f"SELECT 1 FROM works WHERE {column} <> '' LIMIT 1"
            if (is_asked or re.search(rf"\b{column}\b", words)) and not database.execute(has_one).fetchone():
                return column
    return None


def _rows_left(database: sqlite3.Connection, filter: WorkFilter) -> Iterable[tuple[int, str]]:
    """Id and date of each work of the artists and the style that a filter names, by ascending id; the date is left out
    where it does not matter."""
    conditions: dict[str, str] = {}
    if filter.artists or filter.exclude_artists:
        artists = {row[0] for row in database.execute("SELECT DISTINCT artist FROM works")}
        only, without = (_spell(names, artists) for names in (filter.artists, filter.exclude_artists))
        is_one, names = ("IN", only - without) if only else ("NOT IN", without)
        conditions[f"artist {is_one} (SELECT value FROM json_each(?))"] = json.dumps(sorted(names))
    if filter.style is not None:
        conditions["style = ?"] = filter.style
    date = "''" if filter.before is None and filter.since is None else "date"
    meets = " AND ".join(conditions) or "1"
    return database.execute(f"SELECT id, {date} FROM works WHERE {meets} ORDER BY id", tuple(conditions.values()))


def _spell(names: Iterable[str], artists: set[str]) -> set[str]:
    """The artists of the index that the names mean; raises `UnknownWorkError` for a name that means none."""
    from painter_search.collection.hands.spellings import find_spellings  # here: most queries name no artist

    found: set[str] = set()
    for name in names:
        spellings = find_spellings(name, artists)
        if not spellings:
            raise unknown_artist(name, artists)
        found.update(spellings)
    return found


def _within(years: Years, filter: WorkFilter) -> bool:
    """Whether every year that a date allows meets the filter."""
    return (filter.before is None or years.all_before(filter.before)) and (
        filter.since is None or years.all_since(filter.since)
    )


def _reaches(years: Years, filter: WorkFilter) -> bool:
    """Whether some year that a date allows meets the filter."""
    return (filter.before is None or not years.all_since(filter.before)) and (
        filter.since is None or not years.all_before(filter.since)
    )


def _ids_where(works: Path, expression: str) -> tuple[list[int], int]:
    """The ids of the works for which an expression holds, ascending, and the number of their artists."""
    # As a column of the result, an expression can be followed by nothing else: a second FROM is a syntax error. The
    # line breaks and the empty comment end a comment that it may contain.
    query = f"SELECT id, artist, (\n{_in_backticks(expression)}\n/**/) IS TRUE FROM works ORDER BY id"
    ids: list[int] = []
    artists: set[str] = set()
    with closing(open_read_only(works)) as database:
        database.set_authorizer(_allow_reading())
        try:
            cursor = database.cursor().execute(query)
            for id, artist, holds in cursor:
                if holds:
                    ids.append(id)
                    artists.add(artist)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise InvalidValueError(
                f"--where cannot be used ({error}): it takes an SQL expression over the columns {', '.join(COLUMNS)}, "
                "with texts in single quotes, such as \"style = 'Impressionism'\"."
            ) from error
        if len(cursor.description) != 3:
            raise InvalidValueError("--where takes one SQL expression; join several with AND or OR.")
    return ids, len(artists)


def _in_backticks(expression: str) -> str:
    """The expression with backticks for double quotes, in which SQLite would take an unknown column for a text."""
    return QUOTED.sub(lambda quoted: quoted[0] if quoted["name"] is None else f"`{quoted['name']}`", expression)


def _allow_reading() -> Callable[..., int]:
    """An authorizer for SQLite's steps: it allows one SELECT over the works' columns, and calls of `FUNCTIONS`."""
    selects = 0

    def allow(action: int, subject: str | None, detail: str | None, *_: str | None) -> int:
        nonlocal selects
        selects += action == sqlite3.SQLITE_SELECT
        allowed = (
            (action == sqlite3.SQLITE_SELECT and selects == 1)
            # The empty name is SQLite's for a query that reads no column but the id.
            or (action == sqlite3.SQLITE_READ and subject == "works" and detail in ("", "id", *COLUMNS))
            or (action == sqlite3.SQLITE_FUNCTION and str(detail).lower() in FUNCTIONS)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return allow
