"""A year from what catalogues write as a date."""

from __future__ import annotations

import re

LATEST = 2100
"""Numbers above this are no years."""
YEAR = re.compile(r"(?<!\d)(\d{3,4})(?!\d)(s|\s?[-\u2013/]\s?\d\d(?![\d-]))?")
"""Three or four digits, with what may extend them: 1889, 1890s, 1880-85 (but not the month in 1888-12-03)."""


def plain_date(date: str) -> str:
    """A date as people write it: 2005 for the 2005.0 that a table of numbers makes of a year; others as they are."""
    return re.sub(r"^\s*(-?\d{1,4})\.0*\s*$", r"\1", date)


def year_of(date: str) -> int | None:
    """The latest year that a date allows: c.1890, 1889.0, August 1901, 1880-1885 (1885), 1880-85 (1885), 1890s (1899).

    None where it names no year of our era in three or four digits: an empty date, 19th century, 450 BC.
    """
    if re.search(r"\bb\.?\s?c\b", date, re.IGNORECASE):
        return None
    years = [_latest(int(year), extension) for year, extension in YEAR.findall(date)]
    return max((year for year in years if year <= LATEST), default=None)


def _latest(year: int, extension: str) -> int:
    if extension == "s":
        return year // 10 * 10 + 9
    return max(year, year // 100 * 100 + int(extension[-2:])) if extension else year
