"""Embeddings in files, as people keep them: a Parquet column of lists, numbered columns, or an .npy file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.tables.kinds import is_table
from painter_search.common.errors import (
    AmbiguousError,
    DamagedFileError,
    InvalidValueError,
    NotFoundError,
    PainterSearchError,
    one_line,
)
from painter_search.images.table_pictures import is_parquet

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = ("embedding", "embeddings", "vector", "vectors", "emb", "features", "feature")
"""Names of the column of vectors, preferred first, where there are several such columns."""
MAX_DIMENSIONS = 65_535
"""A vector file is refused with more; see `faiss_file.py`."""
MIN_NUMBERED = 8
"""Columns `0`, `1`, … or `dim_0`, `dim_1`, … of numbers that are taken for a vector, at least."""


class VectorFile(NamedTuple):
    """Embeddings, and the table that describes their rows."""

    vectors: NDArray[np.float32]
    """`[n, d]`."""
    table: Path
    columns: tuple[str, ...]
    """The table's columns that hold the vectors."""


def read_vectors(files: tuple[Path, ...]) -> VectorFile:
    """Read embeddings: of a Parquet file, or of an .npy file with the table beside it or given with it.

    Raises:
        NotFoundError: A file does not exist, or an .npy file has no table.
        AmbiguousError: A Parquet file has several columns of vectors, and none is called `embedding`.
        DamagedFileError: A file cannot be read.
        InvalidValueError: There are no vectors, or other numbers of vectors and of rows.
    """
    for file in files:
        if not file.is_file():
            raise NotFoundError(f"{file} does not exist; check the path after --embeddings.")
    arrays = [file for file in files if file.suffix.lower() == ".npy"]
    tables = [file for file in files if file not in arrays]
    if len(arrays) > 1 or len(tables) > 1:
        raise InvalidValueError("--embeddings takes one Parquet file, or one .npy file and one table of its rows.")
    if arrays:
        read = VectorFile(_read_npy(arrays[0]), tables[0] if tables else _table_beside(arrays[0]), ())
    elif is_parquet(tables[0]):
        read = _read_parquet(tables[0])
    else:
        raise InvalidValueError(f"{tables[0]} holds no vectors that can be read; give a Parquet file, or an .npy file.")
    if read.vectors.shape[1] > MAX_DIMENSIONS:
        raise InvalidValueError(
            f"the vectors of {files[0]} have {read.vectors.shape[1]:,} dimensions, and an index takes "
            f"{MAX_DIMENSIONS:,}; reduce them first, by PCA for example."
        )
    return read


def _read_npy(file: Path) -> NDArray[np.float32]:
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DamagedFileError(f"{file} cannot be read as an .npy file ({error}); save it again.") from error
    if array.ndim != 2 or array.dtype.kind not in "fiu" or 0 in array.shape:
        raise InvalidValueError(
            f"{file} holds {array.dtype} of the shape {list(array.shape)}; embeddings are numbers [works, dimensions]."
        )
    return np.asarray(array, np.float32)


def _table_beside(array: Path) -> Path:
    tables = sorted(path for path in array.parent.iterdir() if is_table(path) and path.is_file())
    named = [path for path in tables if path.stem == array.stem]
    if array.with_suffix(".csv") in named:  # as `export` writes it, perhaps with a Parquet file beside
        return array.with_suffix(".csv")
    if len(named or tables) != 1:
        raise NotFoundError(
            f"{array} needs a table of its rows: {array.stem}.csv beside it, or a table after it: "
            f"`--embeddings {array.name} works.csv`."
        )
    return (named or tables)[0]


def _read_parquet(file: Path) -> VectorFile:
    from pyarrow import parquet

    with translate_arrow_errors(file, "embeddings"):
        schema = parquet.read_schema(file)
        columns = _vector_columns(schema, file)
        table = parquet.read_table(file, columns=list(columns))
        arrays = [_to_array(table.column(name), file) for name in columns]
    return VectorFile(np.hstack(arrays), file, columns)


@contextmanager
def translate_arrow_errors(file: Path, kind: str) -> Iterator[None]:
    """Turn what Arrow raises for a file that is no such `kind` of table into `DamagedFileError`."""
    try:
        yield
    except PainterSearchError:
        raise
    except (OSError, ValueError, LookupError, TypeError) as error:  # Arrow's errors are such
        raise DamagedFileError(f"{file} cannot be read as {kind} ({one_line(error)}); write it again.") from error


def _vector_columns(schema: pa.Schema, file: Path) -> tuple[str, ...]:
    import pyarrow as pa

    def is_vector(field: pa.Field) -> bool:
        """Lists of numbers; whole ones, as embeddings of 8 bits are, only under a name of vectors."""
        lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
        if not any(test(field.type) for test in lists):
            return False
        numbers = field.type.value_type
        return pa.types.is_floating(numbers) or (pa.types.is_integer(numbers) and field.name.casefold() in NAMES)

    lists = [field.name for field in schema if is_vector(field)]
    preferred = [name for known in NAMES for name in lists if name.casefold() == known]
    if len(lists) > 1 and not preferred:
        raise AmbiguousError(
            f"{file} has several columns of vectors ({', '.join(lists)}); call the one to take `embedding`."
        )
    if lists:
        return ((preferred or lists)[0],)
    numbered: dict[str, dict[int, str]] = defaultdict(dict)
    for field in schema:
        matched = re.fullmatch(r"(.*?)(\d+)", field.name)
        if matched and pa.types.is_floating(field.type):
            numbered[matched[1]][int(matched[2])] = field.name
    longest: dict[int, str] = max(numbered.values(), key=len, default={})
    if len(longest) < MIN_NUMBERED:
        raise InvalidValueError(f"{file} has no column of vectors; it has {', '.join(schema.names[:12])}.")
    return tuple(longest[number] for number in sorted(longest))


def _to_array(column: pa.ChunkedArray, file: Path) -> NDArray[np.float32]:
    """A column of numbers or of lists as `[n, d]`; rows without a vector are `nan`."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        return np.asarray(column.to_numpy(), np.float32)[:, None]
    # Chunk by chunk: lists of more than 2^31 numbers together are no array that Arrow can have.
    lengths_of = [np.asarray(chunk.value_lengths().fill_null(0), np.int64) for chunk in column.chunks]
    lengths = np.concatenate([np.zeros(0, np.int64), *lengths_of])
    width = int(lengths.max(initial=0))
    if width == 0 or not np.isin(lengths, (0, width)).all():
        raise InvalidValueError(
            f"the vectors of {file} differ in length ({lengths.min(initial=width)} to {width}); "
            "they must have one width, above 0."
        )
    vectors = np.full((len(column), width), np.nan, np.float32)
    start = 0
    for chunk, lengths in zip(column.chunks, lengths_of, strict=True):
        present = chunk.drop_null() if chunk.null_count else chunk
        numbers = present.flatten().to_numpy(zero_copy_only=False)
        vectors[start + np.flatnonzero(lengths == width)] = np.asarray(numbers, np.float32).reshape(-1, width)
        start += len(chunk)
    return vectors
