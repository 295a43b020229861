"""Who painted what: a catalogue in Kaggle's columns, or one made from a folder of artists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from painter_search.collection.originals import Original
from painter_search.collection.triplets import read_table
from painter_search.errors import UserError

CLEAN_COLUMNS = [
    "artist", "date", "genre", "pixelsx", "pixelsy", "size_bytes", "source", "style", "title",
    "in_train", "new_filename",
]  # fmt: skip
"""The report's columns of a cleaned catalogue: Kaggle's without `artist_group`."""

NEEDED_COLUMNS = ("artist", "new_filename")
TRUE, FALSE = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no"}


def read_catalogue(paths: Sequence[Path], test_share: float, random_state: int) -> pd.DataFrame:
    """Read catalogue files one after another into `CLEAN_COLUMNS`.

    Every value is kept as the text it was, except that artists are stripped of blanks and `in_train` becomes
    boolean. A catalogue without `in_train` has its artists divided by `test_share`.
    Raises `UserError` for a file that is missing, no CSV, or lacks a column.
    """
    catalogue = pd.concat([_read_one(path) for path in paths], ignore_index=True)
    catalogue["artist"] = catalogue["artist"].map(clean_name)
    catalogue["new_filename"] = catalogue["new_filename"].str.strip()
    if (catalogue["in_train"] == "").all():
        catalogue["in_train"] = divide_artists(catalogue["artist"], test_share, random_state)
    else:
        catalogue["in_train"] = _read_truth(catalogue["in_train"], paths)
    return catalogue


def catalogue_of_folder(originals: Sequence[Original], test_share: float, random_state: int) -> pd.DataFrame:
    """The catalogue of a folder with one sub-folder per artist: artist from the folder, title from the file name.

    Files that lie in no sub-folder have no artist and are left with an empty one.
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


def clean_name(name: str) -> str:
    """An artist's name without the blanks (also non-breaking ones) around it and doubled within it."""
    return " ".join(name.split())


def divide_artists(artists: pd.Series, test_share: float, random_state: int) -> pd.Series:
    """For each row whether its artist is a training artist; a seeded `test_share` of the artists is not."""
    names = sorted(set(artists) - {""})
    order = np.random.RandomState(random_state).permutation(len(names))
    tested = {names[i] for i in order[: round(test_share * len(names))]}
    return ~artists.isin(tested)


def suspicious_names(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Artists whose names look like numbers or titles: columns `artist, works, reason`, sorted by name.

    They are listed, not dropped: there is a painter called 69.
    """
    titles = {title.casefold() for title in catalogue["title"] if len(title) > 3}
    rows = []
    for artist, works in sorted(catalogue.groupby("artist").size().items(), key=lambda item: str(item[0])):
        reason = _suspicion(str(artist), titles)
        if reason and artist:
            rows.append({"artist": artist, "works": int(works), "reason": reason})
    return pd.DataFrame(rows, columns=["artist", "works", "reason"])


def _suspicion(artist: str, titles: set[str]) -> str | None:
    letters = sum(character.isalpha() for character in artist)
    if letters == 0:
        return "no letters"
    if letters <= 2 and artist.isascii():
        return "hardly any letters"
    if artist.casefold() in titles:
        return "also the title of a work"
    if any(character.isdigit() for character in artist):
        return "contains a number"
    if re.match(r"(?i)(the|a|an|church of|portrait of|view of|untitled)\b", artist):
        return "begins like a title"
    return None


def _read_one(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise UserError(f"{path} does not exist; check the path after --info.")
    try:
        table = read_table(path, _encoding(path))
    except (ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as a CSV file ({reason}); save it as CSV in UTF-8.") from error
    table.columns = [str(column).strip() for column in table.columns]
    twice = sorted({column for column in table.columns if list(table.columns).count(column) > 1})
    if twice:
        raise UserError(f"{path} has the column {repr(twice[0])[1:-1]} twice; keep one of them.")
    if "new_filename" not in table.columns:
        table = table.rename(columns={"filename": "new_filename"})  # Kaggle's train_info.csv, and most people's own
    missing = [column for column in NEEDED_COLUMNS if column not in table.columns]
    if missing:
        raise UserError(
            f"{path} lacks the column {' and '.join(missing)}; a catalogue needs {' and '.join(NEEDED_COLUMNS)}, "
            f"and this one has {', '.join(repr(column)[1:-1] for column in table.columns[:12])}. Columns are separated "
            "by commas, and the encoding is best UTF-8."
        )
    table = table.reindex(columns=CLEAN_COLUMNS, fill_value="").astype(object)
    # A lone carriage return would end a row when the cleaned catalogue is read again.
    return table.apply(lambda column: column.str.replace("\r", " ", regex=False))


def _encoding(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252" if not any(byte in content for byte in b"\x81\x8d\x8f\x90\x9d") else "latin-1"
    return "utf-8-sig"


def _read_truth(values: pd.Series, paths: Sequence[Path]) -> pd.Series:
    lowered = values.str.strip().str.lower()
    unknown = values[~lowered.isin(TRUE | FALSE)]
    if len(unknown):
        raise UserError(
            f"{', '.join(map(str, paths))}: column in_train holds {unknown.iloc[0]!r} in {len(unknown):,} rows; "
            "it must be True or False."
        )
    return lowered.isin(TRUE)
