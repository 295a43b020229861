"""FAISS files: written, merged, and checked before FAISS reads them.

FAISS allocates whatever sizes a file states, and an index may come from anybody. Only the kinds of file that an index
writes are let through, and only if all lengths in it add up to the end of the file. The layout is that of
`write_index` (faiss/impl/index_write.cpp).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import faiss
import numpy as np

from painter_search.common.errors import DamagedFileError
from painter_search.index.vector_store.faiss_plan import subquantizers

METRIC_L2 = 1
"""FAISS's number of the Euclidean metric."""
QT_8BIT = 0
"""FAISS's number of 8 bits per dimension."""
LISTS_HEADER = "4sQQ4sQ"
"""Header of inverted lists: kind, number of lists, bytes of a code, whether the sizes of all lists follow or only those
above 0, and how many numbers follow."""
NTOTAL_OFFSET = 8
"""Offset of the number of vectors: after the kind of index and the dimension."""


class _InvalidFile(Exception):  # noqa: N818 (internal, becomes a DamagedFileError)
    """The file is not one that this package writes."""


def write_faiss_file(index: faiss.Index, path: Path) -> None:
    """Write a FAISS index; Python opens the file, whose name FAISS may be unable to take. Raises `OSError`."""
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]


def read_faiss_file(path: Path, mapped: bool = False) -> faiss.Index:
    """Read a FAISS index: float32 vectors under ids, or an inverted file of float32, 8-bit or product-quantised codes.

    Args:
        path: The file.
        mapped: Map the inverted lists into memory, so that a search reads only the cells it probes. Where FAISS cannot
            take the path's name they are read.

    Raises:
        DamagedFileError: The file is of another kind, or not complete to the last byte.
    """
    try:
        with path.open("rb") as file:
            _check_file(_Cursor(file, path.stat().st_size))
            if not mapped or not _can_name(path):
                file.seek(0)
                return faiss.read_index(faiss.PyCallbackIOReader(file.read))  # type: ignore[attr-defined]
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except (_InvalidFile, struct.error, RuntimeError, MemoryError) as error:
        raise DamagedFileError(
            f"{path} is not a file of vectors that can be read safely; copy or build the index again."
        ) from error


