"""What a GPU makes of it, for `benchmark.py`: nothing where there is none.

The report's way is the same plain one: float32, three images loaded and three forward passes a triplet, no workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import published
import reference
import torch
from trials import Row, World, alternate

from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.embedding import embed_all
from painter_search.encoder.encoder import Encoder
from painter_search.training.dataset import TripletPaths
from painter_search.training.phases import Tally
from painter_search.training.recipe import TrainConfig
from painter_search.training.report import ReportCourse, training_step
from painter_search.training.squares import kept_squares


def gpu(world: World) -> Iterator[Row]:
    """Embedding, a training step, an epoch and the whole test on CUDA."""
    if not torch.cuda.is_available():
        yield Row("on a GPU", "there is none", "", "", "")
        return
    name = torch.cuda.get_device_name()
    encoder = start_encoder("resnet34", "none", seed=0).to("cuda", memory_format=torch.channels_last)
    network = reference.build_resnet34().to("cuda")
    for measure in (_embedding, _step, _epoch, _test):
        for row in measure(world, encoder, network):
            yield Row(f"{name}: {row.what}", row.ours, row.reference, row.ratio, row.wanted)


def _embedding(world: World, encoder: Encoder, network: torch.nn.Module) -> Iterator[Row]:
    pixels = np.random.default_rng(0).integers(0, 256, (8 if world.quick else 512, 3, 224, 224), dtype=np.uint8)
    images = torch.from_numpy(pixels).float()
    ours, theirs = alternate(
        world.repeats, lambda: encoder.embed(pixels), lambda: reference.embed(network, images.to("cuda")).cpu()
    )
    yield _rates("embedding from memory, images/s", len(pixels) / ours, len(pixels) / theirs)


def _step(world: World, encoder: Encoder, network: torch.nn.Module) -> Iterator[Row]:
    size, steps = (2, 1) if world.quick else (64, 10)
    pixels = torch.randint(0, 256, (3, size, 3, 224, 224), dtype=torch.uint8).pin_memory()
    images = pixels.float().pin_memory()
    mine, theirs = (torch.optim.Adam(one.parameters(), lr=6e-6) for one in (encoder, network))
    scaler = torch.amp.GradScaler("cuda", enabled=False)

    def ours() -> None:
        for _ in range(steps):
            training_step(encoder, tuple(pixels), mine, scaler, Tally(5.0))
        torch.cuda.synchronize()

    def plain() -> None:
        for _ in range(steps):
            reference.training_step(network, theirs, *(role.to("cuda") for role in images))
        torch.cuda.synchronize()

    fast, slow = alternate(world.repeats, ours, plain)
    images_passed = 3 * size * steps
    yield _rates("training step of 64 triplets, images/s", images_passed / fast, images_passed / slow)


def _epoch(world: World, encoder: Encoder, network: torch.nn.Module) -> Iterator[Row]:
    """Decoding, augmentation and steps, as `train --recipe report` takes them; the reference on a share of it."""
    count, share = (8, 4) if world.quick else (4096, 128)
    triplets = world.triplets(count)
    paths = TripletPaths(triplets, {})
    optimizer = torch.optim.Adam(network.parameters(), lr=6e-6)

    def theirs() -> None:
        for start in range(0, share, 64):
            batch = triplets[start : start + 64]
            roles = (torch.stack([reference.AUGMENT(reference.load_image(t[r])) for t in batch]) for r in range(3))
            reference.training_step(network, optimizer, *(role.to("cuda") for role in roles))
        torch.cuda.synchronize()

    with kept_squares(paths.distinct(), 224) as squares:
        course = ReportCourse(TrainConfig(recipe="report"), encoder, paths, squares)
        fast, slow = alternate(min(world.repeats, 3), lambda: course.train(1), theirs)
    rate, other = 3 * count / fast, 3 * share / slow
    yield _rates("an epoch, images/s", rate, other)
    passes = 3 * published.TRAINING_TRIPLETS
    yield Row("… of 23,755 triplets, s (scaled)", f"{passes / rate:.0f}", f"{passes / other:.0f}", "", "")


def _test(world: World, encoder: Encoder, network: torch.nn.Module) -> Iterator[Row]:
    count = 8 if world.quick else 384
    triplets = world.triplets(count)
    distinct = list(dict.fromkeys(path for triplet in triplets for path in triplet))
    files = distinct * (1 if world.quick else 10)
    on_gpu = _OnGpu(network)
    ours, theirs = alternate(
        min(world.repeats, 3),
        lambda: embed_all(encoder, files),
        lambda: reference.triplet_accuracy(on_gpu, list(islice(triplets, 128))),
    )
    ours *= published.TEST_PAINTINGS / len(files)
    theirs *= published.TEST_TRIPLETS / min(count, 128)
    yield Row("test accuracy, 6,135 triplets, s (scaled)", f"{ours:.1f}", f"{theirs:.0f}", f"{theirs / ours:.0f} x", "")


class _OnGpu(torch.nn.Module):
    """The reference's network, its images brought to the GPU and its embeddings back."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images.to("cuda")).cpu()


def _rates(what: str, ours: float, theirs: float) -> Row:
    return Row(what, f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.1f} x", "")
