"""What filling an index and asking it cost as it grows, from end to end, and by which power of the works each grows.

    python scripts/benchmark_growth.py --sizes 1000 10000 100000 1000000 10000000 --json growth.json
    python scripts/benchmark_growth.py --sizes 1000 10000

Embeddings are synthetic, about 40 works an artist (see benchmark/synthetic_embeddings.py), and everything after them
is what `build-index` does with the packaged encoder: works, vectors, statistics with PLDA, calibration, digests.
Queries are about works of the index, so that no network runs: from the shell, from Python, narrowed by a style (a tenth
of the works), and the lists of `serve`. Ten million works need 40 GB of disk. Each size is filled in one process and
asked in another. An exponent is that of the two largest sizes: 1 is linear.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from benchmark.memory import resident_memory, watched_memory
from benchmark.synthetic_embeddings import SHARD_SIZE, default_structure, draw_shards, number_of_artists
from PIL import Image
from rich.console import Console
from rich.table import Table

from painter_search.analysis.similar import similar_works
from painter_search.attribution.attribute import attribute_work
from painter_search.collection.work import Work
from painter_search.common.files.atomic_io import write_json
from painter_search.encoder.files.names import PACKAGED, PLDA_FILE
from painter_search.encoder.files.plda_file import write_plda
from painter_search.encoder.load_encoder import load_encoder
from painter_search.index.calibration.recalibration import recalibrate
from painter_search.index.config import WorkFilter
from painter_search.index.index_statistics import update_index_statistics
from painter_search.index.listing import list_works
from painter_search.index.manifest import ENCODER, THUMBNAILS, WORKS, Manifest, publish_index
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store.base import EMBEDDINGS
from painter_search.index.vector_store.faiss_build import build_faiss
from painter_search.index.works.works_writer import write_thumbnails, write_works
from painter_search.serving.lookups import find_artist_works

STYLES = 10
ASKED, REPEATS = 30, 3


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="numbers of works")
    parser.add_argument("--memory", default="8GB", help="as in build-index")
    parser.add_argument("--recall", type=float, default=0.90, help="as in build-index")
    parser.add_argument("--folder", type=Path, default=Path("growing"), help="working folder, emptied afterwards")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    flags = parser.parse_args()
    measured: dict[int, dict[str, float]] = {}
    context = multiprocessing.get_context("spawn")
    for size in sorted(flags.sizes):
        home = flags.folder / str(size)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        try:
            with context.Pool(1) as pool:
                figures = pool.apply(fill, (home, size, flags.memory, flags.recall))
            with context.Pool(1) as pool:
                measured[size] = figures | pool.apply(ask, (home / "index", size))
        finally:
            shutil.rmtree(home)
        print(size, measured[size], file=sys.stderr, flush=True)
    show(measured)
    if flags.json:
        write_json(flags.json, {str(size): figures for size, figures in measured.items()})


def fill(home: Path, size: int, memory: str, recall: float) -> dict[str, float]:
    """Write an index of `size` works, as `build-index` does once they are embedded."""
    staging = home / "index" / ".building"
    staging.mkdir(parents=True)
    structure = replace(default_structure(), normalized=True)
    with (staging / EMBEDDINGS).open("wb") as file:
        for shard in draw_shards(structure, size):
            file.write(shard.tobytes())
    vectors = np.memmap(staging / EMBEDDINGS, np.float32, "r", shape=(size, len(structure.mean)))
    encoder = load_encoder(PACKAGED)
    (staging / ENCODER).write_bytes(encoder.to_onnx())
    assert encoder.plda is not None
    write_plda(staging / PLDA_FILE, encoder.plda, encoder.plda.mean)
    start, busy = time.perf_counter(), time.process_time()
    with watched_memory() as peak:
        write_thumbnails(staging / THUMBNAILS, thumbnails(size))
        write_works(staging / WORKS, works(size))
        listed = time.perf_counter()
        search = build_faiss(vectors, staging, False, memory, recall)
        searchable = time.perf_counter()
        del vectors
        if search.name != "approximate":
            (staging / EMBEDDINGS).unlink()
        manifest = Manifest(
            framing=encoder.framing,
            encoder=encoder.config,
            search=search,
            works=size,
            artists=number_of_artists(size),
            collections=("growth",),
            split="folder",
            next_id=size + 1,
            mean_distance=update_index_statistics(staging, search),
            confidence=encoder.confidence,
        )
        folder = publish_index(staging, home / "index", recalibrate(manifest, staging))
    end = time.perf_counter()
    return {
        "filled, s": end - start,
        "… of processors, s": time.process_time() - busy,
        "… works, s": listed - start,
        "… vectors, s": searchable - listed,
        "… statistics, s": end - searchable,
        "own memory, MB": peak[0] / 1e6,
        "disk, MB": sum(path.stat().st_size for path in folder.iterdir()) / 1e6,
    }


def owners(size: int) -> Iterator[int]:
    """The artist of every work: the one that its embedding was drawn for."""
    artists = number_of_artists(size)
    popularity = np.random.default_rng(3).pareto(1.2, artists) + 0.2
    for seed, start in enumerate(range(0, size, SHARD_SIZE)):
        count = min(SHARD_SIZE, size - start)
        yield from np.random.default_rng([7, seed]).choice(artists, count, p=popularity / popularity.sum()).tolist()


def works(size: int) -> Iterator[tuple[int, Work, bytes]]:
    """Rows of the works database."""
    rng = np.random.default_rng(0)
    for id, artist in enumerate(owners(size), start=1):
        date, style = str(1400 + artist % 500), f"Style {id % STYLES}"
        aspect = np.float32(1).tobytes()
        patches = rng.integers(0, 256, (4, 4, 3), np.uint8)  # as unlike one another as pictures are
        print_ = patches.repeat(4, axis=0).repeat(4, axis=1).tobytes() + aspect
        yield id, Work("growth", f"{id}.jpg", f"Artist {artist}", f"Work {id}", date, style, "portrait"), print_


def thumbnails(size: int) -> Iterator[tuple[int, bytes]]:
    """The same small grey picture for all."""
    file = BytesIO()
    Image.new("RGB", (32, 24), "grey").save(file, "JPEG")
    return ((id, file.getvalue()) for id in range(1, size + 1))


def ask(home: Path, size: int) -> dict[str, float]:
    """What queries and lists take, in milliseconds."""
    asked = np.random.default_rng(1).choice(size, min(ASKED, size), replace=False) + 1
    before, start = resident_memory(), time.perf_counter()
    index = PaintingIndex.load(home)
    opened = time.perf_counter() - start
    tasks: dict[str, Callable[[int], Any]] = {
        "query, ms": lambda id: attribute_work(index, id),
        "works like it, ms": lambda id: similar_works(index, id),
        "narrowed query, ms": lambda id: attribute_work(
            index.filtered(WorkFilter(where=f"style = 'Style {id % STYLES}'")), id
        ),
        "list of artists, ms": lambda _: list_works(index),
        "works of an artist, ms": lambda id: find_artist_works(index, index.works.get([id])[0].artist),
    }
    figures = {"open, ms": 1000 * opened}
    for name, task in tasks.items():
        slow = name.startswith(("narrowed", "list"))
        seconds = []
        for id in asked[: 5 if slow else ASKED].tolist() * REPEATS:
            start = time.perf_counter()
            task(id)
            seconds.append(time.perf_counter() - start)
        figures[name] = 1000 * statistics.median(seconds)
    figures["memory, MB"] = (resident_memory() - before) / 1e6
    command = [sys.executable, "-m", "painter_search.query", f"#{asked[0]}", "--index", str(home), "--json"]
    for name, more in (("from the shell, s", []), ("… narrowed, s", ["--where", "style = 'Style 3'"])):
        seconds = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            subprocess.run([*command, *more], check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        figures[name] = statistics.median(seconds)
    return figures


def show(measured: dict[int, dict[str, float]]) -> None:
    """A row a figure, a column a size, and the exponent."""
    sizes = list(measured)
    table = Table("", *(f"{size:,}" for size in sizes), "exponent")
    for name in measured[sizes[0]]:
        values = [measured[size][name] for size in sizes]
        exponent = ""
        if len(sizes) > 1 and min(values[-2:]) > 0:
            exponent = f"{math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"
        table.add_row(name, *(f"{value:,.3g}" if value < 1000 else f"{value:,.0f}" for value in values), exponent)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
