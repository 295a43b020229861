"""Embeddings and works as Parquet, and as an .npy file with a CSV table of its rows."""

from __future__ import annotations

import csv
import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.lib import format

from painter_search.common.errors import InvalidValueError
from painter_search.common.files.atomic_io import write_file
from painter_search.common.files.csv_io import write_rows
from painter_search.common.progress import track
from painter_search.images.fingerprint import has_picture
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 256
"""Works of a row group: their pictures are in memory together."""
HEADER = ["id", *COLUMNS]
"""Of the table beside an .npy file."""


def write_parquet(
    index: PaintingIndex, path: Path, *, pictures: bool, more: Mapping[str, pa.Array] | None = None
) -> None:
    """Write a row for each work: id, catalogue entry, `embedding`, and `image` as Hugging Face's `datasets` has it.

    `more` are further columns, in the order of the works' ids.
    """
    import pyarrow as pa
    from pyarrow import parquet

    more = more or {}
    ids = index.artists.ids
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields: list[tuple[str, pa.DataType]] = [("id", pa.int64()), *((name, pa.string()) for name in COLUMNS)]
    fields.append(("embedding", pa.list_(pa.float32(), index.store.dim)))
    fields += [("image", picture)] if pictures else []
    fields += [(name, column.type) for name, column in more.items()]
    schema = pa.schema(fields)
    if not more:
        schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": _features(schema)}})})
    pictured = has_picture(index.fingerprints)

    def write(temporary: Path) -> None:
        # Python opens the file, whose errors name it.
        with temporary.open("wb") as file, parquet.ParquetWriter(file, schema) as writer:
            for start in track(range(0, len(ids), ROWS), "Exporting"):
                rows = ids[start : start + ROWS]
                works = index.works.get(rows.tolist())
                columns: dict[str, Any] = {"id": rows}
                columns |= {name: [_as_text(getattr(work, name)) for work in works] for name in COLUMNS}
                flat = pa.array(index.embeddings(rows).ravel())
                columns["embedding"] = pa.FixedSizeListArray.from_arrays(flat, index.store.dim)
                if pictures:
                    columns["image"] = [
                        {"bytes": index.works.thumbnail(int(id)), "path": None} if present else None
                        for id, present in zip(rows, pictured[start : start + ROWS], strict=True)
                    ]
                columns |= {name: column.slice(start, len(rows)) for name, column in more.items()}
                writer.write_table(pa.table(columns, schema))

    write_file(path, write)


def write_npy(index: PaintingIndex, path: Path) -> None:
    """Write the embeddings as float32 `[n, d]`, and beside them a CSV table of the works in the same order."""
    ids, table = index.artists.ids, path.with_suffix(".csv")

    def write(temporary: Path) -> None:
        embeddings = index.embeddings(ids)
        with temporary.open("wb") as file:  # without `np.save`, which does not say that a disk is full
            format.write_array_header_1_0(file, format.header_data_from_array_1_0(embeddings))
            file.write(embeddings.data)
        # Only when the embeddings are whole, so that no table is left beside those of another index.
        write_file(table, lambda temporary: _write_table(index, temporary))

    write_file(path, write)


def write_csv(index: PaintingIndex, path: Path) -> None:
    """Write the works with their ids as a table for spreadsheets; see `write_rows`."""
    write_file(path, lambda temporary: write_rows(temporary, HEADER, *work_rows(index)))


def check_replaced(path: Path) -> None:
    """Raise `InvalidValueError` if a file that would be replaced is no export of works; that of an .npy file has its
    table beside it."""
    table = path.with_suffix(".csv") if path.suffix.lower() == ".npy" else path
    for file in (table, path):
        if file.exists() and not _is_table_of_works(table):
            raise InvalidValueError(
                f"{file} exists, and the export of the works would replace it; write to another name, or delete it."
            )


def _is_table_of_works(path: Path) -> bool:
    with suppress(OSError, ValueError):  # ValueError: Parquet that cannot be read
        if path.suffix.lower() == ".parquet":
            from pyarrow import parquet

            columns = [*HEADER, "embedding"]
            return list(parquet.read_schema(path).names[: len(columns)]) == columns
        with path.open("rb") as file:
            return file.readline(200).removeprefix(BOM_UTF8).rstrip(b"\r\n") == ",".join(HEADER).encode()
    return False


def _write_table(index: PaintingIndex, path: Path) -> None:
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(work_rows(index))


def work_rows(index: PaintingIndex) -> Iterator[list[object]]:
    """The id and the catalogue entry of each work, by ascending id."""
    ids = index.artists.ids.tolist()
    for id, work in zip(ids, index.works.get(ids), strict=True):
        yield [id, *(getattr(work, name) for name in COLUMNS)]


def _as_text(text: str) -> str:
    """Text as Parquet takes it: bytes of a file name that are no UTF-8 are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _features(schema: pa.Schema) -> dict[str, object]:
    """The columns as `datasets` describes them, so that it shows the pictures."""
    special: dict[str, object] = {
        "id": {"dtype": "int64", "_type": "Value"},
        "embedding": {
            "feature": {"dtype": "float32", "_type": "Value"},
            "length": schema.field("embedding").type.list_size,
            "_type": "Sequence",
        },
        "image": {"_type": "Image"},
    }
    return {name: special.get(name, {"dtype": "string", "_type": "Value"}) for name in schema.names}
