"""Files of FAISS vectors, which anybody may have written: sizes are added up before FAISS allocates by them.

FAISS trusts what its files say. Only the kinds that an index writes are let through, and only where every length in
the file leads to the file's end. The layout is that of `write_index` (faiss/impl/index_write.cpp).
"""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import Any, BinaryIO

import faiss
import numpy as np

from painter_search.errors import UserError

SMALL = 100_000
"""Vectors that are written by way of a copy in memory."""
L2 = 1
"""FAISS's number of the Euclidean metric."""
LISTS = "4sQQ4sQ"
"""What stands before the sizes of the lists in an inverted file: its kind, how many lists there are, bytes of a code,
whether all sizes follow or those above 0 alone, and how many numbers that are."""
COUNT_AT = 8
"""Where a file says how many vectors it has: after its kind and their size."""
EIGHT_BITS = 0
"""FAISS's number of 8 bits for each number of a vector."""


class _Unsound(Exception):  # noqa: N818 (a finding, turned into a sentence below)
    """The file is not as one of ours."""


def write_vectors_file(index: Any, path: Path) -> None:
    """Write a FAISS index; raises `OSError` where the disk is full, which FAISS itself tells in words of its own."""
    if index.ntotal <= SMALL:
        path.write_bytes(faiss.serialize_index(index).data)
        return
    try:  # without a second copy in memory
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def read_vectors_file(path: Path, mapped: bool = False) -> Any:
    """The FAISS index in a file. Raises `UserError` for any but an exact index of float32 vectors under ids or an
    inverted file of them, of 8 bits a number or of a product quantiser, whole to the last byte. `mapped`, only what is
    touched is read."""
    try:
        with path.open("rb") as file:
            _walk(_Cursor(file, path.stat().st_size))
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except (_Unsound, struct.error, RuntimeError, MemoryError) as error:
        raise UserError(
            f"{path} is no file of vectors that can be read safely; copy or build the index again."
        ) from error


def merge_vectors_files(trained: Path, shards: list[Path], target: Path) -> None:
    """Write inverted files that were filled from one empty one, `trained`, as one file: list after list, out of mapped
    files, so that it takes no more memory than the lengths do. Raises `UserError` for one that is not whole."""
    parts = [read_vectors_file(path, mapped=True) for path in shards]
    lists = [part.invlists for part in parts]
    cells, width = parts[0].nlist, parts[0].code_size
    sizes = np.array([[part.list_size(cell) for cell in range(cells)] for part in lists], np.uint64)
    head = bytearray(trained.read_bytes()[: -struct.calcsize(f"<{LISTS}")])  # an empty file ends with no sizes
    struct.pack_into("<q", head, COUNT_AT, int(sizes.sum()))
    with target.open("wb") as file:
        file.write(head + struct.pack(f"<{LISTS}", b"ilar", cells, width, b"full", cells))
        file.write(sizes.sum(axis=0, dtype=np.uint64).tobytes())
        for cell in range(cells):
            filled = [(part, int(size)) for part, size in zip(lists, sizes[:, cell], strict=True) if size]
            for part, size in filled:
                file.write(faiss.rev_swig_ptr(part.get_codes(cell), size * width).data)
            for part, size in filled:
                file.write(faiss.rev_swig_ptr(part.get_ids(cell), size).data)


class _Cursor:
    """Walks over a file without reading more than its lengths."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def take(self, layout: str) -> tuple[Any, ...]:
        """The next values, laid out as `struct` writes them, little-endian."""
        self._left -= struct.calcsize(f"<{layout}")
        _require(self._left >= 0)
        return struct.unpack(f"<{layout}", self._file.read(struct.calcsize(f"<{layout}")))

    def skip(self, count: int, width: int) -> None:
        """Pass over `count` values of `width` bytes, which must be there."""
        if not 0 <= count * width <= self._left:
            raise _Unsound
        self._left -= count * width
        self._file.seek(count * width, 1)

    def vector(self, width: int, count: int | None = None) -> int:
        """Pass over a stored vector, its length first; with `count` it must be that long."""
        (length,) = self.take("Q")
        _require(count is None or length == count)
        self.skip(length, width)
        return int(length)

    def end(self) -> None:
        _require(self._left == 0)


def _walk(cursor: _Cursor) -> None:
    (kind,) = cursor.take("4s")
    size, count = _header(cursor)
    if kind == b"IxM2":
        _flat(cursor, size, count)
        cursor.vector(8, count)  # the ids
    elif kind in (b"IwFl", b"IwSq", b"IwPQ"):
        _inverted(cursor, size, count, kind)
    else:
        raise _Unsound
    cursor.end()


def _header(cursor: _Cursor) -> tuple[int, int]:
    size, count, _, _, trained, metric = cursor.take("iqqqBi")
    _require(0 < size < 1 << 16 and count >= 0 and trained == 1 and metric == L2)
    return size, count


def _flat(cursor: _Cursor, size: int, count: int) -> None:
    (kind,) = cursor.take("4s")
    _require(kind == b"IxF2" and _header(cursor) == (size, count))
    cursor.vector(4, size * count)


def _inverted(cursor: _Cursor, size: int, count: int, codes: bytes) -> None:
    cells, _ = cursor.take("QQ")
    _flat(cursor, size, cells)
    (direct_map,) = cursor.take("B")
    _require(direct_map == 0)
    cursor.vector(8, 0)
    expected = 4 * size if codes == b"IwFl" else _codes(cursor, size, codes)
    kind, lists, width, filling, length = cursor.take(LISTS)
    _require(kind == b"ilar" and lists == cells and width == expected)
    if filling == b"full":
        _require(length == cells)
        sizes = cursor.take(f"{cells}Q")
    else:  # pairs of a list's number and its size
        _require(filling == b"sprs" and length % 2 == 0 and length <= 2 * cells)
        pairs = cursor.take(f"{length}Q")
        numbers, sizes = pairs[::2], pairs[1::2]
        _require(len(set(numbers)) == len(numbers) and all(number < cells for number in numbers))
    _require(sum(sizes) == count)
    cursor.skip(count, width + 8)


def _codes(cursor: _Cursor, size: int, codes: bytes) -> int:
    """Pass over the tables of a quantiser; returns the bytes of a code."""
    if codes == b"IwSq":
        bits, _, _, quantised, width = cursor.take("iifQQ")
        _require(bits == EIGHT_BITS and quantised == width == size)
        cursor.vector(4, 2 * size)  # the least of each number, and the range
        again, of_the_rest = cursor.take("QB")
        _require(again == width and of_the_rest == 0)
        return int(width)
    of_the_rest, width, quantised, parts, bits = cursor.take("BQQQQ")
    _require(of_the_rest == 1 and quantised == size and parts == width == size // 4 and bits == 8)
    cursor.vector(4, 256 * size)
    return int(width)


def _require(sound: bool) -> None:
    if not sound:
        raise _Unsound
