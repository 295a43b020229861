"""The works that given embeddings are of, and their pictures where a table leads to them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from painter_search.collection.artist_names import clean_name, join_artists
from painter_search.collection.catalogues.catalogue import DESCRIPTIONS
from painter_search.collection.cleaning import reject_rows
from painter_search.collection.tables.columns import ARTIST, FILE, find_columns, numbered_artists
from painter_search.collection.tables.features import is_bytes, is_picture, read_schema, read_texts, schema_features
from painter_search.collection.tables.table_files import read_table_file
from painter_search.collection.work import Work
from painter_search.common.errors import DamagedFileError, InvalidValueError, NotEnoughDataError
from painter_search.images.sources import Original
from painter_search.images.table_pictures import Cell, is_parquet
from painter_search.index.given.vectors import VectorFile, translate_arrow_errors


class GivenWorks(NamedTuple):
    """Works under their embeddings, row by row."""

    vectors: NDArray[np.float32]
    """`[n, d]`, all finite."""
    works: list[Work]
    pictures: list[Original]
    """Where each work's picture should be; it need not be there."""
    left_out: list[tuple[str, str]]
    """Rows that are not taken, each with the reason."""


def read_given_works(file: VectorFile, originals: Path | None, keep_uncertain: bool) -> GivenWorks:
    """Read the works of embeddings from their table; columns are recognised as those of catalogues are.

    Raises:
        DamagedFileError: The table cannot be read, or has no column of artists.
        InvalidValueError: It has not as many rows as there are vectors.
        NotEnoughDataError: No row can be used.
    """
    with translate_arrow_errors(file.table, "a table"):
        texts, picture_column = _read_texts(file)
    header = list(texts.columns)
    artists = find_columns(header, ARTIST)
    if not artists:
        raise DamagedFileError(f"{file.table} has no column of artists; call one artist. It has {', '.join(header)}.")
    if len(texts) != len(file.vectors):
        raise InvalidValueError(
            f"{file.table} has {len(texts):,} rows, and there are {len(file.vectors):,} vectors; each needs its row."
        )
    paths = _paths(texts, header)
    files = _unique(paths)
    # Collections may have files of the same name, as indexes that were exported do.
    collections = [file.table.stem] * len(files)
    names = files
    if "collection" in header:
        collections = [str(name) or file.table.stem for name in texts["collection"]]
        names = [f"{collection}: {name}" for collection, name in zip(collections, files, strict=True)]
    named = texts.iloc[:, numbered_artists(header) or artists[:1]].to_numpy()
    table = pd.DataFrame({"artist": [clean_name(join_artists(row)) for row in named], "new_filename": names})
    for field in DESCRIPTIONS:
        found = find_columns(header, field)
        table[field] = texts.iloc[:, found[0]].map(clean_name) if found else ""
    usable, refused = reject_rows(table, keep_uncertain)
    with np.errstate(over="ignore", invalid="ignore"):  # distances are computed from squares, as float32
        finite = np.isfinite(np.einsum("nd,nd->n", file.vectors, file.vectors, dtype=np.float32))
    rows = [row for row in usable.index if finite[row]]
    left_out = [(str(name), str(reason)) for name, reason in refused.itertuples(index=False)]
    left_out += [
        (table["new_filename"][row], _what_is_wrong(file.vectors[row])) for row in usable.index if not finite[row]
    ]
    if not rows:
        first = "; ".join(f"{name}: {reason}" for name, reason in left_out[:3])
        raise NotEnoughDataError(f"{file.table} has no usable row ({first}).")
    if len(rows) > 1 and (file.vectors[rows] == file.vectors[rows[0]]).all():
        raise NotEnoughDataError(f"{file.table}: all vectors are the same, so that no work is nearer than another.")
    works = [
        Work(collections[row], files[row], *(str(usable[name][row]) for name in ("artist", *DESCRIPTIONS)))
        for row in rows
    ]
    folder = originals or file.table.parent
    pictures = [
        Original(files[row], file.table, False, 0, cell=Cell(picture_column, row))
        if picture_column
        else Original(files[row], folder, False, 0, stored=paths[row])
        for row in rows
    ]
    return GivenWorks(file.vectors[rows], works, pictures, left_out)


def _what_is_wrong(vector: NDArray[np.float32]) -> str:
    return "numbers too large for distances" if np.isfinite(vector).all() else "no whole vector"


def _read_texts(file: VectorFile) -> tuple[pd.DataFrame, str | None]:
    """The table as text without its vectors, and the column of pictures, if pictures are in it."""
    if not is_parquet(file.table):
        return read_table_file(file.table).table, None
    schema = read_schema(file.table)
    fields = [field for field in schema if field.name not in file.columns]
    pictures = [field.name for field in fields if is_picture(field)]
    pictures = pictures or [field.name for field in fields if is_bytes(field) and find_columns([field.name], FILE)]
    texts = read_texts(file.table, [field.name for field in fields], schema_features(schema))
    return pd.DataFrame(texts, dtype=object), pictures[0] if pictures else None


def _paths(texts: pd.DataFrame, header: list[str]) -> list[str]:
    """What each row calls its file, with forward slashes; rows without a name are numbered."""
    found = [number for number in find_columns(header, FILE) if (texts.iloc[:, number] != "").any()]
    named = [name.replace("\\", "/").strip() for name in texts.iloc[:, found[0]]] if found else [""] * len(texts)
    return [name or f"{row:06}" for row, name in enumerate(named)]


def _unique(paths: list[str]) -> list[str]:
    """The files' names without folders where these are unique, else the paths; repeated ones stay, to be rejected."""
    names = [PurePosixPath(path).name for path in paths]
    return names if len(set(names)) == len(names) else paths
