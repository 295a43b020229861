"""Nearest neighbours among stand-ins for embeddings: time to build, memory, time and recall of a query.

Each contestant is set to about the memory that ours takes, a quarter of the vectors as float32, where it can be. Where
its search has a setting, the least that reaches 0.95 of the 10 nearest for 100 queries is taken; 500 others are
measured.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from benchmark.memory import resident_memory
from numpy.typing import NDArray

from peers.contestant import Contestant, Figures

STEPS = ("build", "search")
CONTESTANTS = (
    Contestant("ours", "ours"),
    Contestant("FAISS, IVF + SQ8", "faiss_ivf_sq8"),
    Contestant("FAISS, IVF + PQ128", "faiss_ivf_pq"),
    Contestant("FAISS, HNSW + SQ8", "faiss_hnsw"),
    Contestant("autofaiss", "autofaiss", ("fire", "embedding-reader"), ("autofaiss",)),
    Contestant("usearch, int8", "usearch", ("usearch",)),
    Contestant("hnswlib", "hnswlib", ("hnswlib",)),
)
WORKS = (500_000, 1_000_000)
TUNED, QUERIES = 100, 500
RECALL = 0.95
SETTINGS = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]
Search = Callable[[NDArray[np.float32], int], NDArray[np.int64]]
"""One query `[256]` and a setting of the search to the 10 nearest rows."""


def cases(scale: float) -> list[str]:
    """The numbers of works."""
    return [str(int(works * scale)) for works in WORKS]


def prepare(case: str, folder: Path) -> None:
    """Draw works and queries, and find the queries' true neighbours."""
    from benchmark.synthetic_embeddings import default_structure, draw, draw_shards, number_of_artists

    from painter_search.index.vector_store.faiss_build import exact_neighbours

    works, structure = int(case), default_structure()
    vectors = np.concatenate(list(draw_shards(structure, works)))
    queries = draw(structure, TUNED + QUERIES, number_of_artists(works), seed=10**6)
    np.save(folder / "vectors.npy", vectors)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "nearest.npy", exact_neighbours(vectors, queries, 10))


