"""Years from the dates that catalogues give."""

import pytest

from painter_search.collection.dates import plain_date, year_of
from painter_search.collection.work import Work


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1889", 1889),
        ("1889.0", 1889),
        ("c.1890", 1890),
        ("August 1901", 1901),
        ("12.03.1888", 1888),
        ("1888-12-03", 1888),
        ("850.0", 850),
        ("1500?", 1500),
    ],
)
def test_year_of_single_date(date: str, year: int) -> None:
    assert year_of(date) == year


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1880-1885", 1885),
        ("c. 1880 \u2013 c. 1885", 1885),
        ("1889.0-1892.0", 1892),
        ("1880-85", 1885),
        ("1888/89", 1889),
        ("1890s", 1899),
    ],
)
def test_year_of_span_is_its_last_year(date: str, year: int) -> None:
    assert year_of(date) == year


@pytest.mark.parametrize("date", ["", "19th century", "18??", "450 BC", "450 B.C.", "unknown", "12345", "9999"])
def test_year_of_date_without_year_is_none(date: str) -> None:
    assert year_of(date) is None


@pytest.mark.parametrize(
    ("date", "shown"), [("2005.0", "2005"), ("850.00", "850"), ("1889", "1889"), ("c.1889.0?", "c.1889.0?"), ("", "")]
)
def test_plain_date_drops_decimal_of_year(date: str, shown: str) -> None:
    assert plain_date(date) == shown
    assert Work("c", "a.jpg", "Ada", date=date).date == shown
