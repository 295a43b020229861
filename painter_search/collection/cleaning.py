"""The report's cleaning rules, as pure functions on catalogues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Cleaned:
    """The parts of a cleaned catalogue; no artist is in both train and test."""

    train: pd.DataFrame
    """At most `cap` works of every training artist."""
    train_all: pd.DataFrame
    """Every work of the training artists."""
    test: pd.DataFrame
    """At most `cap` works of every test artist."""
    counts: dict[str, dict[str, int]]
    """Works and artists left after each rule, in order."""


def reject_rows(catalogue: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide the rows into usable ones and rejected ones (columns `file, reason`).

    A row needs a file and an artist. A file named twice for one artist counts once; a file named for two artists
    is nobody's.
    """
    files = catalogue["new_filename"]
    reasons = pd.Series("", index=catalogue.index, dtype=object)
    reasons[catalogue["artist"] == ""] = "no artist in the catalogue"
    owned = catalogue["artist"] != ""
    owners = catalogue[owned].groupby("new_filename")["artist"].nunique()
    contested = owned & (files.map(owners) > 1)
    reasons[contested] = "the catalogue gives this file to two artists"
    repeated = files[owned].duplicated().reindex(files.index, fill_value=False)
    reasons[~contested & repeated] = "named twice in the catalogue"
    reasons[files == ""] = "no file name in the catalogue"
    rejected = pd.DataFrame({"file": files[reasons != ""], "reason": reasons[reasons != ""]})
    return catalogue[reasons == ""], rejected


def clean_catalogue(
    catalogue: pd.DataFrame, cap: int | None = 8, random_state: int = 42, keep_single: bool = False
) -> Cleaned:
    """Clean a catalogue of readable works by the report's rules.

    Artists with one work are dropped (unless `keep_single`); an artist in both parts is moved wholly into one, half
    of them each way by a seeded draw; at most `cap` works an artist are kept, `sample(n=cap, random_state)` within
    the artist. The order of the input rows does not matter.
    """
    works = in_order(catalogue)
    counts = {"readable": count(works)}
    if not keep_single:
        works = works[works.groupby("artist")["artist"].transform("size") > 1]
    counts["artists with at least 2 works"] = count(works)
    counts["train before shared artists are moved"] = count(works[works["in_train"]])
    counts["test before shared artists are moved"] = count(works[~works["in_train"]])
    shared = sorted(set(works["artist"][works["in_train"]]) & set(works["artist"][~works["in_train"]]))
    counts["shared artists"] = count(works[works["artist"].isin(shared)])
    works = move_shared_artists(works, shared, random_state)
    train_all, test_all = works[works["in_train"]], works[~works["in_train"]]
    train, test = cap_works(train_all, cap, random_state), cap_works(test_all, cap, random_state)
    counts["train, every work"] = count(train_all)
    counts["train, clean"] = count(train)
    counts["test, clean"] = count(test)
    return Cleaned(train=train, train_all=train_all, test=test, counts=counts)


def in_order(catalogue: pd.DataFrame) -> pd.DataFrame:
    """The rows in order of artist and file, so that no draw depends on the order in which they came."""
    return catalogue.sort_values(["artist", "new_filename"], kind="stable", ignore_index=True)


def move_shared_artists(works: pd.DataFrame, shared: list[str], random_state: int) -> pd.DataFrame:
    """Move each of the `shared` artists wholly to one side: a seeded half to train, the others to test."""
    order = np.random.RandomState(random_state).permutation(len(shared))
    to_train = {shared[i] for i in order[: (len(shared) + 1) // 2]}
    works = works.copy()
    moved = works["artist"].isin(shared)
    works.loc[moved, "in_train"] = works.loc[moved, "artist"].isin(to_train)
    return works


def cap_works(works: pd.DataFrame, cap: int | None, random_state: int) -> pd.DataFrame:
    """At most `cap` works of every artist, drawn by pandas' `sample` as the report did; all of them with None."""
    if cap is None or works.empty:
        return works
    drawn = [
        group.sample(n=min(cap, len(group)), random_state=random_state)
        for _, group in works.groupby("artist", sort=True)
    ]
    return pd.concat(drawn)


def count(works: pd.DataFrame) -> dict[str, int]:
    """How many works by how many artists."""
    return {"works": len(works), "artists": int(works["artist"].nunique())}
