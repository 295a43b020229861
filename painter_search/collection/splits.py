"""Artist-disjoint splits: train and test artists, training and validation artists."""

from __future__ import annotations

import numpy as np
import pandas as pd


def divide_artists(artists: pd.Series, test_share: float, random_state: int) -> pd.Series:
    """Whether each row's artist is a training artist, bool; a random `test_share` of the artists are test artists."""
    names = sorted(set(artists) - {""})
    order = np.random.RandomState(random_state).permutation(len(names))
    test_artists = {names[i] for i in order[: round(test_share * len(names))]}
    return ~artists.isin(test_artists)


def move_shared_artists(works: pd.DataFrame, shared: list[str], random_state: int) -> pd.DataFrame:
    """Move all works of each `shared` artist to one side: a random half of the artists to train, the others to test."""
    order = np.random.RandomState(random_state).permutation(len(shared))
    to_train = {shared[i] for i in order[: (len(shared) + 1) // 2]}
    works = works.copy()
    is_shared = works["artist"].isin(shared)
    works.loc[is_shared, "in_train"] = works.loc[is_shared, "artist"].isin(to_train)
    return works


def divide_training_artists(
    works: pd.DataFrame, validation_share: float, random_state: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide works by artist into a training and a validation part, at random.

    With 4 artists or more each part has at least 2: triplets need negatives.
    """
    names = sorted(set(works["artist"]))
    order = np.random.RandomState(random_state).permutation(len(names))
    training_count = int((1 - validation_share) * len(names) + 1e-9)
    if len(names) >= 4:
        training_count = min(max(2, training_count), len(names) - 2)
    is_training = works["artist"].isin({names[i] for i in order[:training_count]})
    return works[is_training], works[~is_training]
