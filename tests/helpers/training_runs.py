"""Short trainings, interrupted ones, and checkpoints compared by their weights."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
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


TRAIN = """
import pickle, sys
from staged_net import register_staged_backbone
from training_runs import train
from painter_search.training.recipes import report
register_staged_backbone()
config, through_pipes = pickle.load(sys.stdin.buffer)
if through_pipes:
    report.fits_shared_memory = lambda *_: False
train(config)
"""


def train_with_loaders(config: TrainConfig, name: str, workers: int, *, through_pipes: bool = False) -> Path:
    """Train in a process of its own that starts `workers` processes to load images; returns the run's folder.

    What many other tests left in this process, threads of several libraries among them, is none of that training's.
    """
    words = [sys.executable, "-X", "faulthandler", "-c", TRAIN]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = pickle.dumps((replace(config, name=name, workers=workers), through_pipes))
    done = subprocess.run(words, input=told, env=environment, capture_output=True)
    assert done.returncode == 0, (done.returncode, done.stderr.decode(errors="replace"))
    return config.runs / name


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
