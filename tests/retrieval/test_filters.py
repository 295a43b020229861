import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from painter_search.collection.work import Work
from painter_search.errors import UserError
from painter_search.retrieval import vectors as vectors_module
from painter_search.retrieval.attribution import Attribution, attribute
from painter_search.retrieval.filling import build_vectors
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.selection import select_works
from painter_search.retrieval.vectors import VectorSearch
from painter_search.retrieval.works import write_works

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


def chosen(works: Path, **conditions: object) -> list[int]:
    return select_works(works, WorkFilter(**conditions)).ids.tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "meets"),
    [
        ("style = 'Impressionism'", lambda id: id % 3 == 0),
        ("style = \"Cubism\" OR artist LIKE '%4'", lambda id: id % 3 == 1 or id % 5 == 4),
        ("style = 'Pop -- (Art)' -- a comment", lambda id: id % 3 == 2),
        ("id BETWEEN 3 AND 7 AND NOT date = ''", lambda id: 3 <= id <= 7 and id % 6 != 2),
        ("lower(title) = 'o''hara 4'", lambda id: id == 4),
        ("artist IN ('Artist 1', 'Artist 2')", lambda id: id % 5 in (1, 2)),
    ],
)
def test_an_expression_picks_the_works_for_which_it_holds(works: Path, where: str, meets) -> None:
    assert chosen(works, where=where) == [id for id in range(1, 31) if meets(id)]


def test_artists_and_a_style_are_taken_as_they_are_written(works: Path) -> None:
    assert chosen(works, artists=("Artist 1", "Artist 3")) == [id for id in range(1, 31) if id % 5 in (1, 3)]
    assert chosen(works, style="Pop -- (Art)") == [id for id in range(1, 31) if id % 3 == 2]
    both = WorkFilter(artists=("Artist 1", "Artist 3"), exclude_artists=("Artist 3",), style="Cubism")
    selection = select_works(works, both)
    assert selection.ids.tolist() == [id for id in range(1, 31) if id % 5 == 1 and id % 3 == 1]
    assert str(both) == "by Artist 1 or Artist 3, of the style Cubism, without Artist 3"
    with pytest.raises(UserError, match="no work by Artist 9"):
        chosen(works, artists=("Artist 9",))
    with pytest.raises(UserError, match="of the style x' OR '1"):
        chosen(works, style="x' OR '1'='1")


def test_conditions_combine_and_works_without_a_year_are_counted(works: Path) -> None:
    selection = select_works(works, WorkFilter("style <> 'Cubism'", ("Artist 0", "Artist 3"), before=1900))
    left = [id for id in range(1, 31) if id % 3 != 1 and id % 5 not in (0, 3)]
    # 1880 and c.1890 are before 1900; 1895-1905 may not be.
    assert selection.ids.tolist() == [id for id in left if id % 6 in (0, 1)]
    assert selection.without_year == sum(id % 6 in (2, 5) for id in left)
    assert selection.as_json()["works"] == len(selection.ids)
    assert f"{selection.without_year} without a readable year" in str(selection)


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
        "style = \ud800",
    ],
)
def test_what_is_no_plain_expression_is_refused_in_a_sentence(works: Path, where: str) -> None:
    before = works.read_bytes()
    with pytest.raises(UserError, match="--where"):
        select_works(works, WorkFilter(where))
    assert works.read_bytes() == before


def test_a_wrong_column_names_the_columns_there_are(works: Path) -> None:
    with pytest.raises(UserError, match=r"no such column: styl\b.*artist, title, date, style, genre"):
        select_works(works, WorkFilter("styl = 'Cubism'"))


def test_an_unknown_artist_names_close_ones(works: Path) -> None:
    with pytest.raises(UserError, match=r"no work by artst 3; did you mean Artist 3"):
        select_works(works, WorkFilter(exclude_artists=("artst 3",)))
    with pytest.raises(UserError, match="no work by TIST 4; did you mean Artist 4"):
        select_works(works, WorkFilter(exclude_artists=("TIST 4",)))
    with pytest.raises(UserError, match="no work by Rembrandt; its artists are listed"):
        select_works(works, WorkFilter(exclude_artists=("Rembrandt",)))


def test_a_filter_that_leaves_nothing_says_so(works: Path) -> None:
    with pytest.raises(UserError, match=r"no work in the index is left \(where id > 24, before 1000\) \(2 have no"):
        select_works(works, WorkFilter("id > 24", before=1000))


def test_a_filtered_index_answers_as_one_that_has_no_other_works(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    painting = painted_originals / "0-0.jpg"
    narrowed = small_index.filtered(WorkFilter("title <> 'No. 2'", ("Painter 9",)))
    artists = narrowed.artists[2]
    assert len(narrowed) == len(narrowed.artists[0]) == 9
    assert artists == ["Painter 10", "Painter 11", "Painter 8"]
    assert narrowed.search(np.zeros((1, 256), np.float32), 50)[1].shape == (1, 9)
    answer = attribute(narrowed, [painting], top=10, works=10)[0]
    whole = attribute(small_index, [painting], top=10, works=10)[0]
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
    assert len(small_index) == 16


def test_a_filtered_approximate_search_finds_what_an_exact_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors_module, "EXACT_UP_TO", 100)
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(200, 16))[rng.integers(0, 200, 4000)] + 0.4 * rng.normal(size=(4000, 16))).astype("f4")
    kind = build_vectors(vectors, tmp_path)
    assert kind.name == "approximate"
    search = VectorSearch(tmp_path, kind)
    for share in (0.5, 0.05, 0.005):
        among = np.flatnonzero(rng.random(4000) < share).astype(np.int64) + 1
        distances = np.linalg.norm(vectors[:50, None] - vectors[None, among - 1], axis=2)
        nearest = among[np.argsort(distances, axis=1)[:, :10]]
        _, found = search.search(vectors[:50], 10, among)
        assert set(found[found >= 0].tolist()) <= set(among.tolist())
        recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found, strict=True)])
        assert recall >= 0.95


def test_the_works_file_can_only_be_read(works: Path, tmp_path: Path) -> None:
    from painter_search.retrieval.database import open_read_only

    copy = Path(shutil.copyfile(works, tmp_path / "works.sqlite"))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        open_read_only(copy).cursor().execute("DELETE FROM works")
