"""The works of an index that a filter leaves, picked by SQLite and by the year in their dates."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.dates import year_of
from painter_search.errors import UserError
from painter_search.retrieval.database import open_read_only
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.works import COLUMNS, unknown_artist

FUNCTIONS = {
    "abs", "coalesce", "glob", "ifnull", "iif", "instr", "length", "like", "lower", "ltrim", "nullif", "replace",
    "round", "rtrim", "substr", "trim", "upper",
}  # fmt: skip
"""Functions that an expression may use: they look at their arguments and do nothing else."""


@dataclass(frozen=True)
class Selection:
    """The works that a filter leaves."""

    filter: WorkFilter
    ids: NDArray[np.int64]
    """Their ids in ascending order, at least one."""
    without_year: int
    """Works that meet the other conditions and were left out because their date names no year."""
    of: int
    """Works in the index."""

    def __str__(self) -> str:
        """How many of the works, by which conditions."""
        undated = f"; {self.without_year:,} without a readable year were left out" if self.without_year else ""
        return f"{len(self.ids):,} of the {self.of:,} works ({self.filter}){undated}"

    def as_json(self) -> dict[str, object]:
        """Plain values, with the number of works for the ids."""
        return {**vars(self.filter), "works": len(self.ids), "without_year": self.without_year}


def select_works(works: Path, filter: WorkFilter) -> Selection:
    """Pick the works that a filter leaves from the file `works.sqlite` of an index.

    Raises `UserError` for an expression that SQLite cannot read or that is more than one, for an artist whom the
    index lacks, and where nothing is left.
    """
    rows = _rows(works, "1" if filter.where is None else filter.where)
    artists = {row[1] for row in rows}
    for name in (*filter.artists, *filter.exclude_artists):
        if name not in artists:
            raise unknown_artist(name, artists)
    wanted = (set(filter.artists) or artists) - set(filter.exclude_artists)
    left = [
        (id, date)
        for id, artist, date, style, met in rows
        if met and artist in wanted and filter.style in (None, style)
    ]
    without_year = 0
    if filter.before is not None or filter.since is not None:
        years = [(id, year_of(date)) for id, date in left]
        without_year = sum(year is None for _, year in years)
        left = [(id, "") for id, year in years if year is not None and _within(year, filter)]
    if not left:
        undated = f" ({without_year:,} have no readable year)" if without_year else ""
        raise UserError(f"no work in the index is left ({filter}){undated}; ask for less.")
    return Selection(filter, np.array([id for id, _ in left], np.int64), without_year, len(rows))


def _within(year: int, filter: WorkFilter) -> bool:
    return (filter.before is None or year < filter.before) and (filter.since is None or year >= filter.since)


def _rows(works: Path, expression: str) -> list[tuple[int, str, str, str, int]]:
    """Id, artist, date, style, and whether the expression holds, of every work in order of id."""
    # As a column of the answer an expression can be followed by nothing else: a second FROM is no SQL. The line breaks
    # end a comment that it may close with.
    query = f"SELECT id, artist, date, style, (\n{expression}\n) IS TRUE FROM works ORDER BY id"
    with closing(open_read_only(works)) as database:
        database.set_authorizer(_only_reading())
        try:
            answer = database.cursor().execute(query)
            rows = answer.fetchall()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise UserError(
                f"--where cannot be used ({error}): it takes an SQL expression over the columns {', '.join(COLUMNS)}, "
                "with texts in single quotes, such as \"style = 'Impressionism'\"."
            ) from error
        if len(answer.description) != 5:
            raise UserError("--where takes one SQL expression; join several with AND or OR.")
    return rows


def _only_reading() -> Callable[..., int]:
    """What SQLite asks before each step: one SELECT, columns of works, and harmless functions are let through."""
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
