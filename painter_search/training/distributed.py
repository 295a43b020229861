"""Data-parallel training: several processes, started by torchrun, that train as one.

pytorch-metric-learning's `DistributedLossWrapper` gives the same loss and gradients (measured with two processes and
192 works), but keeps the gathered embeddings to itself, and their distances are reported here; they would have to be
gathered twice. It also scales the loss for `DistributedDataParallel`, which one linear layer does not need, orders
embeddings differently in each process, and warns when there is one process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar, cast

import torch
from torch import distributed

from painter_search.common.errors import InvalidValueError, PainterSearchError

T = TypeVar("T")
TIMEOUT = timedelta(days=1)
"""Between processes: one may look at works, or score the run, for hours while the others wait."""


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the other processes, if torchrun started several.

    Raises `InvalidValueError` where this process has no GPU of its own.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if device.type == "mps":
        raise InvalidValueError("Apple's GPU trains in one process; leave out torchrun, or use --device cpu.")
    if device.type == "cuda":
        number, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if number >= gpus:
            raise InvalidValueError(
                f"torchrun started more processes than this machine has GPUs; use `torchrun --nproc-per-node {gpus}`."
            )
        torch.cuda.set_device(number)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """The number of this process, from 0; only process 0 writes files."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def world_size() -> int:
    """The number of processes."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def barrier() -> None:
    """Wait until every process has come here."""
    if world_size() > 1:
        distributed.barrier()


def broadcast_from_rank_0(compute: Callable[[], T]) -> T:
    """Call `compute` in process 0; return its result, or raise the `PainterSearchError` that it raised, in all."""
    if world_size() == 1:
        return compute()
    result_and_error: list[object] = [None, None]
    if rank() == 0:
        try:
            result_and_error[0] = compute()
        except PainterSearchError as error:
            result_and_error[1] = error
    distributed.broadcast_object_list(result_and_error)
    result, error_of_rank_0 = result_and_error
    if isinstance(error_of_rank_0, PainterSearchError):
        raise error_of_rank_0
    return cast(T, result)


def gather_embeddings(embeddings: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The embeddings and labels of all processes, in order of rank; gradients reach this process's own alone."""
    if world_size() == 1:
        return embeddings, labels
    all_embeddings = [torch.empty_like(embeddings) for _ in range(world_size())]
    all_labels = [torch.empty_like(labels) for _ in range(world_size())]
    distributed.all_gather(all_embeddings, embeddings.detach().contiguous())
    distributed.all_gather(all_labels, labels.contiguous())
    all_embeddings[rank()] = embeddings
    return torch.cat(all_embeddings), torch.cat(all_labels)


def sum_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Sum the gradients of all processes: each has the whole loss's gradient by way of its own embeddings."""
    if world_size() == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
