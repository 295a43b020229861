"""Triplets: all pairs of works by one artist, each with a work by another."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from painter_search.collection.collection import read_clean
from painter_search.collection.splits import divide_training_artists
from painter_search.collection.triplets import TRIPLET_COLUMNS, all_pairs_with_negatives, draw_triplets, read_triplets
from painter_search.common.errors import DamagedFileError, NotFoundError

Pairs = set[tuple[str, str]]


def works_by(numbers: dict[str, int]) -> pd.DataFrame:
    rows = [(artist, f"{artist}{index}.jpg") for artist, number in numbers.items() for index in range(number)]
    return pd.DataFrame(rows, columns=["artist", "new_filename"])


def naive_pairs(works: pd.DataFrame) -> list[tuple[str, str]]:
    pairs = []
    rows = list(zip(works["artist"], works["new_filename"], strict=True))
    for i, (artist, anchor) in enumerate(rows):
        for other, positive in rows[i + 1 :]:
            if other == artist:
                pairs.append((anchor, positive))
    return pairs


def pairs_of(triplets: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(triplets["anchor"], triplets["positive"], strict=True))


def check_negatives(triplets: pd.DataFrame, works: pd.DataFrame) -> None:
    owner = dict(zip(works["new_filename"], works["artist"], strict=True))
    for anchor, positive, negative in triplets.itertuples(index=False):
        assert owner[anchor] == owner[positive] != owner[negative]
        assert anchor != positive


# --- pairs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_all_pairs_with_negatives_equals_naive_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    works = works_by({artist: int(rng.integers(1, 9)) for artist in "abcdefgh"})
    works = works.sample(frac=1, random_state=seed)  # Artists' rows need not lie together.
    triplets = all_pairs_with_negatives(works, seed)
    assert list(triplets.columns) == TRIPLET_COLUMNS
    assert sorted(pairs_of(triplets)) == sorted(naive_pairs(works))
    check_negatives(triplets, works)


def test_all_pairs_with_negatives_of_eight_works() -> None:
    triplets = all_pairs_with_negatives(works_by({"a": 8, "b": 1}), 42)
    assert pairs_of(triplets) == [(f"a{i}.jpg", f"a{j}.jpg") for i in range(8) for j in range(i + 1, 8)]
    assert set(triplets["negative"]) == {"b0.jpg"}


@pytest.mark.parametrize("numbers", [{}, {"a": 1}, {"a": 5}, {"a": 1, "b": 1}])
def test_all_pairs_with_negatives_of_too_few_works_is_empty(numbers: dict[str, int]) -> None:
    triplets = all_pairs_with_negatives(works_by(numbers), 42)
    assert len(triplets) == 0
    assert list(triplets.columns) == TRIPLET_COLUMNS


def test_all_pairs_with_negatives_is_seeded() -> None:
    works = works_by(dict.fromkeys("abcdef", 6))
    first, again, other = (all_pairs_with_negatives(works, seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert pairs_of(first) == pairs_of(other)
    assert list(first["negative"]) != list(other["negative"])


def chi_square(observed: list[int]) -> float:
    expected = sum(observed) / len(observed)
    return sum((number - expected) ** 2 / expected for number in observed) / (len(observed) - 1)


def test_all_pairs_with_negatives_draws_artists_uniformly() -> None:
    works = works_by({"a": 80, "b": 2, "c": 9, "d": 30, "e": 1, "f": 60})
    owner = dict(zip(works["new_filename"], works["artist"], strict=True))
    triplets = all_pairs_with_negatives(works, 42)
    for anchors in ("a", "f"):
        own = triplets[triplets["anchor"].map(owner) == anchors]
        drawn = Counter(own["negative"].map(owner))
        assert anchors not in drawn
        assert chi_square([drawn[artist] for artist in "abcdef" if artist != anchors]) < 3.5


def test_all_pairs_with_negatives_draws_works_uniformly() -> None:
    works = works_by({"a": 80, "b": 10})
    triplets = all_pairs_with_negatives(works, 42)
    drawn = Counter(triplets["negative"][triplets["anchor"].str.startswith("a")])
    assert len(drawn) == 10
    assert chi_square(list(drawn.values())) < 3.5


# --- parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("artists", "share", "learning"), [(1103, 0.2, 882), (10, 0.2, 8), (10, 0.3, 7), (4, 0.2, 2), (5, 0.9, 2)]
)
def test_divide_training_artists_by_share(artists: int, share: float, learning: int) -> None:
    works = works_by({f"{index:04d}-": 2 for index in range(artists)})
    first, second = divide_training_artists(works, share, 42)
    assert first["artist"].nunique() == learning
    assert second["artist"].nunique() == artists - learning
    assert not set(first["artist"]) & set(second["artist"])


@pytest.mark.parametrize("artists", [0, 1, 2, 3])
def test_divide_training_artists_of_few_artists_loses_no_work(artists: int) -> None:
    works = works_by({f"{index}-": 2 for index in range(artists)})
    first, second = divide_training_artists(works, 0.2, 42)
    assert len(first) + len(second) == len(works)


def test_draw_triplets_parts_are_artist_disjoint_and_complete() -> None:
    train, test = works_by({f"t{i}-": 2 + i % 5 for i in range(20)}), works_by({f"u{i}-": 2 + i % 4 for i in range(9)})
    triplets = draw_triplets(train, test, test_share_kept=1)
    train_artists = {name.split("-")[0] for name in triplets.train.to_numpy().ravel()}
    validation_artists = {name.split("-")[0] for name in triplets.validation.to_numpy().ravel()}
    assert not train_artists & validation_artists
    assert sorted(pairs_of(triplets.train) + pairs_of(triplets.validation)) == sorted(naive_pairs(train))
    assert sorted(pairs_of(triplets.test)) == sorted(naive_pairs(test))
    check_negatives(triplets.train, train)
    check_negatives(triplets.validation, train)
    check_negatives(triplets.test, test)


def test_draw_triplets_keeps_pandas_head_of_shuffle() -> None:
    train, test = works_by({"a": 3, "b": 3}), works_by({f"u{i}-": 8 for i in range(9)})
    every = all_pairs_with_negatives(test, 42)
    expected = every.sample(frac=1, random_state=42).head(int(0.42 * len(every)))
    kept = draw_triplets(train, test).test
    assert kept.to_numpy().tolist() == expected.to_numpy().tolist()
    assert list(kept.index) == list(range(len(kept)))


@pytest.mark.parametrize("percent", [7, 29, 42, 57, 58, 100])
def test_draw_triplets_keeps_exact_share(percent: int) -> None:
    test = works_by({"a": 10, "b": 10, "c": 5})  # 45 + 45 + 10 pairs
    assert len(draw_triplets(works_by({"x": 2}), test, test_share_kept=percent / 100).test) == percent


# --- the published files ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(collections: Path) -> Path:
    if not (collections / "pbn" / "df_train_clean.csv").is_file():
        pytest.skip("no published files")
    return collections / "pbn"


def test_draw_triplets_equals_published_training_pairs(published: Path) -> None:
    train, test = read_clean(published / "df_train_clean.csv"), read_clean(published / "df_test_clean.csv")
    triplets = draw_triplets(train, test)
    ours = pairs_of(triplets.train) + pairs_of(triplets.validation)
    theirs = pairs_of(read_triplets(published / "train_triplets_with_labels_new.csv"))
    theirs += pairs_of(read_triplets(published / "val_triplets_with_labels.csv"))
    assert len(ours) == len(theirs) == 29_751
    assert set(ours) == set(theirs)
    assert len(set(ours)) == 29_751


def test_all_pairs_with_negatives_include_published_test_pairs(published: Path) -> None:
    test = read_clean(published / "df_test_clean.csv")
    every = pairs_of(all_pairs_with_negatives(test, 42))
    theirs = pairs_of(read_triplets(published / "test_triplets_with_labels.csv"))
    assert len(every) == len(set(every)) == 14_609
    assert len(theirs) == 6_135
    assert set(theirs) <= set(every)
    kept = draw_triplets(read_clean(published / "df_train_clean.csv"), test).test
    assert len(kept) == 6_135
    assert set(pairs_of(kept)) <= set(every)


def test_divide_training_artists_of_published_catalogue(published: Path) -> None:
    train = read_clean(published / "df_train_clean.csv")
    learning, validating = divide_training_artists(train, 0.2, 42)
    assert (learning["artist"].nunique(), validating["artist"].nunique()) == (882, 221)


def test_all_pairs_with_negatives_of_published_works_are_by_other_artists(published: Path) -> None:
    test = read_clean(published / "df_test_clean.csv")
    check_negatives(all_pairs_with_negatives(test, 42), test)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_read_triplets_by_column_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",negative,anchor,positive\n0,003.jpg,NA,null\n")
    assert read_triplets(path).to_numpy().tolist() == [["NA", "null", "003.jpg"]]
    assert list(read_triplets(path).columns) == TRIPLET_COLUMNS


def test_read_triplets_reads_written_triplets(tmp_path: Path) -> None:
    triplets = all_pairs_with_negatives(works_by({"ä, ö": 4, 'quo"te': 3}), 1)
    triplets.to_csv(tmp_path / "t.csv", index=False)
    assert read_triplets(tmp_path / "t.csv").to_numpy().tolist() == triplets.to_numpy().tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b"anchor,positive\na,b\n", "lacks the column negative"),
        (b"a\xff\n", "lacks the column anchor and positive and negative"),
        (b"x,y\n1,2\n", "lacks the column anchor and positive and negative"),
    ],
)
def test_read_triplets_refuses_other_files(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DamagedFileError, match=message):
        read_triplets(tmp_path / "t.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_read_triplets_reads_those_of_other_programs(delimiter: str, encoding: str, tmp_path: Path) -> None:
    rows = (("Nr", "Anchor ", "POSITIVE", "Negative"), ("1", "ä.jpg", "b.jpg", "c.jpg"))
    (tmp_path / "t.csv").write_text("\r\n".join(map(delimiter.join, rows)), encoding=encoding)
    assert read_triplets(tmp_path / "t.csv").to_dict("records") == [
        {"anchor": "ä.jpg", "positive": "b.jpg", "negative": "c.jpg"}
    ]


def test_read_triplets_finds_the_header_below_a_row_of_delimiters_alone(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(";;\nAnchor;Positive;Negative\na.jpg;b.jpg;c.jpg\n")
    assert read_triplets(tmp_path / "t.csv").to_numpy().tolist() == [["a.jpg", "b.jpg", "c.jpg"]]


def test_read_triplets_keeps_file_names_that_are_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"anchor,positive,negative\ncaf\xe9.jpg,b.jpg,c.jpg\n")
    assert read_triplets(tmp_path / "t.csv")["anchor"].tolist() == [os.fsdecode(b"caf\xe9.jpg")]


def test_read_triplets_refuses_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        read_triplets(tmp_path / "gone.csv")
