"""Catalogues: read from CSV files in Kaggle's columns, or made from a folder of artists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from painter_search.collection.artist_names import clean_name
from painter_search.collection.splits import divide_artists
from painter_search.common.csv_io import guess_encoding, read_table
from painter_search.common.errors import DamagedFileError, NotFoundError
from painter_search.images.sources import Original

CLEAN_COLUMNS = [
    "artist", "date", "genre", "pixelsx", "pixelsy", "size_bytes", "source", "style", "title",
    "in_train", "new_filename",
]  # fmt: skip
"""Columns of a cleaned catalogue, as in the report: Kaggle's without `artist_group`."""
REQUIRED_COLUMNS = ("artist", "new_filename")
TRUE, FALSE = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no"}


def read_catalogue(paths: Sequence[Path], test_share: float, random_state: int) -> pd.DataFrame:
    """Read catalogue files one after another into one table with `CLEAN_COLUMNS`.

    Values stay the text they are, except that white space is stripped from artists and file names and `in_train`
    becomes bool. Without the column `in_train` the artists are divided by `test_share`, seeded by `random_state`.

    Raises:
        NotFoundError: A file does not exist.
        DamagedFileError: A file is not CSV or lacks a column, or a value of `in_train` is neither true nor false.
    """
    catalogue = pd.concat([_read_one(path) for path in paths], ignore_index=True)
    catalogue["artist"] = catalogue["artist"].map(clean_name)
    catalogue["new_filename"] = catalogue["new_filename"].str.strip()
    if (catalogue["in_train"] == "").all():
        catalogue["in_train"] = divide_artists(catalogue["artist"], test_share, random_state)
    else:
        catalogue["in_train"] = _parse_bools(catalogue["in_train"], paths)
    return catalogue


def catalogue_of_folder(originals: Sequence[Original], test_share: float, random_state: int) -> pd.DataFrame:
    """The catalogue of a folder with one sub-folder per artist: artist from the sub-folder, title from the file name.

    The artist of a file outside the sub-folders is empty.
    """
    rows = []
    for original in originals:
        path = PurePosixPath(original.file)
        rows.append(
            {
                "artist": clean_name(path.parts[0]) if len(path.parts) > 1 else "",
                "title": path.stem.replace("_", " ").strip(),
                "size_bytes": str(original.size),
                "new_filename": original.file,
            }
        )
    catalogue = pd.DataFrame(rows, columns=CLEAN_COLUMNS, dtype=object).fillna("")
    catalogue["in_train"] = divide_artists(catalogue["artist"], test_share, random_state)
    return catalogue


def _read_one(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; check the path after --catalogue.")
    try:
        table = read_table(path, guess_encoding(path))
    except (ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise DamagedFileError(f"{path} cannot be read as a CSV file ({reason}); save it as CSV in UTF-8.") from error
    table.columns = [str(column).strip() for column in table.columns]
    repeated = sorted({column for column in table.columns if list(table.columns).count(column) > 1})
    if repeated:
        raise DamagedFileError(f"{path} has the column {repr(repeated[0])[1:-1]} twice; keep one of them.")
    if "new_filename" not in table.columns:
        table = table.rename(
            columns={"filename": "new_filename"}
        )  # as in Kaggle's train_info.csv, and in most other catalogues
    missing = [column for column in REQUIRED_COLUMNS if column not in table.columns]
    if missing:
        raise DamagedFileError(
            f"{path} lacks the column {' and '.join(missing)}; a catalogue needs {' and '.join(REQUIRED_COLUMNS)}, "
            f"and this one has {', '.join(repr(column)[1:-1] for column in table.columns[:12])}. Columns are separated "
            "by commas, and the encoding is best UTF-8."
        )
    table = table.reindex(columns=CLEAN_COLUMNS, fill_value="").astype(object)
    # Otherwise a single carriage return would end a row when the cleaned catalogue is read again.
    for column in CLEAN_COLUMNS:
        table[column] = table[column].str.replace("\r", " ", regex=False)
    return table


def _parse_bools(values: pd.Series, paths: Sequence[Path]) -> pd.Series:
    lowered = values.str.strip().str.lower()
    unknown = values[~lowered.isin(TRUE | FALSE)]
    if len(unknown):
        raise DamagedFileError(
            f"{', '.join(map(str, paths))}: column in_train holds {unknown.iloc[0]!r} in {len(unknown):,} rows; "
            "it must be True or False."
        )
    return lowered.isin(TRUE)