def build(function: str, folder: Path) -> Figures:
    """Build the index."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    home = folder / function
    shutil.rmtree(home, ignore_errors=True)  # of the round before
    home.mkdir()
    builder = BUILDERS[function]
    start, busy = time.perf_counter(), time.process_time()
    builder(vectors, home)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    return {"build, s": seconds, "… of processors, s": busy, "disk, MB": disk / 1e6}


def search(function: str, folder: Path) -> Figures:
    """Search it, one query at a time."""
    queries, nearest = np.load(folder / "queries.npy"), np.load(folder / "nearest.npy")
    before = resident_memory()
    find, settings = OPENERS[function](folder / function)
    setting = next(
        (setting for setting in settings if _recall(find, setting, queries[:TUNED], nearest) >= RECALL), settings[-1]
    )
    found, seconds = [], []
    for query in queries[TUNED:]:
        start = time.perf_counter()
        found.append(find(query, setting))
        seconds.append(time.perf_counter() - start)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, nearest[TUNED:], strict=True)])
    return {
        "memory, MB": (resident_memory() - before) / 1e6,
        "p50, ms": 1000 * float(np.median(seconds)),
        "p99, ms": 1000 * float(np.percentile(seconds, 99)),
        "recall@10": float(recall),
        "setting": setting,
    }


def _recall(find: Search, setting: int, queries: NDArray[np.float32], nearest: NDArray[np.int64]) -> float:
    pairs = zip(queries, nearest, strict=False)
    return float(np.mean([len(set(find(query, setting)) & set(true)) / 10 for query, true in pairs]))


def _build_ours(vectors: NDArray[np.float32], home: Path) -> None:
    from painter_search.common.files.stored import to_stored
    from painter_search.index.vector_store.faiss_build import build_faiss

    how = build_faiss(vectors, home, False, "8GB", RECALL)
    (home / "search.json").write_text(json.dumps(to_stored(how)))


def _open_ours(home: Path) -> tuple[Search, list[int]]:
    from painter_search.common.files.stored import from_stored
    from painter_search.index.vector_store.base import SearchSettings
    from painter_search.index.vector_store.faiss_store import FaissStore

    store = FaissStore(home, from_stored(SearchSettings, json.loads((home / "search.json").read_text())))
    return lambda query, _: store.search(query[None], 10)[1][0] - 1, [0]  # it chose its setting when it was built


def _build_faiss(factory: str) -> Callable[[NDArray[np.float32], Path], None]:
    def build_index(vectors: NDArray[np.float32], home: Path) -> None:
        import faiss

        cells = 2 ** round(np.log2(4 * len(vectors) ** 0.5))
        index = faiss.index_factory(vectors.shape[1], factory.format(cells=cells))
        index.train(np.array(vectors[:: max(1, len(vectors) // (64 * cells))]))
        for start in range(0, len(vectors), 100_000):
            index.add(np.array(vectors[start : start + 100_000]))
        faiss.write_index(index, str(home / "index"))

    return build_index


def _open_faiss(home: Path) -> tuple[Search, list[int]]:
    import faiss

    index = faiss.read_index(str(next(home.glob("*index"))))
    name = "efSearch" if isinstance(index, faiss.IndexHNSW) else "nprobe"
    space = faiss.ParameterSpace()

    def find(query: NDArray[np.float32], setting: int) -> NDArray[np.int64]:
        space.set_index_parameter(index, name, setting)
        return index.search(query[None], 10)[1][0]

    return find, [setting for setting in SETTINGS if setting >= 10] if name == "efSearch" else SETTINGS


def _build_autofaiss(vectors: NDArray[np.float32], home: Path) -> None:
    from autofaiss import build_index

    memory = vectors.nbytes * 0.27
    build_index(
        np.array(vectors),
        index_path=str(home / "autofaiss.index"),
        index_infos_path=str(home / "infos.json"),
        metric_type="l2",
        max_index_memory_usage=f"{memory / 1e6:.0f}MB",
        max_index_query_time_ms=10,
        verbose=50,
    )


def _open_autofaiss(home: Path) -> tuple[Search, list[int]]:
    import faiss

    index = faiss.read_index(str(home / "autofaiss.index"))
    chosen = json.loads((home / "infos.json").read_text())["index_param"]
    faiss.ParameterSpace().set_index_parameters(index, chosen)
    return lambda query, _: index.search(query[None], 10)[1][0], [0]  # it chose its settings when it was built


def _build_usearch(vectors: NDArray[np.float32], home: Path) -> None:
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="l2sq", dtype="i8")
    index.add(np.arange(len(vectors)), _whole_numbers(np.array(vectors)))
    index.save(str(home / "index.usearch"))


def _open_usearch(home: Path) -> tuple[Search, list[int]]:
    from usearch.index import Index

    index = Index.restore(str(home / "index.usearch"))

    def find(query: NDArray[np.float32], setting: int) -> NDArray[np.int64]:
        index.expansion_search = setting
        return np.asarray(index.search(_whole_numbers(query), 10).keys, np.int64)

    return find, [setting for setting in SETTINGS if setting >= 16]


def _whole_numbers(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Vectors as int8; the stand-ins' numbers lie between -8 and 8."""
    return np.clip(vectors * 16, -127, 127).round().astype(np.int8)


def _build_hnswlib(vectors: NDArray[np.float32], home: Path) -> None:
    import hnswlib

    index = hnswlib.Index(space="l2", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), ef_construction=100, M=16)
    index.add_items(np.array(vectors))
    index.save_index(str(home / "index.bin"))


def _open_hnswlib(home: Path) -> tuple[Search, list[int]]:
    import hnswlib

    index = hnswlib.Index(space="l2", dim=256)
    index.load_index(str(home / "index.bin"))

    def find(query: NDArray[np.float32], setting: int) -> NDArray[np.int64]:
        index.set_ef(setting)
        return np.asarray(index.knn_query(query[None], 10, num_threads=1)[0][0], np.int64)

    return find, [setting for setting in SETTINGS if setting >= 10]


BUILDERS = {
    "ours": _build_ours,
    "faiss_ivf_sq8": _build_faiss("IVF{cells},SQ8"),
    "faiss_ivf_pq": _build_faiss("IVF{cells},PQ128x8"),
    "faiss_hnsw": _build_faiss("HNSW16,SQ8"),
    "autofaiss": _build_autofaiss,
    "usearch": _build_usearch,
    "hnswlib": _build_hnswlib,
}
OPENERS = {
    "ours": _open_ours,
    "faiss_ivf_sq8": _open_faiss,
    "faiss_ivf_pq": _open_faiss,
    "faiss_hnsw": _open_faiss,
    "autofaiss": _open_autofaiss,
    "usearch": _open_usearch,
    "hnswlib": _open_hnswlib,
}
