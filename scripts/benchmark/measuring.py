"""What every measurement shares: synthetic paintings, tasks that take turns, and rows of the result."""

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
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmark.report_baseline import Triplet
from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.inference.onnx_export import export_encoder, open_encoder
from painter_search.encoder.network import untrained_network
from painter_search.index.config import BuildIndexConfig
from painter_search.training.recipes.strong import with_readout


@dataclass(frozen=True)
class Row:
    """One line of the result."""

    what: str
    ours: str
    report: str = ""
    """The same, done as the report did."""
    ratio: str = ""
    goal: str = ""


class Setup:
    """Synthetic paintings in folders of artists, an encoder, and how to index the paintings."""

    def __init__(self, folder: Path, quick: bool) -> None:
        """Write the paintings; `quick` makes everything tiny, so that the figures mean nothing."""
        self.folder, self.quick = folder, quick
        self.repeats = 5
        self.backbone, self.side = ("shufflenet_v2_x0_5", 64) if quick else ("resnet34", 224)
        self.encoder = untrained_network(self.backbone, "none", seed=0, img_size=self.side)
        self.embedder = open_encoder(export_encoder(self.encoder), self.encoder.config)
        self.artists, self.works = (12, 3) if quick else (40, 8)
        rng = np.random.default_rng(0)
        self.paintings = folder / "paintings"
        for artist in range(self.artists):
            (self.paintings / f"Artist {artist}").mkdir(parents=True)
            for work in range(self.works):
                path = self.paintings / f"Artist {artist}" / f"{artist}-{work}.jpg"
                paint(rng, self.side, self.side).save(path, quality=92)
        self.files = sorted(self.paintings.rglob("*.jpg"))
        self.index_config = BuildIndexConfig(
            folder=self.paintings, encoder=str(folder / "encoder.safetensors"), index=folder / "index"
        )
        start = untrained_network(
            self.backbone, "none", seed=0, img_size=self.side, views="sized-parts", normalize=True
        )
        save_checkpoint(folder / "encoder.safetensors", with_readout(start), "whole")

    def triplets(self, count: int) -> list[Triplet]:
        """`count` triplets of files."""
        rng = np.random.default_rng(1)
        triplets: list[Triplet] = []
        for _ in range(count):
            artist, other = rng.choice(self.artists, 2, replace=False)
            a, p = rng.choice(self.works, 2, replace=False)
            n = rng.integers(self.works)
            anchor, positive, negative = (
                self.files[i * self.works + j] for i, j in ((artist, a), (artist, p), (other, n))
            )
            triplets.append((anchor, positive, negative))
        return triplets

    def pixels(self, *shape: int) -> NDArray[np.uint8]:
        """Random pixels, uint8 `[*shape, 3, side, side]`."""
        return np.random.default_rng(0).integers(0, 256, (*shape, 3, self.side, self.side), dtype=np.uint8)

    def time(self, *tasks: Callable[[], object], repeats: int | None = None) -> list[float]:
        """The median seconds of each task. Tasks take turns, so that a busy moment of the machine meets them all."""
        if not self.quick:
            for task in tasks:
                task()  # warm up
        seconds: list[list[float]] = [[] for _ in tasks]
        for _ in range(1 if self.quick else repeats or self.repeats):
            for task, taken in zip(tasks, seconds, strict=True):
                start = time.perf_counter()
                task()
                taken.append(time.perf_counter() - start)
        return [statistics.median(taken) for taken in seconds]


def run_python(*arguments: str) -> None:
    """Run Python with these arguments in a process of its own."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def paint(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Make a synthetic painting: soft shapes with grain, which compress like a photograph of one."""
    coarse = Image.fromarray(rng.integers(0, 256, (max(1, height // 40), max(1, width // 40), 3), dtype=np.uint8))
    soft = coarse.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    grain = rng.normal(0, 9, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8))


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Keep torch to one core, as in a data loader's process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def versions() -> str:
    """The versions that the figures belong to."""
    return f"Python {platform.python_version()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
