"""Pictures in Parquet and Arrow files, read row by row, so that few of them are in memory at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from painter_search.common.errors import UnreadableImageError, one_line

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

ROWS_AT_ONCE = 4
"""Rows of a Parquet file that are copied together; a picture may take some megabytes."""
BUFFER_BYTES = 1 << 20
"""Bytes that are read of a Parquet file at least. Without, the pictures of a row group would be read at once."""


PARQUET = b"PAR1"
"""The first bytes of a Parquet file."""


class Cell(NamedTuple):
    """A picture's place in a table."""

    column: str
    row: int


def read_picture(table: Path, cell: Cell) -> bytes | Path:
    """The bytes of a picture, or the path of its file where the table has no more.

    Rows are best read in order: what lies between two rows of a Parquet file is decoded, and passed over.

    Raises `UnreadableImageError` if there is no picture, or the table cannot be read.
    """
    try:
        value: object = _opened(table, cell.column, table.stat().st_mtime_ns).read(cell.row)
    except Exception as error:  # Arrow raises many kinds
        reason = getattr(error, "strerror", None) or error
        raise UnreadableImageError(f"cannot be read from the table ({one_line(reason)})") from error
    content, path = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, None)
    if content is None and isinstance(path, str) and path:
        return table.parent / path
    if not isinstance(content, bytes):
        raise UnreadableImageError("no picture in the table")
    return content


@lru_cache(maxsize=2)
def _opened(table: Path, column: str, changed_ns: int) -> _ParquetColumn | _ArrowColumn:
    return _ParquetColumn(table, column) if is_parquet(table) else _ArrowColumn(table, column)


class _ArrowColumn:
    """A column of an Arrow file: mapped into memory, so that any row is read at once."""

    def __init__(self, table: Path, column: str) -> None:
        self._column = read_arrow(table).column(column)

    def read(self, row: int) -> Any:
        return self._column[row].as_py()


class _ParquetColumn:
    """A column of a Parquet file, read from where the last row was."""

    def __init__(self, table: Path, column: str) -> None:
        self._file, self._column = open_parquet(table), column
        sizes = [self._file.metadata.row_group(group).num_rows for group in range(self._file.num_row_groups)]
        self._starts = list(accumulate(sizes, initial=0))
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._batch: pa.RecordBatch | None = None
        self._group, self._start, self._end = -1, 0, 0  # of the batch: its row group, first row and the row after it

    def read(self, row: int) -> Any:
        group = bisect_right(self._starts, row) - 1
        if group != self._group or row < self._start:
            self._group, self._end = group, self._starts[group]
            self._batches = self._file.iter_batches(
                ROWS_AT_ONCE, row_groups=[group], columns=[self._column], use_threads=False
            )
        while row >= self._end:
            self._batch = next(self._batches)
            self._start, self._end = self._end, self._end + len(self._batch)
        assert self._batch is not None
        return self._batch.column(0)[row - self._start].as_py()


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its first bytes, whatever it is called, or else by its ending."""
    with path.open("rb") as file:
        return file.read(len(PARQUET)) == PARQUET or path.suffix.lower() == ".parquet"


def open_parquet(path: Path) -> ParquetFile:
    """Open a Parquet file to be read page by page; a page holds the pictures of 100 rows as the hub writes them."""
    from pyarrow import parquet

    return parquet.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES)


def read_arrow(path: Path) -> pa.Table:
    """An Arrow file, in either of its formats, mapped into memory."""
    import pyarrow as pa

    try:
        return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    except pa.ArrowInvalid:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
