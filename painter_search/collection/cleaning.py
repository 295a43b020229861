"""The report's cleaning rules, as pure functions on catalogues."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from painter_search.collection.hands.hand import read_hands
from painter_search.collection.splits import leading_artists, move_shared_artists, unify_spellings


@dataclass(frozen=True)
class CleanedCatalogue:
    """The parts of a cleaned catalogue; they are artist-disjoint."""

    train: pd.DataFrame
    """At most `cap` works per training artist."""
    train_all: pd.DataFrame
    """All works of the training artists."""
    test: pd.DataFrame
    """At most `cap` works per test artist."""
    counts: dict[str, dict[str, int]]
    """Works and artists after each rule, in order: `{rule: {"works": n, "artists": n}}`."""


def doubt_hands(catalogue: pd.DataFrame) -> pd.Series:
    """Why each row's artist field is not the name of one artist: `by no named artist: Unknown`; empty where it is."""
    hands = read_hands(set(catalogue["artist"]) - {""})
    doubts = {field: f"{hand.doubt}: {field}" for field, hand in hands.items() if hand.doubt}
    reasons = [doubts.get(field, "") for field in catalogue["artist"]]
    return pd.Series(reasons, index=catalogue.index, dtype=object)


def files_of_uncertain_hands(catalogue: pd.DataFrame) -> set[str]:
    """The files that no row of the catalogue gives to one artist alone."""
    uncertain = doubt_hands(catalogue) != ""
    return set(catalogue["new_filename"][uncertain]) - set(catalogue["new_filename"][~uncertain])


def reject_rows(catalogue: pd.DataFrame, keep_uncertain: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide the rows of a catalogue into usable and rejected ones; the latter have the columns `file, reason`.

    A row needs a file and an artist. Of repeated rows for one file and artist the first is used; a file that the
    catalogue gives to two artists is rejected. So are, without `keep_uncertain`, the works by hands that are not one
    artist's own: "Unknown", "workshop of Rembrandt", "Rubens; Snyders". An artist's name has one spelling in the usable
    rows.
    """
    catalogue = catalogue.assign(artist=unify_spellings(catalogue["artist"]))
    files = catalogue["new_filename"]
    reasons = pd.Series("", index=catalogue.index, dtype=object)
    if not keep_uncertain:
        reasons = doubt_hands(catalogue)
    reasons[catalogue["artist"] == ""] = "no artist in the catalogue"
    has_artist = catalogue["artist"] != ""
    artists_per_file = catalogue[has_artist].groupby("new_filename")["artist"].nunique()
    contested = has_artist & (files.map(artists_per_file) > 1)
    reasons[contested & (reasons == "")] = "the catalogue gives this file to two artists"
    repeated = files[has_artist].duplicated().reindex(files.index, fill_value=False)
    reasons[~contested & repeated & (reasons == "")] = "named twice in the catalogue"
    reasons[files == ""] = "no file name in the catalogue"
    rejected = pd.DataFrame({"file": files[reasons != ""], "reason": reasons[reasons != ""]})
    return catalogue[reasons == ""], rejected


def clean_catalogue(
    catalogue: pd.DataFrame, cap: int | None = 8, random_state: int = 42, keep_single: bool = False
) -> CleanedCatalogue:
    """Clean a catalogue of readable works by the report's rules; the order of the rows does not matter.

    Args:
        catalogue: Columns `artist`, `new_filename` and `in_train` are used.
        cap: At most this many works per artist in `train` and `test`; None keeps all.
        random_state: Seed of both draws: the side of the shared artists, and the works within the cap.
        keep_single: Keep artists with one work, who are dropped by default.

    Returns:
        The cleaned parts. Of the artists in both parts a random half is moved to train with all their works, the others
        to test.
    """
    works = sort_works(catalogue)
    counts = {"readable": count_works(works)}
    if not keep_single:
        works = works[works.groupby("artist")["artist"].transform("size") > 1]
    counts["artists with at least 2 works"] = count_works(works)
    counts["train before shared artists are moved"] = count_works(works[works["in_train"]])
    counts["test before shared artists are moved"] = count_works(works[~works["in_train"]])
    leading = leading_artists(works)
    shared = sorted(set(leading[works["in_train"]]) & set(leading[~works["in_train"]]))
    counts["shared artists"] = count_works(works[leading.isin(shared)])
    works = move_shared_artists(works, leading, shared, random_state)
    train_all, test_all = works[works["in_train"]], works[~works["in_train"]]
    train, test = cap_works(train_all, cap, random_state), cap_works(test_all, cap, random_state)
    counts["train, every work"] = count_works(train_all)
    counts["train, clean"] = count_works(train)
    counts["test, clean"] = count_works(test)
    return CleanedCatalogue(train=train, train_all=train_all, test=test, counts=counts)


def sort_works(catalogue: pd.DataFrame) -> pd.DataFrame:
    """The rows in order of artist and file, so that no draw depends on their original order."""
    return catalogue.sort_values(["artist", "new_filename"], kind="stable", ignore_index=True)


def cap_works(works: pd.DataFrame, cap: int | None, random_state: int) -> pd.DataFrame:
    """At most `cap` works per artist, drawn by pandas' `sample` as in the report; all works if `cap` is None."""
    if cap is None or works.empty:
        return works
    drawn = [
        group.sample(n=min(cap, len(group)), random_state=random_state)
        for _, group in works.groupby("artist", sort=True)
    ]
    return pd.concat(drawn)


def count_works(works: pd.DataFrame) -> dict[str, int]:
    """The number of works and of artists."""
    return {"works": len(works), "artists": int(works["artist"].nunique())}
