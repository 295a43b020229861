"""Short trainings, interrupted ones, and checkpoints compared by their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.training.config import TrainConfig
from painter_search.training.run import Run
from painter_search.training.trainer import train_encoder


def train(config: TrainConfig, on_epoch: Callable[[Path, list], None] | None = None, **changes: object) -> Run:
    """Train with some settings changed, in this process alone."""
    with one_thread():
        run = train_encoder(replace(config, **changes), on_epoch=on_epoch)
    assert run is not None
    return run


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one thread: tiny networks and images only lose time on more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def interrupt_after(epoch: int) -> Callable[[Path, list], None]:
    """An `on_epoch` that interrupts the training as Ctrl-C would."""

    def interrupt(folder: Path, history: list) -> None:
        if history[-1].epoch == epoch:
            raise KeyboardInterrupt

    return interrupt


def changed_weights(before: Path, after: Path) -> set[str]:
    """The names of the tensors that differ between two checkpoints of the same network."""
    one, other = read_checkpoint(before)["model"], read_checkpoint(after)["model"]
    assert one.keys() == other.keys()
    return {name for name in one if not torch.equal(one[name], other[name])}
