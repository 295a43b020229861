"""The years that the dates of catalogues allow, as museums write them in many languages."""

# ruff: noqa: RUF001 (Cyrillic letters)

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painter_search.collection.dates.years import Years, has_date, plain_date, read_years
from painter_search.collection.work import Work

ONE_YEAR = {
    1889: "1.889; 1,889; <1889>; 1889; 1889.0; 1889?; (1889); [1889]; ?1889; 1889 (dated); signed and dated 1889; "
    "1889年",
    1890: "c.1890; c. 1890; ca. 1890; circa 1890; um 1890; vers 1890; hacia 1890; verso il 1890; ok. 1890; ~1890; "
    "1890 ca.",
    1905: "1905/12/03; 03.12.1905; 12/03/1905; 1905-12-03; 3 December 1905; December 3, 1905; August 1905; 12.1905; "
    "Summer 1905; 1905, 4. Mai",
    1872: "1872-05; 1872-11; 1872/05; 1 872; 1\u00a0872; 1\u202f872; 1'872; 1\u2019872; 1,872.00; 1.872,00; 1 872,0; "
    "c. 1 872; 1,872 AD; 1 872?",
    850: "850; 850.0; 850?; AD 850; 850 n. Chr.",
    79: "AD 79; 79 n. Chr.; 79 CE; 79 ap. J.-C.; A.D. 79",
    -450: "450 BC; 450 B.C.; 450 BCE; 450 B.C.E.; 450 v. Chr.; 450 v.Chr.; 450 v. u. Z.; 450 av. J.-C.; 450 a.C.; "
    "450 a. C.; 450 v.C.; 450 p.n.e.; 450 до н. э.; 450 f.Kr.; c. 450 BC; -450; -0449",
}
SPANS = {
    Years(1480, 1481): "1480-1; 1480/81; 1480/1; 1480\u201381; 1480\u201481; 1480 \u2212 1481; 1480\u201181; "
    "1480 or 1481; 1480 bis 1481",
    Years(1883, 1884): "A.H. 1301; AH 1301; 1301 AH",
    Years(1883, 1883): "AH 1301 / AD 1883; 1301 AH (1883 CE)",
    Years(1850, 1899): "вт. пол. XIX в.; 2-я пол. XIX в.",
    Years(1880, 1899): "1880s-90s; 1880s\u20131890s; 1880-1890s",
    Years(1600, 1699): "17세기; 17ος αιώνας; 17. årh.; 17. yüzyıl",
    Years(1480, 1490): "between 1480 and 1490; zwischen 1480 und 1490; entre 1480 et 1490; tra il 1480 e il 1490; "
    "from 1480 to 1490; c. 1480 \u2013 c. 1490; 1480/1490; od 1480 do 1490; с 1480 по 1490; [1480,1490]; 1480..1490; "
    "1480, reworked 1490",
    Years(1872, 1873): "1872/'73; 1872-\u201973; 1872-\u201873; 1872-'73; 1872-c. 73; 1872\u2013ca.73; c.1872-circa 73",
    Years(1872, 1875): "1872-5",
    Years(1899, 1900): "1899-00",
    Years(1503, 1506): "c. 1503-06; 1503-06; 1503-6; c.1503\u20136",
    Years(1880, 1889): "1880s; the 1880s; 1880's; 1880er Jahre; années 1880; anni 1880; 1880-talet; c. 1880s; 188X; "
    "1880-er; "
    "188-?",
    Years(1800, 1899): "19th century; 19th c.; 19th-century; 19. Jahrhundert; 19. Jh.; XIXe siècle; XIXe s.; "
    "19e eeuw; XIX secolo; sec. XIX; siglo XIX; s. XIX; século XIX; XIX wiek; XIX w.; XIX век; 19 в.; 1800-talet; "
    "1800s; 19世紀; Ottocento; nineteenth century; 18--; 18??; 18XX",
    Years(1800, 1833): "early 19th century; early nineteenth century; Anfang 19. Jh.; début XIXe siècle; "
    "inizi XIX secolo; principios del siglo XIX; begin 19e eeuw; 19th century, early; начало XIX в.",
    Years(1833, 1866): "mid 19th century; mid-19th c.; Mitte 19. Jahrhundert; milieu du XIXe siècle; "
    "mediados del siglo XIX",
    Years(1866, 1899): "late 19th century; Ende 19. Jh.; fin XIXe siècle; fine XIX secolo; finales del siglo XIX; "
    "конец XIX в.",
    Years(1800, 1849): "first half of the 19th century; 1. Hälfte 19. Jh.; 1ère moitié du XIXe siècle; "
    "prima metà del XIX secolo; primera mitad del siglo XIX; eerste helft 19e eeuw; sec. XIX, prima metà; "
    "19th century (first half); I połowa XIX w.",
    Years(1875, 1899): "last quarter of the 19th century; 4. Viertel 19. Jh.; 4e quart du 19e siècle; "
    "último cuarto del siglo XIX",
    Years(1833, 1899): "mid to late 19th century; mid-to-late 19th c.",
    Years(1400, 1599): "15th-16th century; 15th or 16th century; 15./16. Jh.; secc. XV-XVI; XV-XVI secolo",
    Years(1466, 1533): "late 15th-early 16th century; fine XV - inizi XVI secolo; late 15th or early 16th century",
    Years(1886, 1889): "late 1880s",
    Years(-500, -401): "5th century BC; 5th c. B.C.E.; 5. Jh. v. Chr.; Ve siècle av. J.-C.; V secolo a.C.",
    Years(-450, -440): "450-440 BC; c. 450\u201340 B.C.; 450 B.C.\u2013440 B.C.; um 450-440 v. Chr.; -450/-440",
    Years(-27, 14): "27 BC\u201314 AD; 27 BCE \u2013 14 CE; 27 BC - AD 14",
    Years(None, 1499): "before 1500; vor 1500; avant 1500; prima del 1500; antes de 1500; voor 1500; pre-1500; "
    "before 16th century",
    Years(None, 1500): "\u20131500; <=1500; \u2264 1500; until 1500; by 1500; 1500 or earlier; no later than 1500; "
    "../1500; [..1500]",
    Years(1522, None): "1522+; >1522; >= 1522; 1522\u2013; 1522-present; after 1522; nach 1522; après 1522; "
    "dopo il 1522; post-1522; 1522 or later; 1522 oder später; "
    "not before 1522; 1522 and after; 1522/..; 1522/",
    Years(1500, 1509): "after 1500 and before 1510; nach 1500, vor 1510",
}  # fmt: skip


