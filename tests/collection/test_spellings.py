"""One artist under two spellings is found; two artists are left alone."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from painter_search.collection.spellings import ALIKE, find_spellings, plain_name


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("Edouard Manet", "Édouard Manet", "accents, capitals or order"),
        ("Claude Monet", "claude monet", "accents, capitals or order"),
        ("Monet, Claude", "Claude Monet", "accents, capitals or order"),
        ("J.M.W. Turner", "J. M. W. Turner", "accents, capitals or order"),
        ("Pieter Brueghel", "Pieter Bruegel", "a letter or two"),
        ("Pierre-Auguste Renoir", "Pierre Auguste Rennoir", "a letter or two"),
        ("Vasily Vereshchagin", "Vassily Vereshchagin", "a letter or two"),
    ],
)
def test_spellings_of_one_name_are_found(one: str, other: str, how: str) -> None:
    found = find_spellings([one, other, "Utagawa Hiroshige", "Kandinsky"])
    assert [(set(spelling.artists), spelling.how) for spelling in found] == [({one, other}, how)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Claude Monet", "Edouard Manet"),
        ("Giovanni Bellini", "Giovanni Boldini"),
        ("Vasily Perov", "Vasily Polenov"),
        ("Hans Holbein the Elder", "Hans Holbein the Younger"),
        ("1", "2"),
        ("Utagawa Kunisada", "Utagawa Kunisada II"),
        ("Master of 1518", "Master of 1519"),
        ("Dado", "Gego"),
        ("???", "!!!"),
    ],
)
def test_two_artists_are_left_alone(one: str, other: str) -> None:
    assert find_spellings([one, other]) == []


def test_the_answer_is_that_of_comparing_every_pair() -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcd"), 3)) for _ in range(8)]
    names = sorted({" ".join(rng.choice(words, 4)) for _ in range(80)})
    expected = set()
    for one, other in combinations(names, 2):
        a, b = sorted((plain_name(one), plain_name(other)))
        if a == b or SequenceMatcher(None, b, a, autojunk=False).ratio() >= ALIKE:
            expected.add((one, other))
    assert {spelling.artists for spelling in find_spellings(names)} == expected
    assert expected


def test_no_two_artists_of_the_reports_catalogue_are_taken_for_one(collections: Path) -> None:
    path = collections / "pbn" / "df_train_clean.csv"
    if not path.is_file():
        pytest.skip("no published catalogue")
    assert find_spellings(pd.read_csv(path, dtype=str, keep_default_na=False)["artist"]) == []
