"""Spellings of one name are one artist's, in every comparison and on one side of every division."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painter_search.collection.catalogues.remarks import remark_on_catalogue
from painter_search.collection.cleaning import clean_catalogue, reject_rows
from painter_search.collection.hands.folding import fold_name, life_years, split_off_life
from painter_search.collection.hands.spellings import common_spellings, find_spellings, side_leaders
from painter_search.collection.splits import divide_artists, divide_training_artists
from painter_search.collection.triplets import draw_triplets

MONETS = [
    "Claude Monet", "claude monet", "CLAUDE MONET", "Claude_Monet", "claude-monet", "Monet, Claude",
    "Claude Monet (1840-1926)", "Claude Monet (1840\u20131926)", "Monet, Claude (French, 1840-1926)",
    "Monet, Claude, 1840-1926", "Claude Monet, French, 1840\u20131926", "Claude Monet 1840-1926",
    "Claude Monet [1840-1926]", "Claude Monet (French, Paris 1840\u20131926 Giverny)", "Claude Monet (painter)",
    "Claude Monet (French painter)",
    "Artist: Claude Monet", "by Claude Monet", "Painted by: Claude Monet", "schilder: Claude Monet",
    "Print made by: Claude Monet", "Claude Monet (French)",
    "Claude Monet (born 1840)",
    "Claude Monet (b. 1840 - d. 1926)", "Monet (Claude)",
    "Claude Monet (K\u00fcnstler*in)", "Claude Monet (Maler:in)", "Monet, Claude (Maler_in)", "Monet, Claude, peintre",
    "Monet, Claude, French painter", "Monet, Claude (Paris, 1840 - Giverny, 1926)",
    "Claude Monet (Paris 1840 \u2013 Giverny 1926)", "Claude Monet (1840-1926), French",
]  # fmt: skip


@pytest.mark.parametrize("spelling", MONETS)
def test_fold_name_of_every_spelling_is_the_same(spelling: str) -> None:
    assert fold_name(spelling) == "claude monet"
    assert life_years(spelling) <= {1840, 1926}
    assert find_spellings(spelling, ["Claude Monet", "Edouard Manet"]) == ["Claude Monet"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("D\u00fcrer", "Du\u0308rer"), ("D\u00fcrer", "Durer"), ("S\u00f8ren", "Soren"),
     ("J.M.W. Turner", "J. M. W. Turner"), ("Utagawa Hiroshige", "Hiroshige Utagawa"),
     ("Opa\u0142ka, Roman", "Roman Opalka"), ("Bertram, Meister", "Meister Bertram"),
     ("Theoderich, Master", "Master Theoderich"), ("Leonardo, Maestro", "Maestro Leonardo")],
)  # fmt: skip
def test_fold_name_ignores_accents_points_and_order(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Utagawa Kunisada", "Utagawa Kunisada II"), ("Hans Holbein the Elder", "Hans Holbein the Younger"),
     ("Master of 1518", "Master of 1519"), ("Claude Monet", "Edouard Manet"), ("1", "2"),
     ("Petro Kholodny (Elder)", "Petro Kholodny"), ("Opalka, Roman", "Opalka")],
)  # fmt: skip
def test_fold_name_keeps_two_artists_apart(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_split_off_life_leaves_what_is_part_of_the_name() -> None:
    assert split_off_life("Monet, Claude, French, 1840-1926") == ("Monet  Claude", "French, 1840-1926")
    assert split_off_life("Rockwell, Norman, 1894-1978") == ("Rockwell  Norman", "1894-1978")
    assert split_off_life("Max Ernst (American, born Germany, 1891-1976)") == (
        "Max Ernst ", "American, born Germany, 1891-1976"
    )  # fmt: skip
    for name in ("Holbein, Hans, the Younger", "Church of the Covenant (Boston)", "Master of 1518", "Studio 54"):
        assert split_off_life(name)[1] == ""


def test_common_spellings_is_the_most_frequent_and_of_equally_frequent_ones_the_plainest() -> None:
    assert common_spellings({"Monet, Claude": 5, "Claude Monet": 2, "Ada": 1}) == {
        "Monet, Claude": "Monet, Claude", "Claude Monet": "Monet, Claude", "Ada": "Ada"
    }  # fmt: skip
    assert set(common_spellings(dict.fromkeys(MONETS, 1)).values()) == {"Claude Monet"}
    assert common_spellings({"?": 1, "-": 1, "": 1}) == {"?": "?", "-": "-", "": ""}
    both = common_spellings({"Rembrandt (workshop of)": 2, "Workshop of Rembrandt": 1, "Rembrandt": 9})
    assert both["Workshop of Rembrandt"] == "Rembrandt (workshop of)"
    assert both["Rembrandt"] == "Rembrandt"


@pytest.mark.parametrize("mark", [";", " |", ","])
def test_common_spellings_keeps_namesakes_apart_whatever_is_before_the_years(mark: str) -> None:
    names = [f"Holbein, Hans{mark} 1465-1524", f"Holbein, Hans{mark} 1497-1543"]
    assert common_spellings(dict.fromkeys(names, 1)) == dict(zip(names, names, strict=True))
    alone = common_spellings({names[0]: 2, "Hans Holbein": 1})
    assert len(set(alone.values())) == 1


def test_common_spellings_keeps_namesakes_with_other_years_apart() -> None:
    names = ["John Smith (1652-1742)", "John Smith (1781-1852)", "Smith, John (1781\u20131852)", "John Smith"]
    used = common_spellings(dict.fromkeys(names, 1))
    assert used["Smith, John (1781\u20131852)"] == used["John Smith (1781-1852)"] == "John Smith (1781-1852)"
    assert len(set(used.values())) == 3
    assert len(set(side_leaders(names).values())) == 1


def test_find_spellings_prefers_the_exact_name() -> None:
    index = ["Vincent van Gogh", "Vincent_van_Gogh", "Titian"]
    assert find_spellings("Vincent_van_Gogh", index) == ["Vincent_van_Gogh"]
    assert find_spellings("vincent-van-gogh", index) == ["Vincent van Gogh", "Vincent_van_Gogh"]
    assert find_spellings("Tizian", index) == []


def test_find_spellings_prefers_a_life_in_common_to_no_life() -> None:
    index = ["John Smith", "John Smith (1652-1742)", "John Smith (1781-1852)"]
    assert find_spellings("Smith, John (1652-1742)", index) == ["John Smith (1652-1742)"]
    assert find_spellings("Smith, John (1900-1950)", index) == ["John Smith"]
    assert find_spellings("SMITH, JOHN", index) == index


def test_side_leaders_takes_an_artist_and_the_hands_near_by_together() -> None:
    together = ["Rubens", "Rubens (workshop of)", "after Rubens", "RUBENS", "Rubens; Snyders", "Snyders", "Snyders?"]
    apart = ["Titian", "Unknown", "Master of Fl\u00e9malle", "Christo"]
    leaders = side_leaders([*together, *apart, "Christo and Jeanne-Claude"])
    assert {leaders[name] for name in together} == {"RUBENS"}
    assert [leaders[name] for name in apart] == apart
    assert leaders["Christo and Jeanne-Claude"] == "Christo"
    leaders = side_leaders(
        ["Peter Paul Rubens", "Workshop of Rubens", "Rembrandt van Rijn", "after Rembrandt", "Titian"]
    )
    assert list(leaders.values()) == ["Peter Paul Rubens"] * 2 + ["Rembrandt van Rijn"] * 2 + ["Titian"]


def catalogue(artists: list[str], in_train: list[bool]) -> pd.DataFrame:
    rows = [(artist, f"{i}-{copy}.jpg", side) for i, (artist, side) in enumerate(zip(artists, in_train, strict=True))
            for copy in range(2)]  # fmt: skip
    return pd.DataFrame(rows, columns=["artist", "new_filename", "in_train"])


FIELDS = [
    "Monet", "MONET", "Monet (1840-1926)", "Workshop of Monet", "Monet?", "Goya", "goya", "Monet; Goya", "Titian",
    "Unknown", "Manet", "Manet, \u00c9douard", "\u00c9douard Manet", "Italian school", "Ada", "Bob", "Cy", "after Cy",
]  # fmt: skip


@settings(max_examples=25)
@given(st.lists(st.sampled_from(FIELDS), min_size=2, max_size=14), st.integers(0, 99), st.data())
def test_no_division_separates_what_belongs_together(artists: list[str], seed: int, data: st.DataObject) -> None:
    sides = data.draw(st.lists(st.booleans(), min_size=len(artists), max_size=len(artists)))
    table, _ = reject_rows(catalogue(artists, sides), keep_uncertain=True)
    cleaned = clean_catalogue(table, random_state=seed)
    leaders = side_leaders(artists)
    divided = divide_artists(pd.Series(artists), 0.5, seed)
    training, validation = divide_training_artists(table, 0.4, seed)
    for one, other in (
        (cleaned.train_all["artist"], cleaned.test["artist"]),
        (training["artist"], validation["artist"]),
        (pd.Series(artists)[divided], pd.Series(artists)[~divided]),
    ):
        assert {leaders[name] for name in one} & {leaders[name] for name in other} == set()


def test_divide_artists_is_the_same_with_and_without_uncertain_hands() -> None:
    artists = [f"Artist {letter}" for letter in "ABCDEFGHIJ"]
    sure = divide_artists(pd.Series(artists), 0.4, 42)
    mixed = pd.Series([*artists, "Unknown", "Anonymous", "Master of Flémalle", "Workshop of Artist B", ""])
    divided = divide_artists(mixed, 0.4, 42)
    assert list(divided[:10]) == list(sure)
    assert (~sure).sum() == 4
    assert divided[13] == sure[1]


def test_reject_rows_leaves_out_uncertain_hands_and_unifies_spellings() -> None:
    artists = ["Vincent van Gogh", "Vincent_van_Gogh", "Unknown", "Workshop of Goya", "Goya", "Goya; Titian"]
    table = catalogue(artists, [True] * 6)
    usable, rejected = reject_rows(table)
    assert Counter(usable["artist"]) == {"Vincent van Gogh": 4, "Goya": 2}
    assert sorted(set(rejected["reason"])) == [
        "by a hand near an artist: Workshop of Goya", "by no named artist: Unknown", "by several artists: Goya; Titian"
    ]  # fmt: skip
    kept, none = reject_rows(table, keep_uncertain=True)
    assert Counter(kept["artist"]) == {"Vincent van Gogh": 4, **dict.fromkeys(artists[2:], 2)}
    assert none.empty


def test_reject_rows_takes_a_file_under_two_spellings_as_named_twice() -> None:
    table = pd.DataFrame({"artist": ["Goya", "GOYA"], "new_filename": ["1.jpg", "1.jpg"], "in_train": True})
    usable, rejected = reject_rows(table)
    assert len(usable) == 1
    assert list(rejected["reason"]) == ["named twice in the catalogue"]


def test_draw_triplets_never_takes_another_spelling_for_a_negative() -> None:
    rows = [(name, f"{name}-{i}.jpg") for name in ("Claude Monet", "Monet, Claude", "Goya") for i in range(2)]
    works = pd.DataFrame(rows, columns=["artist", "new_filename"])
    drawn = draw_triplets(works, works, test_share_kept=1).test
    assert len(drawn) == 6 + 1
    for anchor, _, negative in drawn.to_numpy():
        assert anchor.startswith("Goya") != negative.startswith("Goya")


def test_remark_on_catalogue_says_what_was_read() -> None:
    table = catalogue(["Goya", "GOYA", "Unknown", "Unknown", "Ada"], [True] * 5).assign(date=["1889", "rver"] * 5)
    hands, spellings, dates = remark_on_catalogue(table)
    assert hands == "What is not one artist's own hand is left out; --keep-uncertain keeps it: Unknown (4)."
    assert spellings == "Spellings of one name are taken as one artist: GOYA for Goya."
    assert dates.startswith("5 of 10 dates name no year that can be read: rver. ")
    assert remark_on_catalogue(catalogue(["Goya", "Ada"], [True, False]).assign(date="n.d.")) == []
