"""Triplets of works: anchor and positive by one artist, negative by another; drawn as in the report."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from painter_search.collection.splits import divide_training_artists, unify_spellings
from painter_search.collection.tables.table_files import read_table_file
from painter_search.common.errors import DamagedFileError, NotFoundError
from painter_search.common.files.csv_io import read_table

TRIPLET_COLUMNS = ["anchor", "positive", "negative"]


@dataclass(frozen=True)
class Triplets:
    """The triplet tables of a collection, each with the columns `anchor`, `positive` and `negative`: files of works."""

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
    """Draw triplets from two cleaned catalogues as the report did.

    The training artists are divided into train and validation artists. The triplets of each part are all pairs of works
    by one artist, each with one random negative of the same part.

    Args:
        train: Works of the training artists; the columns `artist` and `new_filename` are used.
        test: Works of the test artists, likewise.
        validation_share: Share of the training artists that become validation artists.
        test_share_kept: Share of the test triplets that is kept, at random; the report kept 0.42.
        random_state: Seed of every draw.

    Returns:
        The three triplet tables.

    Example:
        >>> import pandas as pd
        >>> from painter_search import draw_triplets
        >>> rows = [(artist, f"{artist}-{work}.jpg") for artist in ("Ada", "Bob", "Cy", "Dee") for work in range(3)]
        >>> works = pd.DataFrame(rows, columns=["artist", "new_filename"])
        >>> triplets = draw_triplets(works, works, test_share_kept=1)
        >>> len(triplets.train), len(triplets.validation), len(triplets.test)
        (6, 6, 12)
    """
    training, validation = divide_training_artists(train, validation_share, random_state)
    test_triplets = all_pairs_with_negatives(test, random_state)
    count = int(test_share_kept * len(test_triplets) + 1e-9)
    return Triplets(
        train=all_pairs_with_negatives(training, random_state),
        validation=all_pairs_with_negatives(validation, random_state),
        test=test_triplets.sample(frac=1, random_state=random_state).head(count).reset_index(drop=True),
    )


def all_pairs_with_negatives(works: pd.DataFrame, random_state: int) -> pd.DataFrame:
    """All unordered pairs of works by one artist, each with a random negative: columns `TRIPLET_COLUMNS`.

    The anchor is the pair's first work in row order. The negative is a random work of a random other artist, each
    artist equally likely whatever the number of works. Spellings of one name are one artist. With fewer than two
    artists there are no triplets.
    """
    spelled = unify_spellings(works["artist"])
    groups = [group["new_filename"].to_numpy() for _, group in works.groupby(spelled, sort=False)]
    if len(groups) < 2:
        return pd.DataFrame(columns=TRIPLET_COLUMNS)
    sizes = np.array([len(group) for group in groups])
    files = np.concatenate(groups)
    starts = np.cumsum(sizes) - sizes
    pairs = [np.column_stack(np.triu_indices(size, 1)) + start for start, size in zip(starts, sizes, strict=True)]
    positives = np.concatenate(pairs)
    artists = np.repeat(np.arange(len(groups)), sizes * (sizes - 1) // 2)
    # Uniform floats, not `randint`, whose stream differs between platforms.
    rng = np.random.RandomState(random_state)
    others = (rng.random_sample(len(artists)) * (len(groups) - 1)).astype(np.int64)
    others += others >= artists
    negatives = starts[others] + (rng.random_sample(len(artists)) * sizes[others]).astype(np.int64)
    return pd.DataFrame(
        {"anchor": files[positives[:, 0]], "positive": files[positives[:, 1]], "negative": files[negatives]}
    )


def read_triplets(path: Path) -> pd.DataFrame:
    """Read a triplet file, of this package, published with the report, or of any other program.

    What another program has written is read as a catalogue is: with any delimiter, and the header in any case. Other
    columns are dropped.

    Raises:
        NotFoundError: The file does not exist.
        DamagedFileError: The file is not a table or lacks a column.
    """
    if not path.is_file():
        raise NotFoundError(
            f"{path} does not exist; `python -m painter_search.prepare` writes triplets, or "
            "give a CSV file with the columns anchor, positive, negative."
        )
    with suppress(ValueError):  # of another program
        table = read_table(path)  # the package's own, which may name files that are no UTF-8
        if set(TRIPLET_COLUMNS) <= set(table.columns):
            return table[TRIPLET_COLUMNS]
    table = read_table_file(path).table.rename(columns=str.casefold)
    missing = [column for column in TRIPLET_COLUMNS if column not in table.columns]
    if missing:
        raise DamagedFileError(
            f"{path} lacks the column {' and '.join(missing)}; a triplet file has anchor, positive, negative."
        )
    return table[TRIPLET_COLUMNS]


def plain_file(name: str) -> str:
    """A file of a triplet as works are named: with slashes, and without `./`."""
    return str(PurePosixPath(name.replace("\\", "/")))
