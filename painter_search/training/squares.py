"""The squares that training sees, decoded once and kept where every loader process can reach them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.framing import read_frame
from painter_search.encoder.embedding import map_ahead
from painter_search.encoder.views import central_square
from painter_search.progress import track

Pixels = NDArray[np.uint8]


class Squares:
    """The central square of frames by path, uint8 `[side, side, 3]`, loaded when asked for."""

    def __init__(self, side: int, file: Path | None = None, paths: Sequence[Path] = ()) -> None:
        """With a `file` that holds the squares of `paths` they are taken from there; others are decoded."""
        self.side = side
        self._file = file
        self._rows = {path: row for row, path in enumerate(paths)}
        self._pixels: Pixels | None = None

    def __getitem__(self, path: Path) -> Pixels:
        row = self._rows.get(path)
        if row is None or self._file is None:
            return decode_square(path, self.side)
        if self._pixels is None:
            self._pixels = np.memmap(self._file, np.uint8, "r").reshape(-1, self.side, self.side, 3)
        return self._pixels[row]

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_pixels": None}  # another process opens the file for itself


@contextmanager
def kept_squares(paths: Sequence[Path], side: int) -> Iterator[Squares]:
    """Decode these frames into a temporary file, where the disk has room for ten times as much.

    A painting is seen ten times an epoch or more, and decoding costs as much as augmenting.
    """
    with tempfile.TemporaryDirectory(prefix="painter-search-", ignore_cleanup_errors=True) as folder:
        if shutil.disk_usage(folder).free < 10 * len(paths) * side * side * 3:
            yield Squares(side)
            return
        file = Path(folder, "squares")
        with file.open("wb") as out:
            decoded = map_ahead(lambda path: decode_square(path, side), paths, ahead=64)
            for square in track(decoded, "Decoding", total=len(paths)):
                out.write(square.tobytes())
        yield Squares(side, file, paths)


def decode_square(path: Path, side: int) -> Pixels:
    """The central square of one frame."""
    return np.asarray(central_square(read_frame(path), side), dtype=np.uint8)
