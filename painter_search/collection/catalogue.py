"""Catalogues: read from tables of many kinds into Kaggle's columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from painter_search.collection.artist_names import clean_name
from painter_search.collection.splits import divide_artists
from painter_search.collection.tables.columns import ARTIST, FILE, PLAIN, find_columns, fold_header
from painter_search.collection.tables.table_files import read_table_file
from painter_search.common.errors import DamagedFileError, NotFoundError

CLEAN_COLUMNS = [
    "artist", "date", "genre", "pixelsx", "pixelsy", "size_bytes", "source", "style", "title",
    "in_train", "new_filename",
]  # fmt: skip
"""Columns of a cleaned catalogue, as in the report: Kaggle's without `artist_group`."""
REQUIRED = {ARTIST: "artist", FILE: "new_filename"}
TRUE, FALSE = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no"}


class Catalogue(NamedTuple):
    """A catalogue as read."""

    table: pd.DataFrame
    """One row per work, with `CLEAN_COLUMNS`; all text but `in_train`, bool."""
    remarks: list[str]
    """What to tell of the reading: guessed encodings, columns that were chosen among several."""
    artists_from: str
    """Where the artists were read: `the column artist of works.csv`."""


def read_catalogue(paths: Sequence[Path], test_share: float, random_state: int) -> Catalogue:
    """Read catalogue files one after another into one table.

    Columns are recognised under the names in `tables.columns.SYNONYMS`. Values stay the text they are, except that
    white space is stripped from artists and file names and `in_train` becomes bool. Without the column `in_train` the
    artists are divided by `test_share`, seeded by `random_state`. Rows that are empty throughout are left out.

    Raises:
        NotFoundError: A file does not exist.
        DamagedFileError: A file is no table or lacks a column, or a value of `in_train` is neither true nor false.
        MissingPackageError: A file is a spreadsheet, and the package that reads these is not installed.
    """
    read = [_read_one(path) for path in paths]
    table = pd.concat([one.table for one in read], ignore_index=True)
    table["artist"] = table["artist"].map(clean_name)
    table["new_filename"] = table["new_filename"].str.strip()
    if (table["in_train"] == "").all():
        table["in_train"] = divide_artists(table["artist"], test_share, random_state)
    else:
        table["in_train"] = _parse_bools(table["in_train"], paths)
    places = dict.fromkeys(one.artists_from for one in read)
    return Catalogue(table, [remark for one in read for remark in one.remarks], ", ".join(places))


def _read_one(path: Path) -> Catalogue:
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; check the path after --catalogue.")
    table, remarks = read_table_file(path)
    header = list(table.columns)
    columns: dict[str, pd.Series] = {}
    for field in CLEAN_COLUMNS:
        found = [number for number in find_columns(header, field) if (table.iloc[:, number] != "").any()]
        found = found or find_columns(header, field)
        if found:
            columns[field] = table.iloc[:, found[0]]
        if field in REQUIRED and found[1:]:
            ignored = " or ".join(repr(header[other]) for other in found[1:])
            what = "artists" if field == ARTIST else "file names"
            remarks.append(f"{path.name}: {what} are read from {header[found[0]]!r}, not from {ignored}.")
        elif field == FILE and found and fold_header(header[found[0]]) not in PLAIN:
            remarks.append(f"{path.name}: file names are read from {header[found[0]]!r}.")
    missing = [name for field, name in REQUIRED.items() if field not in columns]
    if missing:
        raise DamagedFileError(
            f"{path} lacks the column {' and '.join(missing)}; a catalogue needs the artist and the file name of each "
            f"work, and this one has {', '.join(repr(column)[1:-1] for column in header[:12])}. Call the columns "
            f"{' and '.join(missing)}."
        )
    chosen = pd.DataFrame(columns, dtype=object).reindex(columns=CLEAN_COLUMNS, fill_value="").astype(object)
    # Otherwise a single carriage return would end a row when the cleaned catalogue is read again.
    for column in CLEAN_COLUMNS:
        chosen[column] = chosen[column].str.replace("\r", " ", regex=False)
    is_blank = (table.apply(lambda column: column.str.strip()) == "").all(axis=1)
    return Catalogue(chosen[~is_blank], remarks, f"the column {columns[ARTIST].name} of {path.name}")


def _parse_bools(values: pd.Series, paths: Sequence[Path]) -> pd.Series:
    lowered = values.str.strip().str.lower()
    unknown = values[~lowered.isin(TRUE | FALSE)]
    if len(unknown):
        raise DamagedFileError(
            f"{', '.join(map(str, paths))}: column in_train holds {unknown.iloc[0]!r} in {len(unknown):,} rows; "
            "it must be True or False."
        )
    return lowered.isin(TRUE)
