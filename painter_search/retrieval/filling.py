"""Vectors become a FAISS index: trained on a sample, filled in shards, merged, and tried out."""

from __future__ import annotations

import contextlib
import io
import os
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from faiss.contrib.clustering import two_level_clustering
from numpy.typing import NDArray

from painter_search.folders import write_file
from painter_search.progress import say, track, waiting
from painter_search.retrieval import vectors as storage
from painter_search.retrieval.manifest import VECTORS
from painter_search.retrieval.search_plan import SearchKind, SearchPlan, plan_search, read_bytes
from painter_search.retrieval.vectors import ROWS, Vectors, VectorSearch
from painter_search.retrieval.vectors_file import merge_vectors_files, read_vectors_file, write_vectors_file

MEMORY, RECALL = "8GB", 0.95
BLOCK = 50_000
"""Vectors added at once."""
SHARD = 1_000_000
"""Vectors a shard: what an interrupted filling loses at most."""
TWO_LEVELS_FROM = 8_000
"""Cells that are found in two levels (clusters of clusters), which takes seconds where k-means would take an hour, and
cost 2 % of the neighbours at equal probes."""
GROUPED_FROM = 8_000
"""Cells that are grouped while they are filled, so that a vector is compared with some of them only. A query is
compared with all, which takes less than looking into those it chooses."""
GROUPS = 16
"""Groups in which a vector's nearest cell is looked for: these of 200 held it for 99 % of ten million stand-ins."""
PER_CELL = 40
"""Vectors a cell is trained on."""
LEAST_SAMPLE = 10_000
"""Vectors, at least, that codes are fitted to."""
ROUNDS = 10
"""Rounds of k-means; more change little."""
TRIALS = 500
"""Works whose neighbours are looked for both ways to measure recall."""
MARGIN = 0.005
"""The recall wished for is exceeded by this on the trial, so that it also holds for other queries."""
UNFINISHED = ".filling-"
"""What the names of unfinished pieces begin with."""


def build_vectors(
    vectors: Vectors, folder: Path, exact: bool = False, memory: str = MEMORY, recall: float = RECALL
) -> SearchKind:
    """Write a FAISS index of vectors `[n, d]` under the ids 1 to n into `folder`, and say how it searches.

    `vectors` may be mapped from a file: they are read in blocks. Where the search is approximate and the folder has no
    file of the embeddings, it is written, too. What an interrupted call left is used. See `plan_search` for what is
    built and when `UserError` is raised.
    """
    count, size = vectors.shape
    plan = plan_search(count, size, read_bytes(memory), exact, storage.EXACT_UP_TO)
    if plan.codes == "exact":
        plain: Any = faiss.IndexIDMap2(faiss.IndexFlatL2(size))
        plain.add_with_ids(np.ascontiguousarray(vectors), np.arange(1, count + 1))
        write_vectors_file(plain, folder / VECTORS)
        return SearchKind("exact")
    if not (folder / ROWS).is_file():
        write_file(folder / ROWS, lambda beside: _write_rows(vectors, beside))
    trained = folder / f"{UNFINISHED}{plan.codes}-{plan.cells}"
    if not trained.is_file():
        with waiting(f"Dividing {count:,} works into {plan.cells:,} cells"):
            index = train(vectors, plan)
        write_file(trained, partial(write_vectors_file, index))
    shards = fill_shards(vectors, trained)
    merge_shards(trained, shards, folder / VECTORS)
    for path in folder.glob(f"{UNFINISHED}*"):
        path.unlink()
    probes, found = _settle_probes(vectors, folder, plan, recall)
    return SearchKind("approximate", plan.cells, probes, found, plan.codes)


