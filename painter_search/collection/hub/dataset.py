"""A data set of pictures on disk as a catalogue and originals.

Its files are Parquet, as on the Hugging Face hub, or Arrow, as `datasets` saves and caches them. Pictures are left
unread until they are framed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from painter_search.collection.artist_names import clean_name, join_artists
from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS, DESCRIPTIONS
from painter_search.collection.hub.card import described_features
from painter_search.collection.hub.download import fetch_dataset
from painter_search.collection.hub.shards import Shard, list_shards
from painter_search.collection.layouts.display_names import display_names
from painter_search.collection.splits import divide_artists
from painter_search.collection.tables.columns import ARTIST, FILE, PLAIN, find_columns, fold_header, numbered_artists
from painter_search.collection.tables.features import (
    Features,
    is_bytes,
    is_picture,
    label_names,
    read_schema,
    read_texts,
    schema_features,
)
from painter_search.common.errors import DamagedFileError, NotEnoughDataError, PainterSearchError, one_line
from painter_search.common.files.urls import expand_home
from painter_search.images.sources import Original
from painter_search.images.table_pictures import Cell

if TYPE_CHECKING:
    import pyarrow as pa


class HubDataset(NamedTuple):
    """A data set as a preparation takes it."""

    catalogue: pd.DataFrame
    originals: list[Original]
    remarks: list[str]


def read_hub_dataset(name: str, test_share: float, random_state: int) -> HubDataset:
    """Read the data set in a folder or file, or fetch `OWNER/NAME` from the Hugging Face hub.

    Its splits become the parts of the collection, validation as a part of train, if no artist is in both train and
    test; otherwise the artists are divided by `test_share`, seeded by `random_state`.

    Raises:
        NotFoundError: There is no such folder, nor such a data set on the hub.
        NotEnoughDataError: It has no rows, or no column of pictures or of artists.
        DamagedFileError: A file of it cannot be read.
        InvalidValueError: It has several configurations.
        MissingPackageError: It is to be fetched, and huggingface_hub is not installed.
        UnreachableError: The hub cannot be reached.
    """
    place = expand_home(name)
    if not place.exists():
        place = fetch_dataset(name)
    shards = list_shards(place, name)
    try:
        schema = read_schema(shards[0].path)
        described = cache(partial(described_features, place))
        features = schema_features(schema) or described(shards[0].path.parent)
        columns, remarks = _choose_columns(schema, features, name)
        parts = [_read_shard(shard, columns, described, features) for shard in shards]
    except (OSError, LookupError, ValueError) as error:  # Arrow's errors are such; so are ours
        if isinstance(error, PainterSearchError):
            raise
        raise DamagedFileError(f"{name} cannot be read as a data set ({one_line(error)}); fetch it again.") from error
    catalogue = pd.concat(parts, ignore_index=True)
    if catalogue.empty:
        raise NotEnoughDataError(f"{name} has no rows.")
    catalogue["artist"] = catalogue["artist"].map(_display_names(set(catalogue["artist"])))
    catalogue["new_filename"] = _file_names(catalogue)
    if any("partial-" in shard.path.as_posix() for shard in shards):
        remarks.append(f"The hub has converted only the first part of {name} to Parquet; the rest is left out.")
    remarks += _divide(catalogue, test_share, random_state)
    originals = _list_originals(shards, parts, catalogue["new_filename"], columns[FILE][0])
    return HubDataset(catalogue.reindex(columns=CLEAN_COLUMNS, fill_value=""), originals, remarks)


def _choose_columns(schema: pa.Schema, features: Features, name: str) -> tuple[dict[str, list[str]], list[str]]:
    """The column of each field, of artists perhaps several, and what to tell of them."""
    names = schema.names
    pictures = [one for one in names if is_picture(schema.field(one))]
    pictures = pictures or [one for one in names if is_bytes(schema.field(one)) and find_columns([one], FILE)]
    others = [one for one in names if one not in pictures]
    artists = find_columns(others, ARTIST)
    if not pictures or not artists:
        lacking = "artists; one is to be called artist" if pictures else "pictures"
        raise NotEnoughDataError(f"{name} has no column of {lacking}. It has {', '.join(names[:12])}.")
    preferred = find_columns(pictures, FILE)
    named = [others[number] for number in numbered_artists(others) or artists[:1]]
    columns = {FILE: [pictures[preferred[0] if preferred else 0]], ARTIST: named}
    for field in DESCRIPTIONS:
        found = find_columns(others, field)
        if found:
            columns[field] = [others[found[0]]]
    remarks = []
    if len(artists) > 1 or fold_header(named[0]) not in PLAIN:
        shown = " and ".join(map(repr, named))
        remarks.append(f"{name}: artists are read from the column{'s' if len(named) > 1 else ''} {shown}.")
    if str(schema.field(named[0]).type).startswith("int") and not label_names(features.get(named[0])):
        remarks.append(f"{name}: {named[0]!r} has numbers without names, which stand for the artists.")
    return columns, remarks


def _read_shard(
    shard: Shard, columns: dict[str, list[str]], described: Callable[[Path], Features], usual: Features
) -> pd.DataFrame:
    """The texts of a file's rows under a catalogue's names, the split, and the path that each picture had.

    Features are the file's own, since labels may be numbered otherwise in another; `usual` where it has none.
    """
    features = schema_features(read_schema(shard.path)) or described(shard.path.parent) or usual
    texts = read_texts(shard.path, [column for several in columns.values() for column in several], features)
    table = pd.DataFrame({field: texts[several[0]] for field, several in columns.items()}, dtype=object)
    table[ARTIST] = [join_artists(row) for row in zip(*(texts[column] for column in columns[ARTIST]), strict=True)]
    table = table.rename(columns={FILE: "path"}).assign(split=shard.split)
    for column in ("artist", *(field for field in DESCRIPTIONS if field in columns)):
        table[column] = table[column].map(clean_name)
    return table


def _list_originals(
    shards: Sequence[Shard], parts: Sequence[pd.DataFrame], names: Iterable[str], column: str
) -> list[Original]:
    """The pictures, row by row; the size of their file tells one version of it from another."""
    remaining = iter(names)
    originals: list[Original] = []
    for shard, part in zip(shards, parts, strict=True):
        status = shard.path.stat()
        version = f"\t{status.st_size}"
        for row in range(len(part)):
            cell = Cell(column, row)
            originals.append(Original(next(remaining), shard.path, False, 0, status.st_mtime_ns, version, cell=cell))
    return originals


def _display_names(artists: set[str]) -> dict[str, str]:
    """Artists as they are shown: with spaces, where most are slugs such as `vincent-van-gogh`."""
    slugs = [artist for artist in artists if re.search(r"[^\W_][-_][^\W_]", artist) and " " not in artist]
    return display_names(artists, are_joined=2 * len(slugs) > len(artists))


def _file_names(catalogue: pd.DataFrame) -> Sequence[str]:
    """The names that the pictures had, if each has one of its own; otherwise the split and a number."""
    names = catalogue["path"].str.replace("\\", "/", regex=False).str.rpartition("/")[2]
    if (names != "").all() and names.is_unique:
        return list(names)
    numbers = catalogue.groupby("split").cumcount()
    return [f"{split}/{number:06}" for split, number in zip(catalogue["split"], numbers, strict=True)]


def _divide(catalogue: pd.DataFrame, test_share: float, random_state: int) -> list[str]:
    """Add the column `in_train` to a catalogue; returns what to tell."""
    in_test = catalogue["split"] == "test"
    named = catalogue["artist"] != ""
    shared = set(catalogue["artist"][in_test & named]) & set(catalogue["artist"][~in_test & named])
    if shared or not in_test.any() or in_test.all() or test_share == 1:
        catalogue["in_train"] = divide_artists(catalogue["artist"], test_share, random_state)
        if not shared:
            return []
        return [
            f"{len(shared):,} artists are in both train and test of the data set, e.g. {min(shared)}; its splits are "
            "left aside, and the artists divided anew."
        ]
    catalogue["in_train"] = ~in_test
    return ["The data set's own test part is kept: none of its artists is in another part."]
