"""Catalogues: read from tables of many kinds into Kaggle's columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from painter_search.collection.artist_names import clean_name, join_artists
from painter_search.collection.config import PrepareConfig
from painter_search.collection.hands.qualifiers import whole_qualifier
from painter_search.collection.layouts.display_names import repair
from painter_search.collection.layouts.name_kinds import kind_of
from painter_search.collection.layouts.recognise import KINDS
from painter_search.collection.splits import divide_artists
from painter_search.collection.tables.cells import unquoted_name
from painter_search.collection.tables.columns import (
    ARTIST,
    FILE,
    PLAIN,
    QUALIFIER,
    WEAK,
    find_columns,
    find_folders,
    fold_bare,
    fold_header,
    lacks_whole_names,
    name_columns,
    numbered_artists,
)
from painter_search.collection.tables.delimited import DELIMITERS
from painter_search.collection.tables.table_files import read_table_file
from painter_search.common.errors import AmbiguousError, DamagedFileError
from painter_search.common.text import first_few

CLEAN_COLUMNS = [
    "artist", "date", "genre", "pixelsx", "pixelsy", "size_bytes", "source", "style", "title",
    "in_train", "new_filename",
]  # fmt: skip
"""Columns of a cleaned catalogue, as in the report: Kaggle's without `artist_group`."""
REQUIRED = {ARTIST: "artist", FILE: "new_filename"}
DESCRIPTIONS = ("title", "date", "style", "genre")
IMPLIED = {"artistgroup"}
"""Columns of Kaggle's catalogue that say no more than its others, folded."""
ROOTED = re.compile(r"[/\\]|[A-Za-z]:[/\\]|\w+://")
"""How paths and URLs begin that stand in no folder."""
MAX_UNREAD = 12
"""Columns that are not read and are named."""
DOUBTFUL = 0.5
"""Share of the artists that look like something else from which on this is told."""
TRUE = {
    "true", "1", "1.0", "yes", "wahr", "vrai", "vero", "verdadero", "verdadeiro", "waar", "sant", "sand", "sann",
    "tosi", "prawda", "pravda", "igaz", "истина", "真",
}  # fmt: skip
FALSE = {
    "false", "0", "0.0", "no", "falsch", "faux", "falso", "onwaar", "falskt", "falsk", "usann", "epätosi", "fałsz",
    "nepravda", "hamis", "ложь", "假",
}  # fmt: skip
"""Also as spreadsheet programs write them in other languages."""


class FilesFound(NamedTuple):
    """What the rows of a table find by the columns `artist` and `new_filename`."""

    files: int
    """Originals that were found."""
    unclear: int
    """Rows whose name several originals or several rows have."""


CountFiles = Callable[[pd.DataFrame], FilesFound]
SAMPLE_ROWS = 500
"""Rows by which a column of file names is tried first; matching all of a large catalogue takes seconds."""


class NoArtistsError(AmbiguousError):
    """A column that may name artists names something else."""


class Catalogue(NamedTuple):
    """A catalogue as read."""

    table: pd.DataFrame
    """One row per work, with `CLEAN_COLUMNS`; all text but `in_train`, bool."""
    remarks: list[str]
    """What to tell of the reading: guessed encodings, columns that were chosen among several."""
    artists_from: str
    """Where the artists were read: `the column artist of works.csv`."""
    files_from: str
    """Where the file names were read, and what might name files too: `the column Photo (or Inv. No.) of works.csv`."""


def read_catalogue(
    paths: Sequence[Path], test_share: float, random_state: int, count_files: CountFiles | None = None
) -> Catalogue:
    """Read catalogue files one after another into one table.

    Columns are recognised under the names in `tables.columns.SYNONYMS`; of several that may name the files, the first
    that finds any by `count_files` is read, with a column of folders in front if that finds more. Values stay the text
    they are, except that white space is stripped from artists and file names and `in_train` becomes bool. Without the
    column `in_train`, or with a `test_share` of 1, the artists are divided by that, seeded by `random_state`. Rows that
    are empty throughout are left out.

    Raises:
        NotFoundError: A file does not exist.
        NoArtistsError: A column called label or class names something else than artists.
        DamagedFileError: A file is not a table or lacks a column, or a value of `in_train` is neither true nor false.
        MissingPackageError: A file is a spreadsheet, and the package that reads these is not installed.
    """
    read = [_read_one(path, count_files) for path in paths]
    table = pd.concat([one.table for one in read], ignore_index=True)
    table["new_filename"] = table["new_filename"].map(unquoted_name)
    remarks = [remark for one in read for remark in one.remarks]
    if test_share == 1 or (table["in_train"] == "").all():
        table["in_train"] = divide_artists(table["artist"], test_share, random_state)
    else:
        table["in_train"] = _parse_bools(table["in_train"], paths)
        if test_share != PrepareConfig.test_share:
            remarks.append("the column in_train divides the works, so --test-share is left aside")
    artists, files = (", ".join(dict.fromkeys(places)) for places in zip(*(one[2:] for one in read), strict=True))
    return Catalogue(table, remarks, artists, files)


