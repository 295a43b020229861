"""What the last frozen stage gives for every view, computed once and kept on disk while the stages after it train."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.errors import InvalidValueError
from painter_search.encoder.views import MAX_VIEWS

MAX_DIMENSIONS = 4
LARGEST = float(np.finfo(np.float16).max)
"""Larger numbers are kept as this one."""


class StageCache:
    """Outputs of a stage in files, float16, a record a work."""

    def __init__(self, files: Sequence[Path], lengths: Sequence[int], size: int) -> None:
        """Map the files, one a process, that hold so many works each, with outputs of at most `size` numbers."""
        kind = stage_record(size)
        self._parts = [
            np.memmap(file, kind, "r", shape=(length,)) for file, length in zip(files, lengths, strict=True) if length
        ]
        self._starts = np.cumsum([0] + [len(part) for part in self._parts])

    def read(self, rows: torch.Tensor, views: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """One view's output of each of these works, in groups of one shape.

        Args:
            rows: The works, int64 `[n]`.
            views: A view of each, int64 `[n]`, taken modulo `MAX_VIEWS`; a work with fewer has them repeated in order.

        Returns:
            For each shape the positions in `rows`, int64 `[k]`, and the outputs, float32 `[k, ...]`.
        """
        groups: dict[tuple[int, ...], list[tuple[int, NDArray[np.float16]]]] = {}
        for position, (row, view) in enumerate(zip(rows.tolist(), views.tolist(), strict=True)):
            part = int(np.searchsorted(self._starts, row, "right")) - 1
            record = self._parts[part][row - self._starts[part]]
            number = view % MAX_VIEWS % int(record["count"])
            shape = tuple(int(length) for length in record["shapes"][number] if length)
            output = record["outputs"][number][: math.prod(shape)].reshape(shape)
            groups.setdefault(shape, []).append((position, output))
        return [
            (
                torch.tensor([position for position, _ in group]),
                torch.from_numpy(np.stack([output for _, output in group]).astype(np.float32)),
            )
            for group in groups.values()
        ]


def stage_record(size: int) -> np.dtype[np.void]:
    """A work in the file: how many views it has, the shapes of their outputs (0 after the last length), and these."""
    return np.dtype(
        [
            ("count", np.uint16),
            ("shapes", np.uint16, (MAX_VIEWS, MAX_DIMENSIONS)),
            ("outputs", np.float16, (MAX_VIEWS, size)),
        ]
    )


def fill_stage_record(record: np.void, count: int, number: int, output: NDArray[np.float32]) -> None:
    """Enter what the stage gave for view `number` of a work with `count` views."""
    record["count"] = count
    record["shapes"][number, : output.ndim] = output.shape
    record["outputs"][number, : output.size] = output.reshape(-1).clip(-LARGEST, LARGEST)


def check_space(folder: Path, works: int, size: int, files: Sequence[Path]) -> None:
    """Raise `InvalidValueError` where so many records of `size` numbers do not fit beside `folder`.

    What an interrupted training left of them in `files` needs no more room.
    """
    needed, free = works * stage_record(size).itemsize, shutil.disk_usage(folder).free
    free += sum(file.stat().st_size for file in files if file.is_file())
    if needed > 0.9 * free:
        raise InvalidValueError(
            f"training the last stages keeps {needed / 1e9:.1f} GB in {folder} meanwhile, and {free / 1e9:.1f} GB are "
            "free; make room and run the command again, or begin another run: on another disk (--runs), or with "
            "another --name and --finetune-epochs 0."
        )
