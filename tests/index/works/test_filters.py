import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.collection.work import Work
from painter_search.common.errors import InvalidValueError, NotEnoughDataError, UnknownWorkError
from painter_search.common.files.sqlite import ReadOnlyConnection, open_read_only
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.filters import select_works
from painter_search.index.works.works_db import WorksDB
from painter_search.index.works.works_writer import write_works

DATES = ["1880", "c.1890", "", "1895-1905", "August 1901", "unknown"]
STYLES = ["Impressionism", "Cubism", "Pop -- (Art)"]


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty works by five artists, with dates and styles."""
    path = tmp_path_factory.mktemp("works") / "works.sqlite"
    rows = [
        (id, Work("c", f"{id}.jpg", f"Artist {id % 5}", f"O'Hara {id}", DATES[id % 6], STYLES[id % 3]), bytes(772))
        for id in range(1, 31)
    ]
    write_works(path, rows)
    return path


def select_ids(works: Path, **conditions: object) -> list[int]:
    return select_works(works, WorkFilter(**conditions)).ids.tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("style = 'Impressionism'", lambda id: id % 3 == 0),
        ("\"Style\" = 'Cubism' OR artist LIKE '%4' /* \"4\" */", lambda id: id % 3 == 1 or id % 5 == 4),
        ("style = 'Pop -- (Art)' -- a comment", lambda id: id % 3 == 2),
        ('"works"."style" = \'Cubism\' COLLATE "nocase" AND "rowid" > 3', lambda id: id % 3 == 1 and id > 3),
        ('title <> \'"Cubism"\' AND [style] = \'Cubism\' -- "title", "none"', lambda id: id % 3 == 1),
        ("id BETWEEN 3 AND 7 AND NOT date = ''", lambda id: 3 <= id <= 7 and id % 6 != 2),
        ("lower(title) = 'o''hara 4'", lambda id: id == 4),
        ("artist IN ('Artist 1', 'Artist 2')", lambda id: id % 5 in (1, 2)),
    ],
)
def test_select_works_keeps_those_for_which_the_expression_holds(
    works: Path, where: str, holds: Callable[[int], bool]
) -> None:
    assert select_ids(works, where=where) == [id for id in range(1, 31) if holds(id)]


def test_select_works_without_conditions_leaves_all(works: Path) -> None:
    assert select_ids(works) == select_ids(works, where="1")
    assert select_ids(works, exclude_artists=("Artist 0",), artists=("Artist 0", "Artist 1")) == select_ids(
        works, artists=("Artist 1",)
    )


def test_select_works_compares_artists_and_styles_literally(works: Path) -> None:
    assert select_ids(works, artists=("Artist 1", "Artist 3")) == [id for id in range(1, 31) if id % 5 in (1, 3)]
    assert select_ids(works, style="Pop -- (Art)") == [id for id in range(1, 31) if id % 3 == 2]
    both = WorkFilter(artists=("Artist 1", "Artist 3"), exclude_artists=("Artist 3",), style="Cubism")
    selection = select_works(works, both)
    assert selection.ids.tolist() == [id for id in range(1, 31) if id % 5 == 1 and id % 3 == 1]
    assert str(both) == "by Artist 1 or Artist 3, of the style Cubism, without Artist 3"
    with pytest.raises(UnknownWorkError, match="no work by Artist 9"):
        select_ids(works, artists=("Artist 9",))
    with pytest.raises(NotEnoughDataError, match="of the style x' OR '1"):
        select_ids(works, style="x' OR '1'='1")


def test_select_works_combines_conditions_and_counts_works_without_a_year(works: Path) -> None:
    selection = select_works(works, WorkFilter("style <> 'Cubism'", ("Artist 0", "Artist 3"), before=1900))
    left = [id for id in range(1, 31) if id % 3 != 1 and id % 5 not in (0, 3)]
    # 1880 and c.1890 are before 1900; 1895-1905 may not be.
    assert selection.ids.tolist() == [id for id in left if id % 6 in (0, 1)]
    assert selection.without_year == sum(id % 6 in (2, 5) for id in left)
    assert selection.as_json()["works"] == len(selection.ids)
    assert f"{selection.without_year} without a readable year" in str(selection)
    assert selection.across == selection.as_json()["across"] == sum(id % 6 == 3 for id in left)
    assert f"{selection.across} that may be of other years too" in str(selection)


def test_select_works_by_year_keeps_dates_that_lie_wholly_in_the_period(tmp_path: Path) -> None:
    dates = ["450 BC", "before 1500", "15th century", "c. 1503-06", "1880s", "19th century", "after 1900", "n.d."]
    rows = [(id, Work("c", f"{id}.jpg", "Ada", date=date), bytes(772)) for id, date in enumerate(dates, start=1)]
    write_works(tmp_path / "works.sqlite", rows)

    def kept(**period: int) -> list[str]:
        return [dates[id - 1] for id in select_ids(tmp_path / "works.sqlite", **period)]

    assert kept(before=1500) == ["450 BC", "before 1500", "15th century"]
    assert kept(before=1, since=-500) == ["450 BC"]
    assert kept(since=1500, before=1900) == ["c. 1503-06", "1880s", "19th century"]
    assert kept(since=1880) == ["1880s", "after 1900"]


@pytest.mark.parametrize(
    "where",
    [
        "",
        "1; DROP TABLE works",
        "1) FROM works; DELETE FROM works; --",
        "1) FROM works LIMIT (5",
        "1), (2",
        "1) UNION SELECT (2",
        "(SELECT count(*) FROM sqlite_master) > 0",
        "EXISTS (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)",
        "load_extension('evil')",
        "randomblob(1000000000) IS NOT NULL",
        "count(*) > 1",
        "fingerprint IS NOT NULL",
        "PRAGMA user_version",
        "ATTACH 'x' AS y",
        "abs(-9223372036854775808) > 0",
        "style = 'unclosed",
        "1) FROM works ORDER BY id DESC /*",
        "1) FROM works, works AS other /*",
        "style = \ud800",
    ],
)
def test_select_works_refuses_anything_but_one_plain_expression(works: Path, where: str) -> None:
    before = works.read_bytes()
    with pytest.raises(InvalidValueError, match=r"where|not text in UTF-8"):
        select_works(works, WorkFilter(where))
    assert works.read_bytes() == before


def test_select_works_lists_the_columns_for_an_unknown_one(works: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"no such column: styl\b.*artist, title, date, style, genre"):
        select_works(works, WorkFilter("styl = 'Cubism'"))


@pytest.mark.parametrize("where", ["\"stlye\" <> 'Cubism'", 'style = "Cubism"', '`style` = \'"\' OR ""'])
def test_select_works_takes_no_misspelt_column_for_a_text(works: Path, where: str) -> None:
    with pytest.raises(InvalidValueError, match=r"no such column: (stlye|Cubism|)\): .* with texts in single quotes"):
        select_works(works, WorkFilter(where))


@pytest.mark.parametrize(
    ("conditions", "lacking"),
    [
        ({"where": "style = 'Cubism'"}, "style"), ({"where": "lower(\"STYLE\") = 'cubism'"}, "style"),
        ({"style": "Cubism"}, "style"), ({"before": 1900}, "date"), ({"where": "date LIKE '18%'"}, "date"),
        ({"where": "artist = 'style'"}, None), ({"where": "title = 'x' -- style"}, None),
    ],
)  # fmt: skip
def test_select_works_says_that_no_work_has_what_is_asked_for(
    tmp_path: Path, conditions: dict[str, object], lacking: str | None
) -> None:
    write_works(tmp_path / "works.sqlite", [(1, Work("c", "1.jpg", "Ada"), bytes(772))])
    told = f"no work in this index has a {lacking}, which comes from a catalogue" if lacking else "drop or widen"
    with pytest.raises(NotEnoughDataError, match=told):
        select_ids(tmp_path / "works.sqlite", **conditions)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"before": "1900"}, "before is '1900'; it must be a whole number"),
        ({"since": 1900.5}, "since is 1900.5; it must be a whole number"),
        ({"style": ["Cubism"]}, r"style is \['Cubism'\]; it must be a text"),
        ({"where": 1}, "where is 1; it must be a text"),
        ({"artists": None}, "None is no name; give a name, or several"),
    ],
)
def test_work_filter_refuses_values_of_other_types(conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        WorkFilter(**conditions)
    assert type(WorkFilter(before=np.int64(1900)).before) is int  # type: ignore[arg-type]


def test_select_works_finds_an_artist_under_another_spelling(works: Path) -> None:
    assert select_ids(works, artists="ARTIST_3") == select_ids(works, artists="Artist 3")
    assert select_ids(works, exclude_artists="ARTIST 3") == select_ids(works, exclude_artists="Artist 3")


def test_select_works_takes_all_spellings_of_a_name_that_is_none_of_them(tmp_path: Path) -> None:
    names = ["Vincent van Gogh", "Vincent_van_Gogh", "D\u00fcrer", "Du\u0308rer"]
    write_works(
        tmp_path / "works.sqlite", [(i, Work("c", f"{i}.jpg", name), bytes(772)) for i, name in enumerate(names, 1)]
    )
    assert select_ids(tmp_path / "works.sqlite", exclude_artists="van Gogh, Vincent") == [3, 4]
    assert select_ids(tmp_path / "works.sqlite", artists="Vincent van Gogh") == [1]
    assert select_ids(tmp_path / "works.sqlite", artists="DURER") == [3, 4]


def test_work_filter_takes_one_name_or_several() -> None:
    assert WorkFilter(artists="Goya", exclude_artists=["Manet"]) == WorkFilter(  # type: ignore[arg-type]
        artists=("Goya",), exclude_artists=("Manet",)
    )


def test_select_works_suggests_similar_names_for_an_unknown_artist(works: Path) -> None:
    with pytest.raises(UnknownWorkError, match=r"no work by artst 3; did you mean Artist 3"):
        select_works(works, WorkFilter(exclude_artists=("artst 3",)))
    with pytest.raises(UnknownWorkError, match="no work by TIST 4; did you mean Artist 4"):
        select_works(works, WorkFilter(exclude_artists=("TIST 4",)))
    with pytest.raises(UnknownWorkError, match="no work by Rembrandt; its artists are listed"):
        select_works(works, WorkFilter(exclude_artists=("Rembrandt",)))


def test_select_works_refuses_a_filter_that_no_work_meets(works: Path) -> None:
    with pytest.raises(
        NotEnoughDataError, match=r"no work in the index is left \(where id > 24, before 1000\) \(2 have no"
    ):
        select_works(works, WorkFilter("id > 24", before=1000))


def test_filtered_index_answers_as_if_it_had_no_other_works(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    painting = painted_originals / "0-0.jpg"
    narrowed = small_index.filtered(WorkFilter("title <> 'No. 2'", "Painter 9"))  # type: ignore[arg-type]
    artists = narrowed.artists.names
    assert len(narrowed) == len(narrowed.artists.ids) == 9
    assert artists == ["Painter 10", "Painter 11", "Painter 8"]
    assert narrowed.search(np.zeros((1, 256), np.float32), 50)[1].shape == (1, 9)
    answer = attribute(narrowed, [painting], top_k=10, works_per_artist=10)[0]
    whole = attribute(small_index, [painting], top_k=10, works_per_artist=10)[0]
    assert isinstance(answer, Attribution)
    assert isinstance(whole, Attribution)
    assert {match.artist: match.works_in_index for match in answer.artists} == dict.fromkeys(artists, 3)
    whole_works = {match.artist: match.works for match in whole.artists}
    for match in answer.artists:
        kept = [neighbour for neighbour in whole_works[match.artist] if neighbour.work.title != "No. 2"]
        assert [neighbour.id for neighbour in match.works] == [neighbour.id for neighbour in kept]
        np.testing.assert_allclose(
            [neighbour.distance for neighbour in match.works], [neighbour.distance for neighbour in kept], rtol=1e-5
        )
    assert small_index.filtered(None) is small_index
    for other in ("style = 'Cubism'", {"style": "Cubism"}):
        with pytest.raises(InvalidValueError, match=r"is not a filter; give a WorkFilter\(\.\.\.\)"):
            small_index.filtered(other)  # type: ignore[arg-type]
    assert len(small_index) == 16


def test_open_read_only_refuses_to_write(works: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copyfile(works, tmp_path / "works.sqlite"))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        open_read_only(copy).cursor().execute("DELETE FROM works")


def test_styles_are_read_once(works: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are shown by every page with a form, and take a look at every work."""
    database = WorksDB(works, works)
    assert database.styles == sorted(STYLES)
    monkeypatch.setattr(ReadOnlyConnection, "execute", None)
    assert database.styles == sorted(STYLES)


def test_index_is_dated_if_a_year_can_be_read_of_any_work(tmp_path: Path) -> None:
    for name, dates, dated in (("undated", ("", "n.d."), False), ("dated", ("n.d.", "c. 1650"), True)):
        rows = [(id, Work("c", f"{id}.jpg", "Artist", "", date, ""), bytes(772)) for id, date in enumerate(dates, 1)]
        write_works(tmp_path / name, rows)
        assert WorksDB(tmp_path / name, tmp_path / "no thumbnails").is_dated == dated
