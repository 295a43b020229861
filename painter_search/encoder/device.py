"""Which device computes, and in which precision."""

from __future__ import annotations

import ctypes
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from painter_search.errors import UserError

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


def pick_device(name: DeviceName) -> torch.device:
    """The device asked for; `auto` is CUDA where there is one, else Apple's GPU, else the CPU."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if available[kind]))
    if not available[name]:
        raise UserError(f"--device {name} is not available on this machine; use --device auto or cpu.")
    return torch.device(name)


def mixed_precision(device: torch.device) -> AbstractContextManager:
    """Half precision where the GPU is fast in it: bfloat16, or float16 on GPUs before that. Nothing on a CPU."""
    if device.type != "cuda":
        return nullcontext()
    return torch.autocast("cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)


def needs_scaler(device: torch.device) -> bool:
    """Whether gradients must be scaled: only in float16, whose small numbers end too soon."""
    return device.type == "cuda" and not torch.cuda.is_bf16_supported()


def keep_freed_memory() -> None:
    """Let the process keep the memory it frees, where the C library is glibc.

    By default glibc hands every large freed block back to the system and has each page cleared anew at the next
    step, which made a training step on two cores three times as long.
    """
    if not sys.platform.startswith("linux"):
        return
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX in malloc.h
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)
    except (OSError, AttributeError):
        pass  # Another C library, with habits of its own.
