"""What an index costs as it grows: build time, disk, memory, query time and recall, as `build-index` would build it.

    python scripts/benchmark_index.py [--sizes 100000 1000000] [--like index] [--memory 8GB] [--recall 0.95]

Vectors are synthetic, with the structure of the embeddings of the index `--like` (see
benchmark/synthetic_embeddings.py) or a made-up one, and drawn in shards into a file. Queries are other works by the
same artists. A size is built in one process and searched in another, so that each one's memory is its own. 10 million
works need 25 GB of disk meanwhile.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmark.memory import resident_memory, watched_memory
from benchmark.synthetic_embeddings import (
    Structure,
    default_structure,
    draw,
    draw_shards,
    fit_structure,
    number_of_artists,
)
from rich.console import Console
from rich.table import Table

from painter_search.index.attribution_data import MAX_CANDIDATES
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store.base import EMBEDDINGS, VECTORS, SearchSettings
from painter_search.index.vector_store.faiss_build import build_faiss, exact_neighbours
from painter_search.index.vector_store.faiss_store import FaissStore

QUERIES = 500
REPEATS = 3
COLUMNS = (
    "works", "search", "build, s", "peak, MB", "disk, MB", "open, ms", "p50, ms", "p99, ms",
    f"p50 of {MAX_CANDIDATES}, ms", "memory, MB", "of flat", "recall@10",
)  # fmt: skip


@dataclass(frozen=True)
class BuildSettings:
    """The flags of `build-index` that choose a search."""

    exact: bool
    memory: str
    recall: float


@dataclass(frozen=True)
class Built:
    """An index that was built, and what that cost."""

    search: SearchSettings
    seconds: float
    peak_bytes: float
    """Memory of the process itself, without mapped files."""


@dataclass(frozen=True)
class Searched:
    """What queries cost; times in seconds."""

    open: float
    p50: float
    p99: float
    p50_of_candidates: float
    bytes_grown: float
    """Memory that queries added, pages of mapped files included."""
    recall: float


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="numbers of works")
    parser.add_argument("--like", type=Path, help="an index whose embeddings are imitated")
    parser.add_argument("--memory", default="8GB", help="as in build-index")
    parser.add_argument("--recall", type=float, default=0.95, help="as in build-index")
    parser.add_argument("--exact", action="store_true", help="as in build-index")
    parser.add_argument("--folder", type=Path, default=Path("scaling"), help="working folder, emptied afterwards")
    flags = parser.parse_args()
    structure = default_structure()
    if flags.like:
        index = PaintingIndex.load(flags.like)
        try:
            structure = fit_structure(index.embeddings(index.artists.ids), index.artists.numbers)
        except ValueError as error:
            parser.error(f"--like {flags.like}: {error}")
    table = Table(title=f"Synthetic embeddings of intrinsic dimension {structure.dimension:.0f}")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    settings = BuildSettings(flags.exact, flags.memory, flags.recall)
    for size in flags.sizes:
        folder = flags.folder / str(size)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            row = measure_size(folder, structure, size, settings)
        finally:
            shutil.rmtree(folder)
        print(*row, sep="\t", flush=True)
        table.add_row(*row)
    Console(width=160).print(table)


def measure_size(folder: Path, structure: Structure, size: int, settings: BuildSettings) -> tuple[str, ...]:
    """Build and search an index of `size` works; returns its row of the table."""
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (size, len(structure.mean)))
    start = 0
    for shard in draw_shards(structure, size):
        vectors[start : start + len(shard)] = shard
        start += len(shard)
    queries = draw(structure, QUERIES, number_of_artists(size), seed=10**6)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "nearest.npy", exact_neighbours(vectors, queries, 10) + 1)
    flat_bytes = vectors.nbytes
    del vectors
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        built = pool.apply(build, (folder, settings))
    with context.Pool(1) as pool:
        searched = pool.apply(search, (folder, built.search))
    disk = sum((folder / name).stat().st_size for name in (VECTORS, EMBEDDINGS) if (folder / name).is_file())
    how = built.search
    return (
        f"{size:,}",
        how.name if how.name == "exact" else f"{how.codes}, {how.nprobe} of {how.nlist:,} cells",
        f"{built.seconds:,.0f}",
        f"{built.peak_bytes / 1e6:,.0f}",
        f"{disk / 1e6:,.0f}",
        f"{1000 * searched.open:.1f}",
        f"{1000 * searched.p50:.2f}",
        f"{1000 * searched.p99:.2f}",
        f"{1000 * searched.p50_of_candidates:.2f}",
        f"{searched.bytes_grown / 1e6:,.0f}",
        f"{searched.bytes_grown / flat_bytes:.2f}",
        f"{searched.recall:.3f}",
    )


def build(folder: Path, settings: BuildSettings) -> Built:
    """Build an index of the vectors in a folder."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    start = time.perf_counter()
    with watched_memory() as peak:
        how = build_faiss(vectors, folder, settings.exact, settings.memory, settings.recall)
    return Built(how, time.perf_counter() - start, peak[0])


def search(folder: Path, how: SearchSettings) -> Searched:
    """Open the index in a folder and search it."""
    queries, nearest = np.load(folder / "queries.npy"), np.load(folder / "nearest.npy")
    before, start = resident_memory(), time.perf_counter()
    store = FaissStore(folder, how)
    opened = time.perf_counter() - start
    found = [store.search(query[None], 10)[1][0] for query in queries]  # also brings the touched pages into memory
    seconds, candidate_seconds = [], []
    for _ in range(REPEATS):
        for query in queries:
            start = time.perf_counter()
            store.search(query[None], 10)
            seconds.append(time.perf_counter() - start)
    for query in queries:
        start = time.perf_counter()
        store.search(query[None], MAX_CANDIDATES)
        candidate_seconds.append(time.perf_counter() - start)
    return Searched(
        opened,
        statistics.median(seconds),
        float(np.percentile(seconds, 99)),
        statistics.median(candidate_seconds),
        resident_memory() - before,
        float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found, strict=True)])),
    )


if __name__ == "__main__":
    main()
