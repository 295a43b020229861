"""Artist-disjoint splits: train and test artists, training and validation artists.

What `side_leaders` takes together is divided as one artist: spellings of a name, and an artist's workshop or followers.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from painter_search.collection.hands.hand import read_hands
from painter_search.collection.hands.spellings import common_spellings, side_leaders


def unify_spellings(artists: pd.Series) -> pd.Series:
    """The artists of a catalogue's rows, each under the most frequent spelling of the name; see `common_spellings`."""
    return artists.map(common_spellings(Counter(artists)))


def divide_artists(artists: pd.Series, test_share: float, random_state: int) -> pd.Series:
    """Whether each row's artist is a training artist, bool; a random `test_share` of the artists are test artists.

    Hands that are no one artist's own are divided by themselves, so that the division of the artists is the same
    whether these are kept or not.
    """
    fields = set(artists) - {""}
    leaders, hands = side_leaders(fields), read_hands(fields)
    test_artists: set[str] = set()
    for sure in (True, False):
        names = sorted({leader for leader in leaders.values() if hands[leader].is_sure == sure})
        test_artists.update(_shuffled(names, random_state)[: round(test_share * len(names))])
    return ~artists.map(leaders).isin(test_artists)


def leading_artists(works: pd.DataFrame) -> pd.Series:
    """Who stands for the artist of each work when the artists are divided; see `side_leaders`."""
    return works["artist"].map(side_leaders(set(works["artist"])))


def move_shared_artists(works: pd.DataFrame, leading: pd.Series, shared: list[str], random_state: int) -> pd.DataFrame:
    """Move all works of each `shared` artist to one side: a random half of the artists to train, the others to test.

    `leading` are the works' artists by `leading_artists`; `shared` are some of them.
    """
    to_train = _shuffled(shared, random_state)[: (len(shared) + 1) // 2]
    works = works.copy()
    is_shared = leading.isin(shared)
    works.loc[is_shared, "in_train"] = leading[is_shared].isin(to_train)
    return works


def divide_training_artists(
    works: pd.DataFrame, validation_share: float, random_state: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide works by artist into a training and a validation part, at random.

    With 4 artists or more each part has at least 2: triplets need negatives.
    """
    leading = leading_artists(works)
    names = sorted(set(leading))
    training_count = int((1 - validation_share) * len(names) + 1e-9)
    if len(names) >= 4:
        training_count = min(max(2, training_count), len(names) - 2)
    is_training = leading.isin(_shuffled(names, random_state)[:training_count])
    return works[is_training], works[~is_training]


def _shuffled(names: list[str], random_state: int) -> list[str]:
    return [names[i] for i in np.random.RandomState(random_state).permutation(len(names))]
