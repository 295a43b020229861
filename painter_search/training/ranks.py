"""Several processes that train as one, as torchrun starts them (data-parallel)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import distributed

from painter_search.errors import UserError

T = TypeVar("T")


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the other processes, where torchrun started several."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """Which of the processes this is; 0 writes, and is the only one where there is one."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def processes() -> int:
    """How many there are."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def wait_for_all() -> None:
    """Go on when every process has come here."""
    if processes() > 1:
        distributed.barrier()


def told_by_first(find: Callable[[], T]) -> T:
    """What the first process finds, or the user's mistake that it meets, in all of them."""
    if processes() == 1:
        return find()
    told: list = [None, None]
    if rank() == 0:
        try:
            told[0] = find()
        except UserError as error:
            told[1] = error
    distributed.broadcast_object_list(told)
    if told[1] is not None:
        raise told[1]
    return told[0]


def gather(embeddings: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """All processes' embeddings and labels; gradients flow into one's own."""
    if processes() == 1:
        return embeddings, labels
    everyones = [torch.empty_like(embeddings) for _ in range(processes())]
    everyones_labels = [torch.empty_like(labels) for _ in range(processes())]
    distributed.all_gather(everyones, embeddings.detach().contiguous())
    distributed.all_gather(everyones_labels, labels.contiguous())
    everyones[rank()] = embeddings
    return torch.cat(everyones), torch.cat(everyones_labels)


def add_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Add up the processes' gradients: each has that of the whole loss by its own embeddings."""
    if processes() == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