def _read_one(path: Path, count_files: CountFiles | None) -> Catalogue:
    table, remarks = read_table_file(path, "--catalogue")
    told = set(_join_names(table, path, remarks))
    header = list(table.columns)
    columns: dict[str, pd.Series] = {}
    numbers: dict[str, int] = {}
    candidates: dict[str, list[int]] = {}
    for field in CLEAN_COLUMNS:
        found = find_columns(header, field)
        candidates[field] = [number for number in found if (table.iloc[:, number] != "").any()] or found
        if found:
            numbers[field] = candidates[field][0]
            columns[field] = table.iloc[:, numbers[field]]
    missing = [name for field, name in REQUIRED.items() if field not in columns]
    if missing:
        raise DamagedFileError(
            f"{path} lacks the column {' and '.join(missing)}; a catalogue needs the artist and the file name of each "
            f"work, and this one has {', '.join(repr(column)[1:-1] for column in header[:12])}. Call the columns "
            f"{' and '.join(missing)}."
        )
    columns[ARTIST], qualifying = _add_qualifiers(table, numbers[ARTIST], path, remarks)
    told.update(qualifying)
    if others := [number for number in candidates[ARTIST][1:] if number not in told]:
        remarks.append(f"{path.name}: artists are read from {_columns_read(header, [numbers[ARTIST]], others)}.")
        told.update(others)
    read = _choose_files(table, candidates[FILE], columns[ARTIST], count_files)
    columns[FILE], numbers[FILE] = _file_names(table, read), read[-1]
    others = [number for number in candidates[FILE] if number not in read]
    told.update(read, others)
    if others or len(read) > 1 or fold_header(header[read[-1]]) not in PLAIN:
        remarks.append(f"{path.name}: file names are read from {_columns_read(header, read, others)}.")
    remarks += _tell_of_columns(table, numbers, told, path)
    chosen = pd.DataFrame(columns, dtype=object).reindex(columns=CLEAN_COLUMNS, fill_value="").astype(object)
    # Otherwise a single carriage return would end a row when the cleaned catalogue is read again.
    for field in CLEAN_COLUMNS:
        chosen[field] = chosen[field].str.replace("\r", "\n" if field == ARTIST else " ", regex=False)
    is_blank = (table.apply(lambda column: column.str.strip()) == "").all(axis=1)
    chosen = chosen[~is_blank].copy()
    column = str(columns[ARTIST].name)
    place = f"the column {column} of {path.name}"
    chosen["artist"] = _repair_names(chosen["artist"].map(_on_one_line), remarks)
    if len(chosen) and (chosen[FILE].str.strip() == "").all():
        raise DamagedFileError(_no_files(path, header[numbers[FILE]], list(chosen["artist"]), header))
    remarks += _count_without_artist(chosen["artist"], path)
    remarks += _doubt_artists(chosen["artist"], place, column)
    also = " or ".join(header[number] for number in others)
    files_from = f"the column {header[numbers[FILE]]}{f' (or {also})' if also else ''} of {path.name}"
    return Catalogue(chosen, remarks, place, files_from)