def _can_name(path: Path) -> bool:
    """Whether FAISS can open a file by its name: in UTF-8, and on Windows in ASCII, as the code pages differ."""
    try:
        str(path).encode("ascii" if os.name == "nt" else "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def read_inverted_file(path: Path, mapped: bool = False) -> faiss.IndexIVF:
    """`read_faiss_file` for an inverted file; raises `DamagedFileError` for any other."""
    index = read_faiss_file(path, mapped)
    if not isinstance(index, faiss.IndexIVF):
        raise DamagedFileError(f"{path} has no cells; build the index again.")
    return index


def merge_faiss_files(trained: Path, shards: Sequence[Path], target: Path) -> None:
    """Merge shards of one trained inverted file into the file `target`, list by list.

    The lists are copied out of mapped files, so that memory does not grow with the index. For 300,000 float32 vectors
    (310 MB) this took 0.5 s and 1 MB of memory; `IndexIVF.merge_from` gave the same bytes in 0.6 s and took 445 MB,
    which would be tens of GB for a hundred million works. `faiss.contrib.ondisk.merge_ondisk` took 0.7 s and 2 MB, but
    leaves a second file under an absolute path, so that a copied index would break, and a single query was slower
    (4.5 ms, not 2.7).

    Raises `DamagedFileError` for a shard that is not complete.
    """
    parts = [read_inverted_file(path, mapped=True) for path in shards]
    lists = [part.invlists for part in parts if part.invlists is not None]
    nlist, code_size = parts[0].nlist, parts[0].code_size
    sizes = np.array([[part.list_size(cell) for cell in range(nlist)] for part in lists], np.uint64)
    header = bytearray(trained.read_bytes()[: -struct.calcsize(f"<{LISTS_HEADER}")])  # empty lists: a header alone
    struct.pack_into("<q", header, NTOTAL_OFFSET, int(sizes.sum()))
    with target.open("wb") as file:
        file.write(header + struct.pack(f"<{LISTS_HEADER}", b"ilar", nlist, code_size, b"full", nlist))
        file.write(sizes.sum(axis=0, dtype=np.uint64).tobytes())
        for cell in range(nlist):
            filled = [(part, int(size)) for part, size in zip(lists, sizes[:, cell], strict=True) if size]
            for part, size in filled:
                file.write(faiss.rev_swig_ptr(part.get_codes(cell), size * code_size).data)
            for part, size in filled:
                file.write(faiss.rev_swig_ptr(part.get_ids(cell), size).data)


class _Cursor:
    """Walks over a file, reading nothing but its lengths."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, layout: str) -> tuple[int, ...]:
        """The next numbers, in `struct`'s notation, little-endian."""
        self._left -= struct.calcsize(f"<{layout}")
        _require(self._left >= 0)
        return struct.unpack(f"<{layout}", self._file.read(struct.calcsize(f"<{layout}")))

    def read_tag(self) -> bytes:
        """The next four letters."""
        self._left -= 4
        _require(self._left >= 0)
        return self._file.read(4)

    def skip(self, count: int, width: int) -> None:
        """Skip `count` values of `width` bytes; the file must have them."""
        _require(0 <= count * width <= self._left)
        self._left -= count * width
        self._file.seek(count * width, 1)

    def skip_vector(self, width: int, length: int) -> None:
        """Skip a stored vector: its length, which must be `length`, and that many values of `width` bytes."""
        (stored,) = self.read("Q")
        _require(stored == length)
        self.skip(stored, width)

    def require_end(self) -> None:
        """Nothing may follow."""
        _require(self._left == 0)


def _check_file(cursor: _Cursor) -> None:
    kind = cursor.read_tag()
    dim, count = _read_header(cursor)
    if kind == b"IxM2":
        _check_flat(cursor, dim, count)
        cursor.skip_vector(8, count)  # the ids
    elif kind in (b"IwFl", b"IwSq", b"IwPQ"):
        _check_inverted_file(cursor, dim, count, kind)
    else:
        raise _InvalidFile
    cursor.require_end()


def _read_header(cursor: _Cursor) -> tuple[int, int]:
    """The dimension and the number of vectors."""
    dim, count, _, _, trained, metric = cursor.read("iqqqBi")
    _require(0 < dim < 1 << 16 and count >= 0 and trained == 1 and metric == METRIC_L2)
    return dim, count


def _check_flat(cursor: _Cursor, dim: int, count: int) -> None:
    _require(cursor.read_tag() == b"IxF2" and _read_header(cursor) == (dim, count))
    cursor.skip_vector(4, dim * count)


def _check_inverted_file(cursor: _Cursor, dim: int, count: int, kind: bytes) -> None:
    nlist, _ = cursor.read("QQ")
    _check_flat(cursor, dim, nlist)
    (direct_map,) = cursor.read("B")
    _require(direct_map == 0)
    cursor.skip_vector(8, 0)
    expected_code_size = 4 * dim if kind == b"IwFl" else _check_quantizer(cursor, dim, kind)
    _require(cursor.read_tag() == b"ilar")
    lists, code_size = cursor.read("QQ")
    _require(lists == nlist and code_size == expected_code_size)
    sizes_kind = cursor.read_tag()
    (length,) = cursor.read("Q")
    if sizes_kind == b"full":
        _require(length == nlist)
        sizes = cursor.read(f"{nlist}Q")
    else:  # pairs of a list's number and its size
        _require(sizes_kind == b"sprs" and length % 2 == 0 and length <= 2 * nlist)
        pairs = cursor.read(f"{length}Q")
        numbers, sizes = pairs[::2], pairs[1::2]
        _require(len(set(numbers)) == len(numbers) and all(number < nlist for number in numbers))
    _require(sum(sizes) == count)
    cursor.skip(count, code_size + 8)


def _check_quantizer(cursor: _Cursor, dim: int, kind: bytes) -> int:
    """Skip the tables of a quantiser; returns the bytes of a code."""
    if kind == b"IwSq":
        bits, _, _ = cursor.read("iii")  # then how ranges are found, and a float for that
        quantized, code_size = cursor.read("QQ")
        _require(bits == QT_8BIT and quantized == code_size == dim)
        cursor.skip_vector(4, 2 * dim)  # minimum and range of each dimension
        code_size_again, by_residual = cursor.read("QB")
        _require(code_size_again == code_size and by_residual == 0)
        return code_size
    by_residual, code_size, quantized, parts, bits = cursor.read("BQQQQ")
    _require(by_residual == 1 and quantized == dim and parts == code_size == subquantizers(dim) and bits == 8)
    cursor.skip_vector(4, 256 * dim)
    return code_size


def _require(valid: bool) -> None:
    if not valid:
        raise _InvalidFile
