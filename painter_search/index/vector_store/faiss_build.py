"""Builds a FAISS index: trained on a sample, filled in shards, merged, and tuned to a recall."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import faiss
import numpy as np
from faiss.contrib.clustering import two_level_clustering
from faiss.contrib.exhaustive_search import knn_ground_truth

from painter_search.common.files.atomic_io import write_file
from painter_search.common.log import logger
from painter_search.common.progress import spinner, track
from painter_search.index.vector_store.base import EMBEDDINGS, VECTORS, Ids, SearchSettings, Vectors
from painter_search.index.vector_store.faiss_file import merge_faiss_files, read_inverted_file, write_faiss_file
from painter_search.index.vector_store.faiss_plan import SearchPlan, parse_memory, plan_search
from painter_search.index.vector_store.faiss_store import FaissStore

BLOCK = 50_000
"""Vectors added at once."""
SHARD_SIZE = 1_000_000
"""Vectors in a shard: an interrupted build loses at most the work on one."""
MANY_CELLS = 8_000
"""Cells from which training and adding are done in two levels. Centroids of clusters of clusters take seconds where
k-means would take an hour, and cost 2 % of the neighbours at equal nprobe. A vector that is added is compared with the
centroids of some groups only; a query is compared with all, which takes less than probing the chosen cells."""
GROUPS_PROBED = 16
"""Groups in which the nearest cell of a vector is searched: of 200 groups, these held it for 99 % of ten million
stand-ins."""
TRAINING_VECTORS_PER_CELL = 40
MIN_TRAINING_VECTORS = 10_000
MAX_QUANTIZER_VECTORS = 100_000
"""About the number of vectors that quantisers of codes are trained on, however large the sample for the cells."""
KMEANS_ITERATIONS = 10
"""More change little."""
KMEANS_SEED = 1234
RECALL_QUERIES = 500
"""Works whose neighbours are searched exactly, too, to measure recall."""
RECALL_MARGIN = 0.005
"""Added to the wanted recall when nprobe is chosen, so that it also holds for queries other than the sample's."""
_cluster_in_two_levels: Callable[..., tuple[Vectors, object]] = two_level_clustering  # which has no annotations
_search_blocks: Callable[..., tuple[Vectors, Ids]] = knn_ground_truth  # nor has this
UNFINISHED = ".filling-"
"""What the names of the files of an unfinished build begin with."""


def build_faiss(vectors: Vectors, folder: Path, exact: bool, memory: str, recall: float) -> SearchSettings:
    """Write a FAISS index of vectors under the ids 1 to n into `folder`.

    An interrupted call is continued by the next. An approximate index also gets an `EMBEDDINGS` file, unless the folder
    has one.

    Args:
        vectors: Embeddings `[n, d]`, perhaps mapped from a file: they are read in blocks.
        folder: Folder of the index being built.
        exact: Search exactly at any size.
        memory: Memory that the vectors may take in a search; see `plan_search`.
        recall: Recall@10 that an approximate search must reach.

    Returns:
        How the index searches.

    Raises:
        InvalidValueError: Not even the smallest codes fit into `memory`.
    """
    count, dim = vectors.shape
    plan = plan_search(count, dim, parse_memory(memory), exact)
    if plan.codes == "exact":
        plain = faiss.index_factory(dim, plan.factory_string(dim))
        plain.add_with_ids(np.ascontiguousarray(vectors), np.arange(1, count + 1))
        write_faiss_file(plain, folder / VECTORS)
        return SearchSettings("exact")
    if not (folder / EMBEDDINGS).is_file():
        write_file(folder / EMBEDDINGS, partial(_write_embeddings, vectors))
    trained = folder / f"{UNFINISHED}{plan.codes}-{plan.nlist}"
    if not trained.is_file():
        with spinner(f"Dividing {count:,} works into {plan.nlist:,} cells"):
            index = train(vectors, plan)
        write_file(trained, partial(write_faiss_file, index))
    shards = fill_shards(vectors, trained)
    merge_shards(trained, shards, folder / VECTORS)
    for path in folder.glob(f"{UNFINISHED}*"):
        path.unlink()
    nprobe, found = _choose_nprobe(vectors, folder, plan, recall)
    return SearchSettings("approximate", plan.nlist, nprobe, found, plan.codes)


