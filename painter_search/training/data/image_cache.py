"""The images that a recipe trains on, decoded once for every loader process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.encoder.views import central_square
from painter_search.images.framing import read_frame

Pixels = NDArray[np.uint8]

DISK_SHARE = 10
"""Images are cached only if the disk has room for this many times as much."""


CutSquare = Callable[[Image.Image, int], Image.Image]
"""Makes a square with a side of so many pixels of a frame."""


class ImageCache:
    """Squares of frames by path: uint8 `[side, side, 3]`."""

    def __init__(
        self, side: int, file: Path | None = None, paths: Sequence[Path] = (), cut: CutSquare = central_square
    ) -> None:
        """Take the squares of `paths` from `file`, which holds them in order; all others are decoded when read."""
        self.side = side
        self._cut = cut
        self._file = file
        self._rows = {path: row for row, path in enumerate(paths)}
        self._pixels: Pixels | None = None

    def __getitem__(self, path: Path) -> Pixels:
        row = self._rows.get(path)
        if row is None or self._file is None:
            return decode_square(path, self.side, self._cut)
        if self._pixels is None:
            self._pixels = np.memmap(self._file, np.uint8, "r").reshape(-1, self.side, self.side, 3)
        square: Pixels = self._pixels[row]
        return square

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_pixels": None}  # a loader process maps the file itself


@contextmanager
def cached_images(paths: Sequence[Path], side: int, cut: CutSquare = central_square) -> Iterator[ImageCache]:
    """Decode squares of these frames into a temporary file, or, with too little room on the disk, whenever one is read.

    A painting is read ten times an epoch or more, and decoding costs as much as augmenting.
    """
    with tempfile.TemporaryDirectory(prefix="painter-search-", ignore_cleanup_errors=True) as folder:
        if shutil.disk_usage(folder).free < DISK_SHARE * len(paths) * side * side * 3:
            yield ImageCache(side, cut=cut)
            return
        file = Path(folder, "squares")
        with file.open("wb") as out:
            decoded = map_prefetched(lambda path: decode_square(path, side, cut), paths, ahead=64)
            for square in track(decoded, "Decoding", total=len(paths)):
                out.write(square.tobytes())
        yield ImageCache(side, file, paths, cut)


def decode_square(path: Path, side: int, cut: CutSquare) -> Pixels:
    """A square of one frame: uint8 `[side, side, 3]`."""
    return np.asarray(cut(read_frame(path), side), dtype=np.uint8)


def whole_square(frame: Image.Image, side: int) -> Image.Image:
    """The whole frame, resized to a square of `side` px, as the first of its views is."""
    return frame.resize((side, side), Image.Resampling.BICUBIC)
