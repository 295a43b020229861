"""Tables inside a folder that name its artists: `metadata.csv` and `metadata.jsonl` of Hugging Face's ImageFolder."""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS, NoArtistsError, read_catalogue
from painter_search.collection.catalogues.catalogue_files import match_catalogue
from painter_search.collection.layouts.folder_table import EXAMPLES, FolderCatalogue, count_pictures, divide_by_parts
from painter_search.collection.layouts.layout import METADATA, folders_of
from painter_search.collection.layouts.name_kinds import kind_of, part_of
from painter_search.common.errors import AmbiguousError, DamagedFileError, NotEnoughDataError, UnreadableImageError
from painter_search.images.sources import Original, read_original

TABLES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
MAJORITY = 0.5


@dataclass
class Metadata:
    """What the tables in a folder say of its pictures."""

    table: pd.DataFrame
    """One row per picture that a table names, some without an artist; columns `CLEAN_COLUMNS`, files by their path."""
    tables: list[str]
    """Paths of the tables."""
    remarks: list[str] = field(default_factory=list)


def read_metadata(originals: Sequence[Original], pictures: Sequence[Original]) -> Metadata:
    """Read every table called as one of `TABLES`; each names pictures by their path from its own folder.

    A table without artists is passed over with a remark.
    """
    metadata = Metadata(pd.DataFrame(columns=CLEAN_COLUMNS, dtype=object), [])
    by_path = sorted(pictures, key=lambda one: one.file)
    files = [one.file for one in by_path]
    parts = [metadata.table]
    for original in originals:
        path = PurePosixPath(original.file)
        if path.name.casefold() not in TABLES:
            continue
        rows = _read_rows(original, metadata.remarks)
        folder = original.file[: -len(path.name)]
        below = by_path[bisect_left(files, folder) : bisect_left(files, f"{folder}\U0010ffff")]
        if rows is None or not below:
            continue
        named = match_catalogue(rows, below)
        file_of = {name: one.file for name, one in named.matched.files}
        matched = named.table[named.table["new_filename"].isin(file_of)].copy()
        matched["new_filename"] = matched["new_filename"].map(file_of)
        parts.append(matched)
        metadata.tables.append(original.file)
        metadata.remarks += named.remarks
    metadata.table = pd.concat(parts, ignore_index=True).drop_duplicates(["new_filename", "artist"], ignore_index=True)
    return metadata


def names_the_artists(metadata: Metadata, pictures: int, place: Path) -> bool:
    """Whether the tables are where a folder names its artists.

    Raises:
        AmbiguousError: They name some of the artists only.
    """
    if not metadata.tables:
        return False
    named = int((metadata.table["artist"] != "").sum())
    if named < MAJORITY * pictures:
        raise AmbiguousError(
            f"{metadata.tables[0]} in {place} names the artists of {named:,} of {pictures:,} pictures; add --layout "
            f"{METADATA} to take these alone, or another --layout to read the artists from folders or file names."
        )
    return True


def catalogue_of_metadata(
    metadata: Metadata, pictures: Sequence[Original], place: Path, test_share: float, random_state: int
) -> FolderCatalogue:
    """The pictures that tables in the folder name, in parts if they lie in such."""
    table = metadata.table[metadata.table["artist"] != ""].reset_index(drop=True)
    if table.empty:
        raise NotEnoughDataError(
            f"{place} has no table that names artists ({' or '.join(TABLES)}); give another layout."
        )
    paths = [PurePosixPath(file) for file in table["new_filename"]]
    sizes = {original.file: str(original.size) for original in pictures}
    titles = zip(table["title"], paths, strict=True)
    table["title"] = [title or path.stem.replace("_", " ").strip() for title, path in titles]
    table["size_bytes"] = table["new_filename"].map(sizes)
    parts = pd.Series([next(filter(None, map(part_of, folders_of(path))), "") for path in paths], dtype=object)
    table["in_train"], remarks = divide_by_parts(table["artist"], parts, test_share, random_state)
    named = set(table["new_filename"])
    unnamed = [original.file for original in pictures if original.file not in named]
    if unnamed:
        remarks.append(f"left out: {count_pictures(len(unnamed))} without an artist in the table, such as {unnamed[0]}")
    return FolderCatalogue(
        table,
        [original for original in pictures if original.file in named],
        [(file, "no artist: not in the folder's table") for file in unnamed],
        f"the table {', '.join(metadata.tables[:EXAMPLES])}",
        METADATA,
        [*metadata.remarks, *remarks],
    )


def _read_rows(original: Original, remarks: list[str]) -> pd.DataFrame | None:
    name = PurePosixPath(original.file).name
    with tempfile.TemporaryDirectory() as folder:  # tables are read from files, and this one may be in an archive
        path = Path(folder) / name.casefold()
        try:
            content = read_original(original)
            if isinstance(content, bytes):
                path.write_bytes(content)
            read = read_catalogue([path if isinstance(content, bytes) else content], test_share=1, random_state=0)
        except (DamagedFileError, UnreadableImageError) as error:
            reason = str(error).removeprefix(f"{path} ").split(";")[0]
            remarks.append(f"the table {original.file} is passed over, since it {reason}")
            return None
        except NoArtistsError as error:
            reason = str(error).split("; ")[0]
            remarks.append(f"the table {original.file} is passed over, since {reason}")
            return None
    artists = set(read.table["artist"]) - {""}
    others = [artist for artist in artists if kind_of(artist) not in ("artist", "unknown")]
    if not artists or len(others) > MAJORITY * len(artists):
        what = f"names no artists, but {', '.join(sorted(others)[:3])}" if others else "names no artists"
        remarks.append(f"the table {original.file} is passed over, since it {what}")
        return None
    remarks += [remark.replace(str(path), original.file) for remark in read.remarks]
    return read.table
