"""What an index costs as it grows: build time, size, query time, memory and recall, exact and approximate.

    python scripts/scaling.py [--sizes 1000 10000 100000]

Vectors are stand-ins with the structure of real embeddings: artists are clusters of varied width, an artist's number
of works is heavy-tailed as in catalogues, and all lie in a 40-dimensional subspace of the 256 (about what was measured
on paintings). Each row runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from painter_search.retrieval import vectors as module
from painter_search.retrieval.vectors import VectorSearch, build_vectors

QUERIES = 200


def main() -> None:
    """Measure every size both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="numbers of works")
    table = Table(title="Vectors of 256 numbers, two threads")
    for column in ("works", "search", "build, s", "file, MB", "query p50, ms", "p99, ms", "memory, MB", "recall@10"):
        table.add_column(column, justify="right")
    context = multiprocessing.get_context("spawn")
    for size in parser.parse_args().sizes:
        for kind in ("exact", "approximate"):
            with context.Pool(1) as pool:
                table.add_row(f"{size:,}", kind, *pool.apply(measure, (size, kind)))
    Console().print(table)


def measure(count: int, kind: str) -> tuple[str, ...]:
    """One row."""
    vectors = stand_ins(count + QUERIES)
    stored, queries = vectors[:count], vectors[count:]
    module.EXACT_UP_TO = 0 if kind == "approximate" else count
    began = time.perf_counter()
    index, search_kind = build_vectors(stored, exact=kind == "exact")
    built = time.perf_counter() - began
    flat = faiss.IndexFlatL2(stored.shape[1])
    flat.add(stored)
    nearest = flat.search(queries, 10)[1] + 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vectors")
        faiss.write_index(index, str(path))
        del index, flat, vectors, stored
        before = resident()
        search = VectorSearch(path, search_kind)
        seconds, found = [], []
        for query in queries:
            began = time.perf_counter()
            found.append(search.search(query[None], 10)[1][0])
            seconds.append(time.perf_counter() - began)
        grown = resident() - before
        size = path.stat().st_size / 1e6
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(nearest, found, strict=True)])
    p50, p99 = statistics.median(seconds), float(np.percentile(seconds, 99))
    return (
        f"{built:.1f}", f"{size:,.0f}", f"{1000 * p50:.2f}", f"{1000 * p99:.2f}", f"{grown:,.0f}", f"{recall:.3f}",
    )  # fmt: skip


def stand_ins(count: int) -> NDArray[np.float32]:
    """Clustered vectors, float32 `[count, 256]`."""
    rng = np.random.default_rng(0)
    artists = max(20, count // 40)
    popularity = rng.pareto(1.2, artists) + 0.2
    owner = rng.choice(artists, count, p=popularity / popularity.sum())
    inside = rng.normal(size=(artists, 40))[owner] + rng.uniform(0.5, 1.2, artists)[owner, None] * rng.normal(
        size=(count, 40)
    )
    return (inside @ rng.normal(size=(40, 256)) / 16).astype(np.float32)


def resident() -> float:
    """Memory of this process now, in MB."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