def _choose_files(
    table: pd.DataFrame, found: Sequence[int], artists: pd.Series, count_files: CountFiles | None
) -> tuple[int, ...]:
    """The number of the first column that finds any file; before it a column of folders, if that finds more.

    A column that finds some is never left for one that finds more: numbers of works are often the names of other files.
    """
    first, folders = found[0], find_folders(list(table.columns))
    if count_files is None or fold_header(table.columns[first]) == fold_header(FILE):
        return (first,)

    def count(*numbers: int, step: int = 1) -> FilesFound:
        rows = pd.DataFrame({ARTIST: artists, FILE: _file_names(table, numbers).map(unquoted_name)})
        return count_files(rows[::step])

    def finds_any(number: int) -> bool:
        step = len(table) // SAMPLE_ROWS + 1
        return count(number, step=step).files > 0 or (step > 1 and count(number).files > 0)

    best = next(filter(finds_any, found), first) if len(found) > 1 else first
    folders = [number for number in folders if number != best]
    alone = count(best) if folders else FilesFound(0, 0)
    if not alone.unclear:
        return (best,)
    together = {(folder, best): count(folder, best).files for folder in folders}
    chosen = max(together, key=together.__getitem__)
    return chosen if together[chosen] > alone.files else (best,)


def _file_names(table: pd.DataFrame, numbers: Sequence[int]) -> pd.Series:
    """The names in the last of these columns, with the folders in the one before it, if any."""
    names = table.iloc[:, numbers[-1]]
    if len(numbers) == 1:
        return names
    joined = map(_join_path, table.iloc[:, numbers[0]], names)
    return pd.Series(list(joined), index=names.index, name=names.name, dtype=object)


def _join_path(folder: str, name: str) -> str:
    """A file's path; its name alone where it has no folder, is a URL or begins at a root."""
    folder, name = unquoted_name(folder).rstrip("/\\"), unquoted_name(name)
    return name if not folder or not name or ROOTED.match(name) else f"{folder}/{name}"


def _columns_read(header: Sequence[str], numbers: Sequence[int], others: Sequence[int]) -> str:
    """The columns that are read, and those that are not: `'folder' and 'file', not from 'id' or 'url'`."""
    read = " and ".join(repr(header[number]) for number in numbers)
    ignored = " or ".join(repr(header[number]) for number in others)
    return f"{read}, not from {ignored}" if ignored else read


def _join_names(table: pd.DataFrame, path: Path, remarks: list[str]) -> Sequence[int]:
    """Write into one column the artists that a table has in several; returns the numbers of these.

    Given and family names become a new column; several artists of a work stand in the first, divided by semicolons.
    """
    header = [str(name) for name in table.columns]
    columns: Sequence[int] | None
    if (columns := name_columns(header)) and lacks_whole_names(header):
        given, family = (table.iloc[:, number].str.strip() for number in columns)
        table[ARTIST] = (given + " " + family).str.strip()
    elif columns := numbered_artists(header):
        rows = table.iloc[:, columns].to_numpy()
        table.isetitem(columns[0], [join_artists(row) for row in rows])
    else:
        return ()
    remarks.append(f"{path.name}: artists are read from {' and '.join(repr(header[number]) for number in columns)}.")
    return columns


def _add_qualifiers(table: pd.DataFrame, artist: int, path: Path, remarks: list[str]) -> tuple[pd.Series, list[int]]:
    """The artists with the qualifiers that stand in columns of their own, `Titian (workshop of)`; and these columns."""
    header, artists = list(table.columns), table.iloc[:, artist]
    found, naming = [], find_columns(header, ARTIST)
    for number in find_columns(header, QUALIFIER):
        cells = table.iloc[:, number]
        qualifying: list[str] = []
        others: list[str] = []
        for value in filter(str.strip, cells.unique()):
            (qualifying if any(map(_read_qualifier, value.split("|"))) else others).append(value)
        if number == artist or not (qualifying or others) or (not qualifying and number in naming):
            continue
        found.append(number)
        artists = pd.Series(list(map(_qualify, artists, cells)), index=artists.index, name=artists.name, dtype=object)
        said = [f"qualifiers are read from {header[number]!r} ({first_few(qualifying)})"] if qualifying else []
        if others:
            said.append(f"a work is the artist's own where {header[number]!r} is {first_few(others)}")
        remarks.append(f"{path.name}: {'; '.join(said).removesuffix('.')}.")
    return artists, found


def _qualify(artists: str, cell: str) -> str:
    """Artists with the qualifier in a cell beside them; part by part where both are divided by as many bars."""
    names, cells = artists.split("|"), cell.split("|")
    if len(names) != len(cells):
        names, cells = [artists], [next(filter(_read_qualifier, cells), "")]
    qualifiers = [_read_qualifier(one) if name.strip() else "" for name, one in zip(names, cells, strict=True)]
    return "|".join(f"{name} ({one})" if one else name for name, one in zip(names, qualifiers, strict=True))


