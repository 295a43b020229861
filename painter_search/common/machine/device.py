"""The device to compute on, the device's memory and the process's."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from painter_search.common.errors import UnreachableError

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


def pick_device(name: DeviceName) -> torch.device:
    """The device of this name; `auto` is CUDA if available, else Apple's GPU (MPS), else the CPU.

    Raises `UnreachableError` for a device that this machine does not have.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if available[kind]))
    if not available[name]:
        raise UnreachableError(f"--device {name} is not available on this machine; use --device auto or cpu.")
    return torch.device(name)


def to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor moved to a device. Only on CUDA is the copy asynchronous.

    Elsewhere the copy may read the tensor's memory after that was freed: Apple's GPU then computes on other numbers.
    """
    return tensor.to(device, non_blocking=device.type == "cuda")


OUT_OF_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
"""What the errors of a full GPU say; of their classes they share only `RuntimeError`."""


@contextmanager
def translate_gpu_errors(*, training: bool = False) -> Iterator[None]:
    """Turn a GPU's out-of-memory error into an `UnreachableError` that names the remedies.

    `training`: whether it is a run's, which goes on only with the settings that it has.
    """
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error) for words in OUT_OF_MEMORY):
            raise
        remedy = "end other programs on it, or use --device cpu"
        if training:
            remedy += (
                ", and add --resume; or begin another run, with another --name and a smaller --batch-size, --img-size "
                "or --backbone"
            )
        raise UnreachableError(f"the GPU's memory is full; {remedy}.") from error


def keep_freed_memory() -> None:
    """Make glibc keep the memory that the process frees; without effect with another C library.

    By default glibc returns every large freed block to the system, which clears each page again for the next step:
    that made a training step on two cores three times as long.
    """
    if not sys.platform.startswith("linux"):
        return
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX in malloc.h
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)
    except (OSError, AttributeError):
        pass  # another C library
