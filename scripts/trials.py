"""What the benchmark is made of: stand-ins, tasks that take turns, rows of the result."""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import reference
import torch
from PIL import Image, ImageFilter

from painter_search.encoder.checkpoint import save_checkpoint, start_encoder
from painter_search.encoder.exported import export_encoder
from painter_search.encoder.swift import fastest_on_cpu
from painter_search.retrieval.settings import IndexConfig
from painter_search.training.strong import with_readout


@dataclass(frozen=True)
class Row:
    """One line of the result."""

    what: str
    ours: str
    reference: str
    ratio: str
    wanted: str


class World:
    """Stand-in paintings, a collection of them, an encoder and an index."""

    def __init__(self, folder: Path, quick: bool) -> None:
        self.folder, self.quick = folder, quick
        self.repeats = 1 if quick else 5
        self.encoder = start_encoder("resnet34", "none", seed=0)
        self.embedder = fastest_on_cpu(self.encoder, export_encoder(self.encoder, folder / "encoder.onnx"))
        self.artists, self.works = (6, 3) if quick else (40, 8)
        rng = np.random.default_rng(0)
        self.paintings = folder / "paintings"
        for artist in range(self.artists):
            (self.paintings / f"Artist {artist}").mkdir(parents=True)
            for work in range(self.works):
                picture(rng, 224, 224).save(self.paintings / f"Artist {artist}" / f"{work}.jpg", quality=92)
        self.files = sorted(self.paintings.rglob("*.jpg"))
        self.index_config = IndexConfig(
            folder=self.paintings, encoder=str(folder / "encoder.pt"), index=folder / "index"
        )
        strong = with_readout(start_encoder("resnet34", "none", seed=0, views="parts", unit=True))
        save_checkpoint(folder / "encoder.pt", strong, "whole")

    def triplets(self, count: int) -> list[reference.Triplet]:
        """Triplets of files, as many as asked for."""
        rng = np.random.default_rng(1)
        chosen = []
        for _ in range(count):
            artist, other = rng.choice(self.artists, 2, replace=False)
            a, p = rng.choice(self.works, 2, replace=False)
            n = rng.integers(self.works)
            chosen.append(tuple(self.files[i * self.works + j] for i, j in ((artist, a), (artist, p), (other, n))))
        return chosen


def alternate(repeats: int, *tasks: Callable[[], object]) -> list[float]:
    """The median seconds of each task, the tasks taking turns so that the machine's moods fall on all of them."""
    for task in tasks:
        task()
    seconds: list[list[float]] = [[] for _ in tasks]
    for _ in range(repeats):
        for task, taken in zip(tasks, seconds, strict=True):
            began = time.perf_counter()
            task()
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in seconds]


def shell(*arguments: str) -> None:
    """Run Python with these arguments, as a shell would."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def picture(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A stand-in painting: soft shapes with grain, which compress like a photograph of one."""
    coarse = Image.fromarray(rng.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8))
    soft = coarse.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    grain = rng.normal(0, 9, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8))


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one core, as in a loader process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def threads() -> str:
    """The versions that the figures belong to."""
    return f"Python {platform.python_version()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
