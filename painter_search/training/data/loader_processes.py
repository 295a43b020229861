"""The processes that load images for training: how many, and how their batches reach the trainer."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.machine.cores import available_cores
from painter_search.common.machine.worker_processes import can_start_workers

SHARED_MEMORY = Path("/dev/shm")
"""Where Linux keeps memory that processes share; Docker gives a container 64 MB of it."""
AHEAD = 2
"""Batches that each process has ready, as in PyTorch's `prefetch_factor`."""


def loader_processes(workers: int) -> int:
    """How many processes load images: `workers`, or, where that is -1, one per core, at most 8."""
    if not can_start_workers():
        return 0
    return min(available_cores(), 8) if workers < 0 else workers


def fits_shared_memory(batch_bytes: int, workers: int, folder: Path = SHARED_MEMORY) -> bool:
    """Whether the batches that `workers` processes have ready fit into shared memory, with as much left to others."""
    if not workers or sys.platform != "linux":
        return True  # elsewhere it is no file system of a fixed size
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return False
    return 2 * (AHEAD * workers + 1) * batch_bytes <= free


def stack_arrays(triplets: Sequence[Sequence[torch.Tensor]]) -> list[NDArray[np.uint8]]:
    """A batch as arrays, `[n, 3, side, side]` each: they pass through pipes, where tensors would take shared memory."""
    return [np.stack([image.numpy() for image in role]) for role in zip(*triplets, strict=True)]
