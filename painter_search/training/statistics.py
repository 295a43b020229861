"""What a readout reads of every training work, computed once and kept while a training lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from painter_search.collection.framing import read_frame
from painter_search.encoder.device import mixed_precision
from painter_search.encoder.embedding import map_ahead
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.swift import swift_on_cpu
from painter_search.encoder.views import MOST_VIEWS, views_of
from painter_search.progress import say, track
from painter_search.training.ranks import processes, rank, wait_for_all

FILE = "statistics.partial"


class Statistics:
    """Float16 `[works, MOST_VIEWS, width]` in a file; a work with fewer views has them again in the same order."""

    def __init__(self, files: Sequence[Path], counts: Sequence[int], width: int) -> None:
        """Each process's part has a file of its own; a part without works has none."""
        shapes = [(count, MOST_VIEWS, width) for count in counts]
        parts = zip(files, shapes, strict=True)
        self._parts = [np.memmap(file, np.float16, "r", shape=shape) for file, shape in parts if shape[0]]
        self._starts = np.cumsum([0] + [len(part) for part in self._parts])

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """One view's statistics of each of these works: float32 `[n, width]`; `views` may be any numbers."""
        found = [self._work(int(row))[int(view) % MOST_VIEWS] for row, view in zip(rows, views, strict=True)]
        return torch.from_numpy(np.stack(found).astype(np.float32))

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        """All views of these works: float32 `[n * MOST_VIEWS, width]`."""
        return torch.from_numpy(np.concatenate([self._work(row) for row in rows]).astype(np.float32))

    def _work(self, row: int) -> NDArray[np.float16]:
        part = int(np.searchsorted(self._starts, row, "right")) - 1
        return self._parts[part][row - self._starts[part]]


class SomeStatistics:
    """The statistics of some of the works, these numbered from 0."""

    def __init__(self, statistics: AnyStatistics, rows: NDArray[np.int64]) -> None:
        self._statistics, self._rows = statistics, rows

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """As of `Statistics`."""
        return self._statistics.rows(torch.from_numpy(self._rows[rows.numpy()]), views)

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        """As of `Statistics`."""
        return self._statistics.every_view([int(self._rows[row]) for row in rows])


AnyStatistics = Statistics | SomeStatistics


@contextmanager
def statistics_of_works(encoder: Encoder, paths: Sequence[Path], folder: Path) -> Iterator[Statistics]:
    """The statistics of frames; each process computes its part of them.

    What is done is kept in `folder` as it comes, so that an interrupted training goes on where it stopped, and is
    deleted at the end.
    """
    readout: Any = encoder.network.get_submodule("readout")
    width = sum(readout.sizes)
    bounds = np.linspace(0, len(paths), processes() + 1).astype(int)
    files = [folder / (FILE if processes() == 1 else f"{FILE}-{part}-of-{processes()}") for part in range(processes())]
    _compute(encoder, paths[bounds[rank()] : bounds[rank() + 1]], files[rank()], width)
    wait_for_all()
    yield Statistics(files, list(np.diff(bounds)), width)
    wait_for_all()
    files[rank()].unlink(missing_ok=True)


def _compute(encoder: Encoder, paths: Sequence[Path], file: Path, width: int) -> None:
    work_bytes = MOST_VIEWS * width * 2
    with file.open("ab") as out:
        # Whole groups only: the same groups as in an undisturbed run give the same bits.
        done = out.tell() // work_bytes
        together = encoder.at_once // MOST_VIEWS  # works that fill a forward pass
        done = len(paths) if done >= len(paths) else done // together * together
        out.truncate(done * work_bytes)
        if 0 < done < len(paths):
            say(f"Continuing: {done:,} of {len(paths):,} training works were looked at before the interruption.")
        views = map_ahead(lambda path: views_of(read_frame(path), encoder.config), paths[done:], 8 * together)
        groups = iter(lambda: list(islice(views, together)), [])
        left = -(-(len(paths) - done) // together)
        taps = swift_on_cpu(encoder.network.get_submodule("taps"), encoder.mean.device)
        for group in track(groups, "Looking at the training works", total=left) if left else ():
            for statistics in _statistics(encoder, taps, group):
                padded = statistics[np.arange(MOST_VIEWS) % len(statistics)]
                out.write(padded.astype(np.float16).tobytes())


@torch.inference_mode()
def _statistics(
    encoder: Encoder, taps: nn.Module, group: Sequence[Sequence[NDArray[np.uint8]]]
) -> list[NDArray[np.float32]]:
    """Statistics of each work's views: float32 `[views, width]` each."""
    readout: Any = encoder.network.get_submodule("readout")
    flat = [(work, view) for work, views in enumerate(group) for view in views]
    found: list[list[NDArray[np.float32]]] = [[] for _ in group]
    for side in sorted({view.shape[-1] for _, view in flat}):
        alike = [(work, view) for work, view in flat if view.shape[-1] == side]
        for start in range(0, len(alike), encoder.at_once):
            chunk = alike[start : start + encoder.at_once]
            pixels = encoder.on_device(np.stack([view for _, view in chunk]))
            with mixed_precision(encoder.mean.device, taps):
                parts = taps(encoder.normalized(pixels).contiguous(memory_format=torch.channels_last))
            read = readout.statistics(parts)[: len(chunk)].float().cpu().numpy()
            for (work, _), row in zip(chunk, read, strict=True):
                found[work].append(row)
    return [np.stack(rows) for rows in found]
