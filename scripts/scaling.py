"""What an index costs as it grows: build time, disk, memory, query time and recall, as `build-index` would build it.

    python scripts/scaling.py [--sizes 100000 1000000] [--like index] [--memory 8GB] [--recall 0.95] [--folder /tmp]

Vectors are stand-ins with the structure of the embeddings of the index `--like` (see stand_ins.py), drawn in shards
into a file; without it, of a made-up structure. Queries are other works by the same artists. A size is built in one
process and asked in another, so that each one's memory is its own. 10 million need 25 GB of disk for the while.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import shutil
import statistics
import threading
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from stand_ins import Structure, draw, made_up, measure, shards

from painter_search.retrieval.filling import build_vectors, nearest_exactly
from painter_search.retrieval.manifest import VECTORS
from painter_search.retrieval.painting_index import CANDIDATES, PaintingIndex
from painter_search.retrieval.search_plan import SearchKind
from painter_search.retrieval.vectors import ROWS, VectorSearch

QUERIES = 500
REPEATS = 3


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="numbers of works")
    parser.add_argument("--like", type=Path, help="an index whose embeddings are imitated")
    parser.add_argument("--memory", default="8GB", help="as of build-index")
    parser.add_argument("--recall", type=float, default=0.95, help="as of build-index")
    parser.add_argument("--exact", action="store_true", help="as of build-index")
    parser.add_argument("--folder", type=Path, default=Path("scaling"), help="where to work; emptied afterwards")
    flags = parser.parse_args()
    structure = made_up()
    if flags.like:
        index = PaintingIndex.load(flags.like)
        structure = measure(index.vectors(index.artists[0]), index.artists[1])
    table = Table(title=f"Stand-ins of intrinsic dimension {structure.dimension:.0f}")
    columns = (
        "works", "search", "build, s", "peak, MB", "disk, MB", "open, ms", "p50, ms", "p99, ms",
        f"p50 of {CANDIDATES}, ms", "memory, MB", "of flat", "recall@10",
    )  # fmt: skip
    for column in columns:
        table.add_column(column, justify="right")
    for size in flags.sizes:
        folder = flags.folder / str(size)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            row = measured(folder, structure, size, flags.exact, flags.memory, flags.recall)
        finally:
            shutil.rmtree(folder)
        print(*row, sep="\t", flush=True)
        table.add_row(*row)
    Console(width=160).print(table)


def measured(folder: Path, structure: Structure, size: int, exact: bool, memory: str, recall: float) -> tuple[str, ...]:
    """One row."""
    stand_ins = np.lib.format.open_memmap(folder / "stand-ins.npy", "w+", np.float32, (size, len(structure.centres)))
    start = 0
    for shard in shards(structure, size):
        stand_ins[start : start + len(shard)] = shard
        start += len(shard)
    queries = draw(structure, QUERIES, max(20, size // 40), seed=10**6)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "nearest.npy", nearest_exactly(stand_ins, queries, 10) + 1)
    flat = stand_ins.nbytes
    del stand_ins
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        kind, seconds, peak = pool.apply(build, (folder, exact, memory, recall))
    with context.Pool(1) as pool:
        opened, p50, p99, wide, grown, found = pool.apply(ask, (folder, kind))
    disk = sum((folder / name).stat().st_size for name in (VECTORS, ROWS) if (folder / name).is_file())
    name = kind.name if kind.name == "exact" else f"{kind.codes}, {kind.probes} of {kind.cells:,} cells"
    return (
        f"{size:,}", name, f"{seconds:,.0f}", f"{peak / 1e6:,.0f}", f"{disk / 1e6:,.0f}", f"{1000 * opened:.1f}",
        f"{1000 * p50:.2f}", f"{1000 * p99:.2f}", f"{1000 * wide:.2f}", f"{grown / 1e6:,.0f}", f"{grown / flat:.2f}",
        f"{found:.3f}",
    )  # fmt: skip


def build(folder: Path, exact: bool, memory: str, recall: float) -> tuple[SearchKind, float, float]:
    """How the stand-ins in a folder are searched, seconds that took to build, and bytes of memory of its own."""
    vectors = np.load(folder / "stand-ins.npy", mmap_mode="r")
    began, most, done = time.perf_counter(), [own()], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            most[0] = max(most[0], own())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        kind = build_vectors(vectors, folder, exact, memory, recall)
    finally:
        done.set()
        watching.join()
    return kind, time.perf_counter() - began, most[0]


def ask(folder: Path, kind: SearchKind) -> tuple[float, float, float, float, float, float]:
    """Seconds to open, median and 99th percentile of a query, median of one for candidates; bytes grown; recall."""
    queries, nearest = np.load(folder / "queries.npy"), np.load(folder / "nearest.npy")
    before, began = resident(), time.perf_counter()
    search = VectorSearch(folder, kind)
    opened = time.perf_counter() - began
    found = [search.search(query[None], 10)[1][0] for query in queries]  # and what is touched is in memory
    seconds, wide = [], []
    for _ in range(REPEATS):
        for query in queries:
            began = time.perf_counter()
            search.search(query[None], 10)
            seconds.append(time.perf_counter() - began)
    for query in queries:
        began = time.perf_counter()
        search.search(query[None], CANDIDATES)
        wide.append(time.perf_counter() - began)
    recall = float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found, strict=True)]))
    p99 = float(np.percentile(seconds, 99))
    return opened, statistics.median(seconds), p99, statistics.median(wide), resident() - before, recall


def resident() -> float:
    """Memory of this process now, pages of mapped files included, in bytes."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return float(int(statm.read_text().split()[1]) * resource.getpagesize())
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1000)


def own() -> float:
    """Memory of this process now in bytes, without pages of mapped files, which the system may take back. Where it
    does not tell them apart, the most that there was with them."""
    status = Path("/proc/self/status")
    found = re.search(r"RssAnon:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return 1024.0 * int(found[1]) if found else float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1000)


if __name__ == "__main__":
    main()
