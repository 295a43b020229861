"""Anchor, positive, negative: the report's triplets."""

from __future__ import annotations

import warnings
from contextlib import ContextDecorator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from painter_search.errors import UserError

TRIPLET_COLUMNS = ["anchor", "positive", "negative"]


@dataclass(frozen=True)
class Triplets:
    """The three triplet tables of a collection; each has the columns `anchor, positive, negative` (file names)."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def draw_triplets(
    train: pd.DataFrame,
    test: pd.DataFrame,
    validation_share: float = 0.2,
    test_share_kept: float = 0.42,
    random_state: int = 42,
) -> Triplets:
    """Draw the report's triplets from two cleaned catalogues (columns `artist` and `new_filename` are used).

    The training artists are divided into train and validation artists; each part's triplets are all of its pairs,
    each with one random negative from the same part; of the test triplets a random share is kept.
    """
    learning, validating = divide_training_artists(train, validation_share, random_state)
    tested = all_pairs_with_negatives(test, random_state)
    kept = tested.sample(frac=1, random_state=random_state).head(int(test_share_kept * len(tested) + 1e-9))
    return Triplets(
        train=all_pairs_with_negatives(learning, random_state),
        validation=all_pairs_with_negatives(validating, random_state),
        test=kept.reset_index(drop=True),
    )


def divide_training_artists(
    works: pd.DataFrame, validation_share: float, random_state: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide works by artist into a training and a validation part.

    From 4 artists on, both parts have at least 2, without which they could have no negatives.
    """
    names = sorted(set(works["artist"]))
    order = np.random.RandomState(random_state).permutation(len(names))
    learning_count = int((1 - validation_share) * len(names) + 1e-9)
    if len(names) >= 4:
        learning_count = min(max(2, learning_count), len(names) - 2)
    learning = works["artist"].isin({names[i] for i in order[:learning_count]})
    return works[learning], works[~learning]


def all_pairs_with_negatives(works: pd.DataFrame, random_state: int) -> pd.DataFrame:
    """All unordered pairs of works within each artist, anchor first in row order, each with a random negative.

    The negative is a random work of a random other artist, every other artist being equally likely. An artist with
    one work serves as a negative only. With fewer than two artists there are no triplets.
    """
    groups = [group["new_filename"].to_numpy() for _, group in works.groupby("artist", sort=False)]
    sizes = np.array([len(group) for group in groups])
    files = np.concatenate(groups) if groups else np.array([], dtype=object)
    starts = np.cumsum(sizes) - sizes
    pairs = [
        np.array(list(combinations(range(start, start + size), 2)), dtype=np.int64).reshape(-1, 2)
        for start, size in zip(starts, sizes, strict=True)
    ]
    if len(groups) < 2:
        return pd.DataFrame(columns=TRIPLET_COLUMNS)
    positives = np.concatenate(pairs)
    owners = np.repeat(np.arange(len(groups)), sizes * (sizes - 1) // 2)
    # Uniform floats rather than `randint`: their stream is the same on every platform.
    rng = np.random.RandomState(random_state)
    others = (rng.random_sample(len(owners)) * (len(groups) - 1)).astype(np.int64)
    others += others >= owners
    negatives = starts[others] + (rng.random_sample(len(owners)) * sizes[others]).astype(np.int64)
    return pd.DataFrame(
        {"anchor": files[positives[:, 0]], "positive": files[positives[:, 1]], "negative": files[negatives]}
    )


def any_text() -> ContextDecorator:
    """While this holds, pandas keeps any text, also bytes of file names that are no UTF-8; Arrow, which it would use
    where that is installed, refuses them. Serves as a decorator, too."""
    return cast(ContextDecorator, pd.option_context("mode.string_storage", "python"))


@any_text()
def read_table(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    """A CSV file, every value as the text it is (bytes that are no text in the encoding survive as surrogates)."""
    with warnings.catch_warnings():
        # A row that is longer than the header loses what is beyond it: mostly nothing, after commas at its end.
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        return pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            index_col=False,
            encoding=encoding,
            encoding_errors="surrogateescape" if encoding.startswith("utf-8") else "strict",
        )


def read_triplets(path: Path) -> pd.DataFrame:
    """Read a triplet file, ours or a published one. Raises `UserError` where it is none."""
    if not path.is_file():
        raise UserError(f"{path} does not exist; give a CSV file with the columns anchor, positive, negative.")
    try:
        table = read_table(path)
    except (ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as a CSV file ({reason}); save it as CSV in UTF-8.") from error
    missing = [column for column in TRIPLET_COLUMNS if column not in table.columns]
    if missing:
        raise UserError(
            f"{path} lacks the column {' and '.join(missing)}; a triplet file has anchor, positive, negative."
        )
    return table[TRIPLET_COLUMNS]
