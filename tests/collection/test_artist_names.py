"""Name variants: two spellings of one artist are found, two artists are left alone."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from painter_search.collection.artist_names import NUMBERS, find_name_variants
from painter_search.collection.collection import read_clean
from painter_search.collection.hands.folding import fold_name


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
        ("Monet", "Claude Monet", "the surname alone"),
        ("MONET", "Monet, Claude (1840-1926)", "the surname alone"),
        ("van Gogh", "Vincent van Gogh", "the surname alone"),
        ("Gogh", "Gogh, Vincent van", "the surname alone"),
        ("Holbein", "Hans Holbein the Younger", "the surname alone"),
    ],
)
def test_find_name_variants_finds_spellings_of_one_name(one: str, other: str, how: str) -> None:
    variants = find_name_variants([one, other, "Utagawa Hiroshige", "Kandinsky"])
    assert [(set(variant.artists), variant.how) for variant in variants] == [({one, other}, how)]


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
        ("1518", "Master of 1518"),
        ("Monet", "Workshop of Monet"),
        ("Claude", "Claude Monet"),
    ],
)
def test_find_name_variants_leaves_two_artists_alone(one: str, other: str) -> None:
    assert find_name_variants([one, other]) == []


def test_find_name_variants_asks_of_a_surname_only_where_one_artist_has_it() -> None:
    assert find_name_variants(["Klee", "Paul Klee", "Felix Klee"]) == []
    variants = find_name_variants(["Monet", "Claude Monet", "Monet, Claude"])
    assert [variant.artists for variant in variants if variant.how == "the surname alone"] == [
        ("Claude Monet", "Monet"),
        ("Monet", "Monet, Claude"),
    ]


def common_letters(one: str, other: str) -> int:
    """Length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(other) + 1)
    for letter in one:
        diagonal = 0
        for i, other_letter in enumerate(other):
            diagonal, row[i + 1] = row[i + 1], diagonal + 1 if letter == other_letter else max(row[i + 1], row[i])
    return row[-1]


def naive_variants(names: list[str]) -> set[tuple[str, str]]:
    """All pairs with a similarity 2 LCS / (len(a) + len(b)) of at least 0.9, in whole numbers."""
    pairs = set()
    for one, other in combinations(sorted(set(names)), 2):
        a, b = fold_name(one), fold_name(other)
        same_numbers = NUMBERS.findall(a) == NUMBERS.findall(b)
        if a and b and same_numbers and 20 * common_letters(a, b) >= 9 * (len(a) + len(b)):
            pairs.add((one, other))
    return pairs


def made_up_names(seed: int, count: int) -> list[str]:
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list("abcd"), 3)) for _ in range(8)]
    return [" ".join(rng.choice(words, 4)) for _ in range(count)]


def test_find_name_variants_equals_naive_loop() -> None:
    names = [*made_up_names(0, 80), "Anna Ii", "Anna Iii", "Master of 1518", "Master of 1519", "???"]
    expected = naive_variants(names)
    assert {variant.artists for variant in find_name_variants(names)} == expected
    assert len(expected) > 20


def test_find_name_variants_loses_no_pair_of_difflib() -> None:
    names = sorted(set(made_up_names(1, 80)))
    similar = set()
    for one, other in combinations(names, 2):
        if SequenceMatcher(None, fold_name(one), fold_name(other), autojunk=False).ratio() >= 0.9:
            similar.add((one, other))
    assert similar
    assert similar <= {variant.artists for variant in find_name_variants(names)}


@pytest.fixture(scope="module")
def published_artists(collections: Path) -> dict[str, list[str]]:
    """The artists of the report's two cleaned catalogues."""
    paths = {part: collections / "pbn" / f"df_{part}_clean.csv" for part in ("train", "test")}
    if not all(path.is_file() for path in paths.values()):
        pytest.skip("no published catalogue")
    return {part: read_clean(path)["artist"].unique().tolist() for part, path in paths.items()}


def test_find_name_variants_of_report_catalogues(published_artists: dict[str, list[str]]) -> None:
    assert find_name_variants(published_artists["train"]) == []
    variants = find_name_variants([*published_artists["train"], *published_artists["test"]])
    assert {variant.artists for variant in variants} == {
        ("Adriaen van de Velde", "Adriaen van de Venne"),
        ("Antonietta Raphael", "Raphael"),
        ("John Marin", "John Martin"),
        ("Robert G. Harris", "Robert Harris"),
    }
