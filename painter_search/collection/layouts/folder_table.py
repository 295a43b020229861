"""The table of a folder's paintings, and its division into training and test artists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS
from painter_search.collection.layouts.display_names import repair
from painter_search.collection.layouts.layout import PathFields
from painter_search.collection.splits import divide_artists
from painter_search.common.text import first_few
from painter_search.images.sources import Original

EXAMPLES = 3


@dataclass
class FolderCatalogue:
    """What was read from the paths of a folder."""

    table: pd.DataFrame
    """One row per painting with an artist; columns `CLEAN_COLUMNS`."""
    originals: list[Original]
    """Their files."""
    rejected: list[tuple[str, str]]
    """The other files, each with the reason."""
    artists_from: str
    """Where the artists were read: `folder names at level 2`."""
    layout: str
    """The layout, as `--layout` takes it."""
    remarks: list[str] = field(default_factory=list)


def make_table(originals: Sequence[Original], fields: Sequence[PathFields]) -> pd.DataFrame:
    """The catalogue of paintings, one row each in their order, of what their paths say; columns `CLEAN_COLUMNS`."""
    rows = [
        {
            "artist": one.artist,
            "title": repair(one.title),
            "date": one.date,
            "style": one.style,
            "size_bytes": str(original.size),
            "new_filename": original.file,
        }
        for original, one in zip(originals, fields, strict=True)
    ]
    return pd.DataFrame(rows, columns=CLEAN_COLUMNS, dtype=object).fillna("")


def divide_by_parts(
    artists: pd.Series, parts: pd.Series, test_share: float, random_state: int
) -> tuple[pd.Series, list[str]]:
    """Whether each work is for training, bool: by its part if there are training and test parts, else by artist."""
    in_test = parts == "test"
    if test_share == 1 or in_test.all() or not in_test.any():
        is_divided = test_share < 1 and (parts != "").any()
        drawn = "the folder has no parts for both training and test, so the artists are divided by --test-share"
        return divide_artists(artists, test_share, random_state), [drawn] if is_divided else []
    remarks = [
        "the parts of the folder are kept: artists of test are test artists, all others training artists, of whom some "
        "become validation artists"
    ]
    shared = sorted(set(artists[in_test]) & set(artists[~in_test]))
    if shared:
        who = "1 artist is" if len(shared) == 1 else f"{len(shared):,} artists are"
        remarks.append(
            f"{who} in test and in another part ({first_few(shared)}); all works of one artist are kept on one side"
        )
    return ~in_test, remarks


def count_pictures(pictures: int) -> str:
    """A number of pictures in words."""
    return "1 picture" if pictures == 1 else f"{pictures:,} pictures"