def train(vectors: Vectors, plan: SearchPlan) -> Any:
    """An empty FAISS index with its cells and codes fitted to a sample of the vectors."""
    count, size = vectors.shape
    rng = np.random.default_rng(0)
    sample = _take(
        vectors, np.sort(rng.choice(count, min(count, max(LEAST_SAMPLE, PER_CELL * plan.cells)), replace=False))
    )
    if plan.cells >= TWO_LEVELS_FROM:
        with contextlib.redirect_stdout(io.StringIO()):
            centres, _ = two_level_clustering(sample, int(plan.cells**0.5), plan.cells, clustering_niter=ROUNDS)
    else:
        clusters = faiss.Kmeans(size, plan.cells, niter=ROUNDS, seed=1234, min_points_per_centroid=1)
        clusters.train(sample)
        centres = clusters.centroids
    coarse: Any = faiss.IndexFlatL2(size)
    coarse.add(centres)
    if plan.codes == "flat":
        index: Any = faiss.IndexIVFFlat(coarse, size, plan.cells)
    elif plan.codes == "sq8":
        bits = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexIVFScalarQuantizer(coarse, size, plan.cells, bits, faiss.METRIC_L2, False)
    else:
        index = faiss.IndexIVFPQ(coarse, size, plan.cells, size // 4, 8)
    coarse.this.disown()
    index.own_fields = True
    index.train(sample[:: max(1, len(sample) // 100_000)])
    return index


def fill_shards(vectors: Vectors, trained: Path) -> list[Path]:
    """Write the vectors into shards of a trained index, each whole or absent; those that are there stay."""
    starts = range(0, len(vectors), SHARD)
    paths = [trained.with_name(f"{trained.name}-{number:05d}") for number in range(len(starts))]
    missing = [(path, start) for path, start in zip(paths, starts, strict=True) if not path.is_file()]
    for path, start in track(missing, "Filling") if len(missing) > 1 else missing:
        index = read_vectors_file(trained)
        cells = _Cells(index) if index.nlist >= GROUPED_FROM else None
        for low in range(start, min(start + SHARD, len(vectors)), BLOCK):
            high = min(low + BLOCK, start + SHARD, len(vectors))
            block, ids = np.ascontiguousarray(vectors[low:high], np.float32), np.arange(low + 1, high + 1)
            nearest = index.quantizer.search(block, 1)[1].ravel() if cells is None else cells.nearest(block)
            index.add_core(len(block), faiss.swig_ptr(block), faiss.swig_ptr(ids), faiss.swig_ptr(nearest))
        write_file(path, partial(write_vectors_file, index))
    return paths


class _Cells:
    """The centres `[c, d]` of an index's cells in sqrt(c) groups, by way of which the nearest of many is found."""

    def __init__(self, index: Any) -> None:
        self._centres = index.quantizer.reconstruct_n(0, index.nlist)
        groups = faiss.Kmeans(index.d, int(index.nlist**0.5), niter=ROUNDS, seed=1234, min_points_per_centroid=1)
        groups.train(self._centres)
        self._groups = groups.index
        owners = groups.index.search(self._centres, 1)[1][:, 0]
        self._members = [np.flatnonzero(owners == group) for group in range(groups.k)]

    def nearest(self, vectors: Vectors) -> NDArray[np.int64]:
        """The number of the nearest cell in the nearest groups of each of vectors `[n, d]`: int64 `[n]`."""
        near = self._groups.search(vectors, min(GROUPS, len(self._members)))[1]
        least = np.full(len(vectors), np.inf, np.float32)
        found = np.zeros(len(vectors), np.int64)
        for group, members in enumerate(self._members):
            rows = np.flatnonzero((near == group).any(axis=1))
            if not len(rows) or not len(members):
                continue
            distances, places = faiss.knn(vectors[rows], self._centres[members], 1)
            nearer = distances[:, 0] < least[rows]
            least[rows[nearer]] = distances[nearer, 0]
            found[rows[nearer]] = members[places[nearer, 0]]
        return found


def merge_shards(trained: Path, shards: list[Path], target: Path) -> None:
    """Merge shards of a trained index into the file `target`, cell by cell: they are mapped, and no two cells are in
    memory at once. A shard that is not whole is named and ends it."""
    if len(shards) == 1:
        os.replace(shards[0], target)
        return
    write_file(target, partial(merge_vectors_files, trained, shards))


def nearest_exactly(vectors: Vectors, queries: Vectors, k: int) -> NDArray[np.int64]:
    """The places of the `k` nearest of vectors `[n, d]` to each query, read in blocks: int64 `[q, k]`."""
    heap = faiss.ResultHeap(len(queries), k)
    for start in range(0, len(vectors), BLOCK):
        block = np.ascontiguousarray(vectors[start : start + BLOCK], np.float32)
        distances, found = faiss.knn(queries, block, min(k, len(block)))
        heap.add_result(distances, found + start)
    heap.finalize()
    return np.asarray(heap.I)


def _settle_probes(vectors: Vectors, folder: Path, plan: SearchPlan, recall: float) -> tuple[int, float]:
    """As few probes as find the share `recall` of the ten nearest, and the share that they find."""
    drawn = np.sort(np.random.default_rng(1).choice(len(vectors), min(TRIALS, len(vectors)), replace=False))
    queries = _take(vectors, drawn)
    with waiting("Trying the search"):
        nearest = nearest_exactly(vectors, queries, 11)[:, 1:] + 1  # the first is the work itself, which says nothing
        probes, found = 1, 0.0
        while True:
            kind = SearchKind("approximate", plan.cells, probes, 0.0, plan.codes)
            before, ids = found, VectorSearch(folder, kind).search(queries, 11)[1]
            hits = [len(set(a) & set(b)) for a, b in zip(nearest, ids, strict=True)]
            found = sum(hits) / nearest.size
            stuck = probes > plan.cells // 16 and found - before < 0.0005
            if found >= min(recall + MARGIN, 1.0) or probes >= plan.cells or stuck:
                break
            probes = min(plan.cells, probes + max(1, probes // 4))
    if found < recall:
        say(f"The search finds {100 * found:.1f} % of the ten nearest and no more; give it more --memory.")
    return probes, found


def _take(vectors: Vectors, places: NDArray[np.int64]) -> Vectors:
    return np.ascontiguousarray(vectors[places], np.float32)


def _write_rows(vectors: Vectors, path: Path) -> None:
    with path.open("wb") as rows:
        for start in range(0, len(vectors), BLOCK):
            rows.write(np.ascontiguousarray(vectors[start : start + BLOCK], np.float32).tobytes())