NO_YEARS = ["", "unknown", "n.d.", "o. J.", "s.d.", "rver", "Edo period", "12345", "9999", "0", "17", "3. Mai", "XIX"]


def listed(table: dict[Years, str]) -> list[tuple[str, Years]]:
    return [(date.strip(), years) for years, dates in table.items() for date in dates.split(";")]


@pytest.mark.parametrize(
    ("date", "years"), listed({Years(year, year): dates for year, dates in ONE_YEAR.items()}) + listed(SPANS)
)
def test_read_years_of_what_museums_write(date: str, years: Years) -> None:
    assert read_years(date) == years


@pytest.mark.parametrize("date", NO_YEARS)
def test_read_years_of_a_date_without_a_year_is_none(date: str) -> None:
    assert read_years(date) is None


def test_all_before_and_all_since_hold_for_every_possible_year() -> None:
    span = Years(1880, 1889)
    assert [span.all_before(year) for year in (1889, 1890)] == [False, True]
    assert [span.all_since(year) for year in (1880, 1881)] == [True, False]
    assert Years(None, 1499).all_before(1500)
    assert not Years(None, 1499).all_since(-3000)
    assert Years(1522, None).all_since(1522)
    assert not Years(1522, None).all_before(2100)


WORDS = (
    "1500 15 -0450 18-- 1880s 19th century bc ad early late 2nd half before after until later "
    "- / .. [ ] , to or XIX s. c."
)


@given(st.lists(st.sampled_from(WORDS.split())).map(" ".join) | st.text(max_size=40))
def test_read_years_of_any_text_is_none_or_in_order(date: str) -> None:
    years = read_years(date)
    if years is not None and None not in years:
        assert years.earliest <= years.latest  # type: ignore[operator]
        assert years.earliest != 0 != years.latest


def test_read_years_of_a_long_text_takes_no_time() -> None:
    started = time.monotonic()
    for text in ("1" * 100_000, "- " * 50_000, "first half " * 10_000, "1-" * 50_000, "v. " * 50_000):
        read_years(text)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("date", "has"),
    [("1889", True), ("rver", True), ("Edo period", True), ("", False), (" ", False), ("n.d.", False),
     ("[o. J.]", False), ("s. d.", False), ("Undated", False), ("?", False), ("unbekannt", False), ("-", False)],
)  # fmt: skip
def test_has_date_tells_unreadable_from_none(date: str, has: bool) -> None:
    assert has_date(date) == has


@pytest.mark.parametrize(
    ("date", "shown"), [("2005.0", "2005"), ("850.00", "850"), ("1889", "1889"), ("c.1889.0?", "c.1889.0?"), ("", "")]
)
def test_plain_date_drops_decimal_of_year(date: str, shown: str) -> None:
    assert plain_date(date) == shown
    assert Work("c", "a.jpg", "Ada", date=date).date == shown
