"""Years from the dates that catalogues give."""

from __future__ import annotations

import re

MAX_YEAR = 2100
"""Larger numbers are not years."""
YEAR = re.compile(r"(?<!\d)(\d{3,4})(?!\d)(s|\s?[-\u2013/]\s?\d\d(?![\d-]))?")
"""Three or four digits, and a suffix that extends them: 1889, 1890s, 1880-85 (but not the month in 1888-12-03)."""


def plain_date(date: str) -> str:
    """A date without the decimals that a numeric column adds to a year: 2005 for 2005.0; other dates unchanged."""
    return re.sub(r"^\s*(-?\d{1,4})\.0*\s*$", r"\1", date)


def year_of(date: str) -> int | None:
    """The latest year that a date allows: c.1890, 1889.0, August 1901, 1880-1885 (1885), 1880-85 (1885), 1890s (1899).

    None for a date without a year of the common era in three or four digits: empty, 19th century, 450 BC.
    """
    if re.search(r"\bb\.?\s?c\b", date, re.IGNORECASE):
        return None
    years = [_last_year(int(year), suffix) for year, suffix in YEAR.findall(date)]
    return max((year for year in years if year <= MAX_YEAR), default=None)


def _last_year(year: int, suffix: str) -> int:
    if suffix == "s":
        return year // 10 * 10 + 9
    return max(year, year // 100 * 100 + int(suffix[-2:])) if suffix else year