def train(vectors: Vectors, plan: SearchPlan) -> faiss.IndexIVF:
    """An empty inverted file whose cells and codes are trained on a sample of the vectors `[n, d]`."""
    count, dim = vectors.shape
    rng = np.random.default_rng(0)
    sample_size = min(count, max(MIN_TRAINING_VECTORS, TRAINING_VECTORS_PER_CELL * plan.nlist))
    sample = _rows(vectors, np.sort(rng.choice(count, sample_size, replace=False)))
    if plan.nlist >= MANY_CELLS:
        with contextlib.redirect_stdout(io.StringIO()):
            centroids, _ = _cluster_in_two_levels(
                sample, int(plan.nlist**0.5), plan.nlist, clustering_niter=KMEANS_ITERATIONS
            )
    else:
        centroids = np.asarray(_kmeans(sample, plan.nlist).centroids, np.float32)
    index = cast("faiss.IndexIVF", faiss.index_factory(dim, plan.factory_string(dim)))
    if plan.codes == "sq8":
        # As in every index so far, and as files are checked. Residuals found 0.3 % more of the ten nearest.
        index.by_residual = False
    # `train` alone would run one k-means over all cells, where two levels take seconds. With the centroids given it
    # fits the codes only, on a sample that does not grow with the number of cells.
    index.quantizer.add(centroids)
    index.train(sample[:: max(1, len(sample) // MAX_QUANTIZER_VECTORS)])
    return index


def fill_shards(vectors: Vectors, trained: Path) -> list[Path]:
    """Write the vectors into shards of a trained index, each complete or absent; shards that exist stay."""
    starts = range(0, len(vectors), SHARD_SIZE)
    paths = [trained.with_name(f"{trained.name}-{number:05d}") for number in range(len(starts))]
    missing = [(path, start) for path, start in zip(paths, starts, strict=True) if not path.is_file()]
    for path, start in track(missing, "Filling") if len(missing) > 1 else missing:
        index = read_inverted_file(trained)
        cells = GroupedCells(index) if index.nlist >= MANY_CELLS else None
        for low in range(start, min(start + SHARD_SIZE, len(vectors)), BLOCK):
            high = min(low + BLOCK, start + SHARD_SIZE, len(vectors))
            block, ids = np.ascontiguousarray(vectors[low:high], np.float32), np.arange(low + 1, high + 1)
            if cells is None:
                index.add_with_ids(block, ids)
            else:
                nearest = cells.nearest(block)
                index.add_core(len(block), faiss.swig_ptr(block), faiss.swig_ptr(ids), faiss.swig_ptr(nearest))
        write_file(path, partial(write_faiss_file, index))
    return paths


class GroupedCells:
    """The centroids of an inverted file in sqrt(nlist) groups, so that the nearest of many is found quickly.

    FAISS would do the same with an HNSW graph or another inverted file as the quantiser; but that is stored with the
    index, also decides which cells a query probes, and is a kind of file of its own to check.
    """

    def __init__(self, index: faiss.IndexIVF) -> None:
        # Into an array of ours: with faiss.contrib.torch_utils imported, FAISS would return a tensor.
        self._centroids = np.empty((index.nlist, index.d), np.float32)
        index.quantizer.reconstruct_n(0, index.nlist, self._centroids)
        groups = _kmeans(self._centroids, int(index.nlist**0.5))
        self._group_index = groups.index
        group_of_cell = groups.index.search(self._centroids, 1)[1][:, 0]
        self._members = [np.flatnonzero(group_of_cell == group) for group in range(groups.k)]
        self._half_squares = np.square(self._centroids).sum(axis=1) / 2

    def nearest(self, vectors: Vectors) -> Ids:
        """The number of the nearest cell, among those in the nearest groups, of each vector `[n, d]`: int64 `[n]`."""
        probed = min(GROUPS_PROBED, len(self._members))
        near = self._group_index.search(vectors, probed)[1].ravel()
        order = np.argsort(near, kind="stable")
        rows_of_groups = np.split(order // probed, np.searchsorted(near[order], np.arange(1, len(self._members))))
        nearness = np.full(len(vectors), -np.inf, np.float32)
        cells = np.zeros(len(vectors), np.int64)
        for rows, members in zip(rows_of_groups, self._members, strict=True):
            if not len(rows) or not len(members):
                continue
            # Largest where the distance is smallest; with so few centroids a quarter of the time of `faiss.knn`.
            products = vectors[rows] @ self._centroids[members].T - self._half_squares[members]
            best = products.argmax(axis=1)
            found = np.take_along_axis(products, best[:, None], axis=1)[:, 0]
            nearer = found > nearness[rows]
            nearness[rows[nearer]] = found[nearer]
            cells[rows[nearer]] = members[best[nearer]]
        return cells


def merge_shards(trained: Path, shards: Sequence[Path], target: Path) -> None:
    """Merge shards of a trained index into the file `target`. Raises `DamagedFileError` for an incomplete one."""
    if len(shards) == 1:
        os.replace(shards[0], target)
        return
    write_file(target, partial(merge_faiss_files, trained, shards))


def exact_neighbours(vectors: Vectors, queries: Vectors, k: int) -> Ids:
    """The rows of the `k` nearest of vectors `[n, d]` to each query, read in blocks: int64 `[q, k]`."""
    return _search_blocks(np.ascontiguousarray(queries, np.float32), _blocks(vectors), k, ngpu=0)[1]


def _choose_nprobe(vectors: Vectors, folder: Path, plan: SearchPlan, recall: float) -> tuple[int, float]:
    """The smallest nprobe that reaches recall@10, and the recall that it reaches."""
    rng = np.random.default_rng(1)
    queries = _rows(vectors, np.sort(rng.choice(len(vectors), min(RECALL_QUERIES, len(vectors)), replace=False)))
    with spinner("Trying the search"):
        nearest = exact_neighbours(vectors, queries, 11)[:, 1:] + 1  # the first is the query itself
        nprobe, found = 1, 0.0
        while True:
            store = FaissStore(folder, SearchSettings("approximate", plan.nlist, nprobe, 0.0, plan.codes))
            before, ids = found, store.search(queries, 11)[1]
            hits = [len(set(a) & set(b)) for a, b in zip(nearest, ids, strict=True)]
            found = sum(hits) / nearest.size
            stuck = nprobe > plan.nlist // 16 and found - before < 0.0005
            if found >= min(recall + RECALL_MARGIN, 1.0) or nprobe >= plan.nlist or stuck:
                break
            nprobe = min(plan.nlist, nprobe + max(1, nprobe // 4))
    if found < recall:
        logger.info(f"The search finds {100 * found:.1f} % of the ten nearest and no more; give it more --memory.")
    return nprobe, found


def _kmeans(vectors: Vectors, k: int) -> faiss.Kmeans:
    """FAISS's k-means, always from the same start."""
    clusters = faiss.Kmeans(vectors.shape[1], k, niter=KMEANS_ITERATIONS, seed=KMEANS_SEED, min_points_per_centroid=1)
    clusters.train(vectors)
    return clusters


def _rows(vectors: Vectors, rows: Ids) -> Vectors:
    return np.ascontiguousarray(vectors[rows], np.float32)


def _write_embeddings(vectors: Vectors, path: Path) -> None:
    with path.open("wb") as file:
        for block in _blocks(vectors):
            file.write(block.tobytes())


def _blocks(vectors: Vectors) -> Iterator[Vectors]:
    return (np.ascontiguousarray(vectors[low : low + BLOCK], np.float32) for low in range(0, len(vectors), BLOCK))
