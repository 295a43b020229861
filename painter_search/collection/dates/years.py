"""Years from the dates that catalogues give: `c. 1503-06`, `early 19th century`, `5. Jh. v. Chr.`, `[1667,1668]`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

MAX_YEAR = 2100
"""Larger numbers are not years."""
MAX_LENGTH = 200
"""Characters of a date that are read."""


class Years(NamedTuple):
    """The years that a date allows; years before our era are negative, 450 BC is -450."""

    earliest: int | None
    """None if it may be any earlier year."""
    latest: int | None
    """None if it may be any later year."""

    def all_before(self, year: int) -> bool:
        """Whether every year that the date allows is before `year`."""
        return self.latest is not None and self.latest < year

    def all_since(self, year: int) -> bool:
        """Whether every year that the date allows is `year` or later."""
        return self.earliest is not None and self.earliest >= year


def plain_date(date: str) -> str:
    """A date without the decimals that a numeric column adds to a year: 2005 for 2005.0; other dates unchanged."""
    return re.sub(r"^\s*(-?\d{1,4})\.0*\s*$", r"\1", date)


def has_date(date: str) -> bool:
    """Whether a catalogue's entry means to give a date: not if it is empty or says that there is none (n.d., o. J.)."""
    from painter_search.collection.dates.tokens import fold_date, phrases
    from painter_search.collection.dates.words import NO_DATE

    text = " ".join(re.findall(r"\w+", fold_date(date)))
    return text != "" and text not in phrases(NO_DATE)


@lru_cache(maxsize=100_000)
def read_years(date: str) -> Years | None:
    """The years that a date allows, or None if none can be read.

    A year with or without "circa" is that year; a day or month says its year. 1480-1, 1480/81 and "between 1480 and
    1490" are spans. Decades (1880s) have ten years and centuries a hundred, from 1800 to 1899, as museums index them;
    early, mid and late are thirds of them, beside halves and quarters. "Before 1500" ends in 1499, "after 1500" begins
    in 1500. Of EDTF, years with `?`, `~` and `X`, intervals and sets are read; its -0449 is 450 BC.
    """
    if re.fullmatch(r"\d{3,4}", date):
        year = int(date)
        return Years(year, year) if 0 < year <= MAX_YEAR else None
    from painter_search.collection.dates.reader import read_span  # here: most dates are plain years

    span = read_span(date[:MAX_LENGTH], MAX_YEAR)
    return None if span is None else Years(*span)
