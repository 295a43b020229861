"""Filters an index: which works meet a `WorkFilter`, decided by SQLite and by the years that their dates allow."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.dates.years import Years, read_years
from painter_search.common.errors import InvalidValueError, NotEnoughDataError
from painter_search.common.sqlite import open_read_only
from painter_search.index.config import WorkFilter
from painter_search.index.works_db import COLUMNS, unknown_artist

FUNCTIONS = {
    "abs", "coalesce", "glob", "ifnull", "iif", "instr", "length", "like", "lower", "ltrim", "nullif", "replace",
    "round", "rtrim", "substr", "trim", "upper",
}  # fmt: skip
"""Functions that an expression may call: their result depends on their arguments alone, and they have no effect."""


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
    rows = _rows(works, "1" if filter.where is None else filter.where)
    artists = {row.artist for row in rows}
    only, without = (_spell(names, artists) for names in (filter.artists, filter.exclude_artists))
    wanted = (only or artists) - without
    left = [row for row in rows if row.meets_where and row.artist in wanted and filter.style in (None, row.style)]
    without_year = across = 0
    if filter.before is not None or filter.since is not None:
        years = [read_years(row.date) for row in left]
        without_year = sum(one is None for one in years)
        across = sum(one is not None and _reaches(one, filter) and not _within(one, filter) for one in years)
        left = [row for row, one in zip(left, years, strict=True) if one is not None and _within(one, filter)]
    if not left:
        undated = f" ({without_year:,} have no readable year)" if without_year else ""
        raise NotEnoughDataError(f"no work in the index is left ({filter}){undated}; drop or widen a condition.")
    return Selection(filter, np.array([row.id for row in left], np.int64), without_year, across, len(rows))


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


class _Row(NamedTuple):
    id: int
    artist: str
    date: str
    style: str
    meets_where: int


def _rows(works: Path, expression: str) -> list[_Row]:
    """Every work by ascending id, and whether the expression holds for it."""
    # As a column of the result, an expression can be followed by nothing else: a second FROM is a syntax error. The
    # line breaks end a comment that it may contain.
    query = f"SELECT id, artist, date, style, (\n{expression}\n) IS TRUE FROM works ORDER BY id"
    with closing(open_read_only(works)) as database:
        database.set_authorizer(_allow_reading())
        try:
            cursor = database.cursor().execute(query)
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise InvalidValueError(
                f"--where cannot be used ({error}): it takes an SQL expression over the columns {', '.join(COLUMNS)}, "
                "with texts in single quotes, such as \"style = 'Impressionism'\"."
            ) from error
        if len(cursor.description) != len(_Row._fields):
            raise InvalidValueError("--where takes one SQL expression; join several with AND or OR.")
    return [_Row(*row) for row in rows]


def _allow_reading() -> Callable[..., int]:
    """An authorizer for SQLite's steps: it allows one SELECT over the works' columns, and calls of `FUNCTIONS`."""
    selects = 0

    def allow(action: int, subject: str | None, detail: str | None, *_: str | None) -> int:
        nonlocal selects
        selects += action == sqlite3.SQLITE_SELECT
        allowed = (
            (action == sqlite3.SQLITE_SELECT and selects == 1)
            or (action == sqlite3.SQLITE_READ and subject == "works" and detail in ("id", *COLUMNS))
            or (action == sqlite3.SQLITE_FUNCTION and str(detail).lower() in FUNCTIONS)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return allow