@lru_cache(maxsize=1024)  # a large catalogue repeats few
def _read_qualifier(cell: str) -> str:
    """The first qualifier among the entries of a cell, in English; empty if it has none."""
    if cell.strip(" ()[]") == "?":
        return "possibly"
    return next(filter(None, map(whole_qualifier, re.split(r"[;,/\n]", cell))), "")


def _tell_of_columns(table: pd.DataFrame, numbers: Mapping[str, int], told: Set[int], path: Path) -> list[str]:
    """A remark on the columns that are read under other names than ours, and those that are not read at all.

    `numbers` gives the column of each field that was found; `told` are columns that other remarks name.
    """
    header = list(table.columns)
    renamed = [
        f"{field} from {header[numbers[field]]!r}"
        for field in DESCRIPTIONS
        if field in numbers and fold_header(header[numbers[field]]) != field
    ]
    unread = [
        repr(name)[1:-1]
        for number, name in enumerate(header)
        if number not in {*numbers.values(), *told}
        and (folded := fold_header(name))
        and folded not in IMPLIED
        and (table.iloc[:, number] != "").any()
    ]
    parts = [", ".join(renamed).replace(" from ", " is read from ", 1)] if renamed else []
    parts += [f"not read: {first_few(unread, MAX_UNREAD)}"] if unread else []
    return [f"{path.name}: {'; '.join(parts)}."] if parts else []


def _no_files(path: Path, column: str, artists: Sequence[str], header: Sequence[str]) -> str:
    """Why a catalogue names no file at all, and what to do."""
    divided = {one: re.compile(rf"{re.escape(one)}(?! )") for one in DELIMITERS}  # Monet, Claude is one cell
    other = next((one for one, pattern in divided.items() if all(map(pattern.search, artists))), "")
    if other:
        return (
            f"{path} has no file names: its rows are divided by {other!r} and its header is not; write the header as "
            f"{other.join(header)}."
        )
    return f"{path} has no file names: its column {column} is empty; write the file of each work into it."


def _on_one_line(artist: str) -> str:
    """An artist's cell without line breaks: what stands on lines of its own is divided by commas."""
    if "\n" not in artist:
        return artist
    lines = [line for line in map(str.strip, artist.split("\n")) if line]
    return re.sub(r"(?<![,;&])\n", ", ", "\n".join(lines))


def _count_without_artist(artists: pd.Series, path: Path) -> list[str]:
    """A remark if some rows have no artist: lists in groups give it to the first row of each alone."""
    without = int((artists == "").sum())
    if not without:
        return []
    have = "has" if without == 1 else "have"
    return [
        f"{path.name}: {without:,} of {len(artists):,} rows {have} no artist; if it is written once for several rows, "
        "fill the column down."
    ]


def _repair_names(artists: pd.Series, remarks: list[str]) -> pd.Series:
    """Artists' names without the damage of a wrong encoding, which is told."""
    repaired = {name: clean_name(repair(name)) for name in artists.unique()}
    damaged = [name for name in repaired if repaired[name] != clean_name(name)]
    if damaged:
        remarks.append(f"{damaged[0]} is read as {repaired[damaged[0]]}, whose encoding was damaged.")
    return artists.map(repaired)


def _doubt_artists(artists: pd.Series, place: str, column: str) -> list[str]:
    """A remark if most of the artists look like something else.

    Raises `NoArtistsError` if so, and their column is called a label or a class.
    """
    names = sorted(set(artists) - {""})
    kinds = Counter(kind for name in names if (kind := kind_of(name)) in KINDS)
    if kinds.total() <= DOUBTFUL * len(names):
        return []
    what, some = KINDS[kinds.most_common(1)[0][0]][1], ", ".join(names[:3])
    if fold_bare(column) in WEAK:
        raise NoArtistsError(f"{place} looks like {what} ({some}), not like artists; call the artists' column artist.")
    return [f"{place} looks like {what} ({some}), not like artists; check which column names these."]


def _parse_bools(values: pd.Series, paths: Sequence[Path]) -> pd.Series:
    lowered = values.str.strip().str.lower()
    unknown = values[~lowered.isin(TRUE | FALSE)]
    if len(unknown):
        raise DamagedFileError(
            f"{', '.join(map(str, paths))}: column in_train holds {unknown.iloc[0]!r} in {len(unknown):,} rows; "
            "it must be True or False."
        )
    return lowered.isin(TRUE)
