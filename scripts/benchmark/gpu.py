"""Speed on a CUDA GPU, against the report's method on the same GPU: float32, three forward passes a triplet."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmark import report_baseline
from benchmark.measuring import Row, Setup
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.network import EncoderNetwork, untrained_network
from painter_search.training.config import TrainConfig
from painter_search.training.data.image_cache import cached_images
from painter_search.training.data.training_sets import TripletPaths
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.recipes.report import ReportRecipe, training_step


def measure_gpu(setup: Setup) -> Iterator[Row]:
    """Embedding, a training step, an epoch and the whole test on CUDA; one empty row without a GPU."""
    if not torch.cuda.is_available():
        yield Row("on a GPU", "there is none")
        return
    name = torch.cuda.get_device_name()
    encoder = untrained_network(setup.backbone, "none", seed=0, img_size=setup.side)
    encoder = encoder.to("cuda", memory_format=torch.channels_last)
    network = report_baseline.build_network(setup.backbone).to("cuda")
    for measure in (_embedding, _training_step, _epoch, _test_accuracy):
        for row in measure(setup, encoder, network):
            yield Row(f"{name}: {row.what}", row.ours, row.report, row.ratio, row.goal)


def _embedding(setup: Setup, encoder: EncoderNetwork, network: torch.nn.Module) -> Iterator[Row]:
    pixels = setup.pixels(8 if setup.quick else 512)
    images = torch.from_numpy(pixels).float()
    ours, report = setup.time(
        lambda: encoder.embed(pixels), lambda: report_baseline.embed(network, images.to("cuda")).cpu()
    )
    yield _rates("embedding from memory, images/s", len(pixels) / ours, len(pixels) / report)


def _training_step(setup: Setup, encoder: EncoderNetwork, network: torch.nn.Module) -> Iterator[Row]:
    size, steps = (2, 1) if setup.quick else (64, 10)
    pixels = torch.from_numpy(setup.pixels(3, size)).pin_memory()
    images = pixels.float().pin_memory()
    optimizer, report_optimizer = (torch.optim.Adam(one.parameters(), lr=6e-6) for one in (encoder, network))
    scaler = torch.amp.GradScaler("cuda", enabled=False)

    def train() -> None:
        for _ in range(steps):
            training_step(encoder, tuple(pixels), optimizer, scaler, MetricAccumulator(5.0))
        torch.cuda.synchronize()

    def train_as_the_report() -> None:
        for _ in range(steps):
            report_baseline.training_step(network, report_optimizer, *(role.to("cuda") for role in images))
        torch.cuda.synchronize()

    ours, report = setup.time(train, train_as_the_report)
    count = 3 * size * steps
    yield _rates("training step of 64 triplets, images/s", count / ours, count / report)


def _epoch(setup: Setup, encoder: EncoderNetwork, network: torch.nn.Module) -> Iterator[Row]:
    """Decoding, augmentation and steps, as `train --recipe report` takes them; the report's on a share of it."""
    count, share = (8, 4) if setup.quick else (4096, 128)
    triplets = setup.triplets(count)
    paths = TripletPaths(triplets, {})
    optimizer = torch.optim.Adam(network.parameters(), lr=6e-6)

    def train_as_the_report() -> None:
        for start in range(0, share, 64):
            batch = triplets[start : start + 64]
            roles = (
                torch.stack([report_baseline.AUGMENT(report_baseline.load_image(triplet[role])) for triplet in batch])
                for role in range(3)
            )
            report_baseline.training_step(network, optimizer, *(role.to("cuda") for role in roles))
        torch.cuda.synchronize()

    with cached_images(paths.distinct(), setup.side) as cache:
        recipe = ReportRecipe(TrainConfig(recipe="report"), encoder, paths, cache)
        ours, report = setup.time(lambda: recipe.train(1), train_as_the_report, repeats=3)
    rate, report_rate = 3 * count / ours, 3 * share / report
    yield _rates("an epoch, images/s", rate, report_rate)
    passes = 3 * report_baseline.TRAINING_TRIPLETS
    yield Row("… of 23,755 triplets, s (scaled)", f"{passes / rate:.0f}", f"{passes / report_rate:.0f}")


def _test_accuracy(setup: Setup, encoder: EncoderNetwork, network: torch.nn.Module) -> Iterator[Row]:
    count, share = (8, 8) if setup.quick else (384, 128)
    triplets = setup.triplets(count)
    files = list(dict.fromkeys(path for triplet in triplets for path in triplet)) * (1 if setup.quick else 10)
    on_gpu = _OnGpu(network)
    ours, report = setup.time(
        lambda: embed_all(encoder, files),
        lambda: report_baseline.triplet_accuracy(on_gpu, triplets[:share]),
        repeats=3,
    )
    ours *= report_baseline.TEST_PAINTINGS / len(files)
    report *= report_baseline.TEST_TRIPLETS / share
    yield Row("test accuracy, 6,135 triplets, s (scaled)", f"{ours:.1f}", f"{report:.0f}", f"{report / ours:.0f} x")


class _OnGpu(torch.nn.Module):
    """The report's network with its images moved to the GPU and its embeddings moved back."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images.to("cuda")).cpu()


def _rates(what: str, ours: float, report: float) -> Row:
    return Row(what, f"{ours:,.0f}", f"{report:,.0f}", f"{ours / report:.1f} x")
