"""The report's cleaning rules, one by one and all together."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS
from painter_search.collection.cleaning import CleanedCatalogue, cap_works, clean_catalogue, reject_rows, sort_works
from painter_search.collection.splits import leading_artists, move_shared_artists

Row = tuple[str, bool]


def catalogue(rows: list[tuple[str, str, bool]]) -> pd.DataFrame:
    """A catalogue from (artist, file, in_train)."""
    table = pd.DataFrame("", index=range(len(rows)), columns=CLEAN_COLUMNS, dtype=object)
    for column, values in zip(("artist", "new_filename", "in_train"), zip(*rows, strict=True), strict=False):
        table[column] = list(values)
    table["in_train"] = table["in_train"].astype(bool)
    return table


def works_of(number: int, artist: str, in_train: bool, start: int = 0) -> list[tuple[str, str, bool]]:
    return [(artist, f"{artist}{start + i:03d}.jpg", in_train) for i in range(number)]


def files(table: pd.DataFrame) -> set[str]:
    return set(table["new_filename"])


# --- rejecting -------------------------------------------------------------------------------------------------------


def test_reject_rows_without_file_or_artist() -> None:
    usable, rejected = reject_rows(catalogue([("A", "1.jpg", True), ("", "2.jpg", True), ("B", "", True)]))
    assert list(usable["new_filename"]) == ["1.jpg"]
    assert rejected.to_numpy().tolist() == [
        ["2.jpg", "no artist in the catalogue"],
        ["", "no file name in the catalogue"],
    ]


def test_reject_rows_keeps_repeated_file_once() -> None:
    usable, rejected = reject_rows(catalogue([("A", "1.jpg", True), ("A", "1.jpg", True), ("A", "2.jpg", True)]))
    assert list(usable["new_filename"]) == ["1.jpg", "2.jpg"]
    assert list(rejected["reason"]) == ["named twice in the catalogue"]


def test_reject_rows_rejects_file_of_two_artists() -> None:
    usable, rejected = reject_rows(catalogue([("A", "1.jpg", True), ("B", "1.jpg", True), ("B", "2.jpg", True)]))
    assert list(usable["new_filename"]) == ["2.jpg"]
    assert list(rejected["reason"]) == ["the catalogue gives this file to two artists"] * 2


def test_reject_rows_without_artist_do_not_contest_a_file() -> None:
    for rows in ([("", "1.jpg", True), ("A", "1.jpg", True)], [("A", "1.jpg", True), ("", "1.jpg", True)]):
        usable, rejected = reject_rows(catalogue(rows))
        assert list(usable["artist"]) == ["A"]
        assert list(rejected["reason"]) == ["no artist in the catalogue"]


def test_reject_rows_returns_every_row_once() -> None:
    rng = np.random.default_rng(0)
    rows = [(rng.choice(["", "A", "B"]), rng.choice(["", "1", "2", "3", "4", "5", "6"]), True) for _ in range(60)]
    usable, rejected = reject_rows(catalogue(rows))
    assert len(usable) + len(rejected) == 60
    assert not usable["new_filename"].duplicated().any()


# --- rules -----------------------------------------------------------------------------------------------------------


def test_clean_catalogue_drops_artists_with_one_work() -> None:
    cleaned = clean_catalogue(
        catalogue(works_of(1, "one", True) + works_of(2, "two", True) + works_of(1, "solo", False))
    )
    assert set(cleaned.train["artist"]) == {"two"}
    assert cleaned.test.empty
    assert cleaned.counts["readable"] == {"works": 4, "artists": 3}
    assert cleaned.counts["artists with at least 2 works"] == {"works": 2, "artists": 1}


def test_clean_catalogue_counts_works_of_artist_over_both_parts() -> None:
    cleaned = clean_catalogue(catalogue([("A", "1.jpg", True), ("A", "2.jpg", False)]))
    assert len(cleaned.train) + len(cleaned.test) == 2
    assert min(len(cleaned.train), len(cleaned.test)) == 0


def test_clean_catalogue_keep_single() -> None:
    rows = catalogue(works_of(1, "one", False) + works_of(3, "three", False))
    cleaned = clean_catalogue(rows, cap=None, keep_single=True)
    assert files(cleaned.test) == files(rows)


@pytest.mark.parametrize("shared", [1, 2, 7, 10])
def test_clean_catalogue_moves_half_of_shared_artists_each_way(shared: int) -> None:
    rows = []
    for index in range(shared):
        rows += works_of(2, f"s{index}", True) + works_of(3, f"s{index}", False, start=2)
    rows += works_of(2, "trained", True) + works_of(2, "tested", False)
    cleaned = clean_catalogue(catalogue(rows))
    assert cleaned.train["artist"].nunique() == 1 + (shared + 1) // 2
    assert cleaned.test["artist"].nunique() == 1 + shared // 2
    assert set(cleaned.train.groupby("artist").size()) <= {5, 2}
    assert cleaned.counts["shared artists"] == {"works": 5 * shared, "artists": shared}


def test_move_shared_artists_is_seeded_and_copies_input() -> None:
    names = [f"s{index}" for index in range(12)]
    table = catalogue([row for name in names for row in works_of(1, name, True) + works_of(1, name, False, 1)])
    before = table.copy()
    leading = leading_artists(table)
    draws = [move_shared_artists(table, leading, names, seed)["in_train"].tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    assert table.equals(before)


@pytest.mark.parametrize("number", [9, 10, 57])
def test_clean_catalogue_cap_equals_pandas_sample(number: int) -> None:
    rows = catalogue(works_of(number, "A", True) + works_of(number + 3, "B", False))
    cleaned = clean_catalogue(rows.sample(frac=1, random_state=5))
    for artist, part in (("A", cleaned.train), ("B", cleaned.test)):
        works = rows[rows["artist"] == artist].sort_values("new_filename").reset_index(drop=True)
        expected = works.sample(n=8, random_state=42)
        assert part["new_filename"].tolist() == expected["new_filename"].tolist()


def test_clean_catalogue_keeps_every_work_under_cap() -> None:
    rows = catalogue(works_of(8, "eight", True) + works_of(3, "three", True))
    assert files(clean_catalogue(rows).train) == files(rows)


def test_clean_catalogue_without_cap_keeps_every_work() -> None:
    rows = catalogue(works_of(30, "A", True) + works_of(20, "B", False))
    cleaned = clean_catalogue(rows, cap=None)
    assert files(cleaned.train) | files(cleaned.test) == files(rows)


def test_clean_catalogue_train_all_has_works_beyond_cap() -> None:
    rows = catalogue(works_of(30, "A", True) + works_of(20, "B", False))
    cleaned = clean_catalogue(rows)
    assert len(cleaned.train) == 8
    assert files(cleaned.train_all) == {file for file in files(rows) if file.startswith("A")}
    assert cleaned.counts["train, every work"] == {"works": 30, "artists": 1}


def test_clean_catalogue_of_empty_catalogue_is_empty() -> None:
    cleaned = clean_catalogue(catalogue(works_of(1, "one", True)))
    assert cleaned.train.empty
    assert cleaned.test.empty
    assert list(cleaned.train.columns) == CLEAN_COLUMNS
    assert cap_works(cleaned.train, 8, 42).empty


# --- all together ----------------------------------------------------------------------------------------------------

ROWS = st.lists(st.tuples(st.sampled_from("abcdefg"), st.booleans()), max_size=60)
SETTINGS = settings(max_examples=40)


def numbered(rows: list[Row]) -> pd.DataFrame:
    if not rows:
        return catalogue([("z", "0.jpg", True)]).iloc[:0]
    return catalogue([(artist, f"{index:03d}.jpg", in_train) for index, (artist, in_train) in enumerate(rows)])


def naive_counts(rows: list[Row]) -> dict[str, dict[str, int]]:
    """The counts that do not depend on a draw, with plain loops."""
    works = Counter(artist for artist, _ in rows)
    kept = [(artist, in_train) for artist, in_train in rows if works[artist] >= 2]
    trained = {artist for artist, in_train in kept if in_train}
    tested = {artist for artist, in_train in kept if not in_train}
    return {
        "readable": {"works": len(rows), "artists": len(works)},
        "artists with at least 2 works": {"works": len(kept), "artists": len(trained | tested)},
        "train before shared artists are moved": {"works": sum(t for _, t in kept), "artists": len(trained)},
        "test before shared artists are moved": {"works": sum(not t for _, t in kept), "artists": len(tested)},
        "shared artists": {
            "works": sum(artist in trained & tested for artist, _ in kept),
            "artists": len(trained & tested),
        },
    }


def parts(cleaned: CleanedCatalogue) -> list[list[list[object]]]:
    columns = ["artist", "new_filename", "in_train"]
    return [part[columns].to_numpy().tolist() for part in (cleaned.train, cleaned.train_all, cleaned.test)]


@SETTINGS
@given(rows=ROWS, cap=st.sampled_from([2, 3, 8, None]), seed=st.integers(0, 5))
def test_clean_catalogue_parts_are_disjoint_and_capped_for_any_catalogue(
    rows: list[Row], cap: int | None, seed: int
) -> None:
    table = numbered(rows)
    cleaned = clean_catalogue(table, cap, seed)
    train, train_all, test = cleaned.train, cleaned.train_all, cleaned.test
    assert not set(train_all["artist"]) & set(test["artist"])
    assert files(train) <= files(train_all)
    assert set(train["artist"]) == set(train_all["artist"])
    assert train["in_train"].all()
    assert not test["in_train"].any()
    owners = dict(zip(table["new_filename"], table["artist"], strict=True))
    works = Counter(artist for artist, _ in rows)
    for part in (train, test):
        assert not part["new_filename"].duplicated().any()
        for artist, group in part.groupby("artist"):
            assert len(group) == min(works[artist], cap or works[artist])
            assert len(group) >= 2
            assert all(owners[file] == artist for file in group["new_filename"])


@SETTINGS
@given(rows=ROWS, seed=st.integers(0, 5))
def test_clean_catalogue_counts_equal_naive_loop_for_any_catalogue(rows: list[Row], seed: int) -> None:
    cleaned = clean_catalogue(numbered(rows), random_state=seed)
    counts = cleaned.counts
    for rule, expected in naive_counts(rows).items():
        assert counts[rule] == expected
    assert counts["train, clean"] == {"works": len(cleaned.train), "artists": cleaned.train["artist"].nunique()}
    assert counts["test, clean"] == {"works": len(cleaned.test), "artists": cleaned.test["artist"].nunique()}
    kept = counts["artists with at least 2 works"]["artists"]
    assert counts["train, clean"]["artists"] + counts["test, clean"]["artists"] == kept


@SETTINGS
@given(rows=ROWS, shuffle=st.integers(0, 1000))
def test_clean_catalogue_does_not_depend_on_row_order(rows: list[Row], shuffle: int) -> None:
    table = numbered(rows)
    shuffled = table.sample(frac=1, random_state=shuffle)
    assert parts(clean_catalogue(shuffled, cap=3)) == parts(clean_catalogue(table, cap=3))
    assert sort_works(shuffled).equals(sort_works(table))
