"""Which device computes, in which precision, and with what memory."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

import torch
from torch import nn

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


def mixed_precision(device: torch.device, network: nn.Module) -> AbstractContextManager:
    """Half precision wherever that is fast.

    On CUDA bfloat16, or float16 on GPUs before that; on a CPU bfloat16 where `gains_from_bfloat16` says so.
    """
    if device.type == "cuda":
        return torch.autocast("cuda", torch.float16 if needs_scaler(device) else torch.bfloat16)
    if device.type == "cpu" and gains_from_bfloat16(network):
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def needs_scaler(device: torch.device) -> bool:
    """Whether gradients must be scaled: only in float16, whose small numbers end too soon."""
    return device.type == "cuda" and not torch.cuda.is_bf16_supported()


def gains_from_bfloat16(network: nn.Module) -> bool:
    """Whether a CPU runs this network faster in bfloat16.

    It must have instructions for bfloat16 matrices, and the network must be made of full convolutions: depthwise ones
    wait for memory instead, and bfloat16 slows them down.
    """
    if not _has_bfloat16_instructions():
        return False
    convolutions = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    return bool(convolutions) and all(part.groups == 1 for part in convolutions)


@contextmanager
def within_gpu_memory() -> Iterator[None]:
    """Raises `UserError` where a GPU's memory does not suffice for what is done meanwhile."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise UserError(
            "the GPU's memory is full; end what else runs on it, train with a smaller --batch, or give --device cpu."
        ) from error


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


def _has_bfloat16_instructions() -> bool:
    # PyTorch asks the processor, under names that are not yet public.
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return torch.backends.mkldnn.is_available() and any(getattr(torch.cpu, name, bool)() for name in questions)
