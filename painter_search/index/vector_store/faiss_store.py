"""Embeddings in FAISS: searched exactly, or approximately in an inverted file if there are many."""

from __future__ import annotations

import os
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import cast

import faiss
import numpy as np

from painter_search.common.errors import DamagedFileError, UnknownWorkError
from painter_search.index.vector_store.base import EMBEDDINGS, EXACT_UP_TO, VECTORS, Ids, SearchSettings, Vectors
from painter_search.index.vector_store.faiss_file import read_faiss_file, write_faiss_file

INDEX_CLASSES: dict[str, type[faiss.Index]] = {
    "exact": faiss.IndexIDMap2,
    "flat": faiss.IndexIVFFlat,
    "sq8": faiss.IndexIVFScalarQuantizer,
    "pq": faiss.IndexIVFPQ,
}
"""FAISS's class for exact search and for each kind of codes."""
PARAMS: dict[str, Callable[..., faiss.SearchParameters]] = {
    "exact": faiss.SearchParameters,
    "flat": faiss.SearchParametersIVF,
    "sq8": faiss.SearchParametersIVF,
    "pq": faiss.IVFPQSearchParameters,  # type: ignore[attr-defined]  # missing in FAISS's stubs
}
"""The parameters of a search in each."""
STABLE = 10
"""A filtered search probes ever more cells until the nearest works, so many, stay the same."""
RERANK_FACTOR = 10
"""Of product-quantised codes, this many times `k` works are found first and re-ranked by their embeddings."""

if hasattr(os, "register_at_fork"):  # not on Windows
    # A forked process has none of the threads that FAISS began to search with, and would wait for them for ever.
    os.register_at_fork(after_in_child=partial(faiss.omp_set_num_threads, 1))


class FaissStore:
    """A `VectorStore` in the folder of an index."""

    def __init__(self, folder: Path, settings: SearchSettings) -> None:
        """Open the vectors of the index in `folder`. An approximate search is mapped into memory and reads what it
        probes.

        Args:
            folder: Folder of one version of an index.
            settings: How it searches, from its manifest.

        Raises:
            DamagedFileError: The file is damaged, or of another kind than the settings say.
        """
        self.settings = settings
        self._folder = folder
        self._approximate = settings.name == "approximate"
        self._index = read_faiss_file(folder / VECTORS, mapped=self._approximate)
        if not isinstance(self._index, INDEX_CLASSES[settings.codes if self._approximate else "exact"]):
            raise DamagedFileError(
                f"{folder / VECTORS} is not searched as its manifest says; copy or build the index again."
            )
        if isinstance(self._index, faiss.IndexIVF):
            self._index.nprobe = settings.nprobe
        self._rows = EmbeddingRows(folder / EMBEDDINGS, self.dim) if self._approximate else None
        self._filter: tuple[Ids, faiss.IDSelector] | None = None
        """The last filter, which many queries have in common."""

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        """Dimensions of an embedding."""
        return int(self._index.d)

    @property
    def ids(self) -> Ids | None:
        """All ids in ascending order; None if the search is approximate."""
        return np.sort(_id_map(self._index)) if isinstance(self._index, faiss.IndexIDMap2) else None

    def search(self, embeddings: Vectors, k: int, among: Ids | None = None) -> tuple[Vectors, Ids]:
        """The `k` nearest to each query; see `VectorStore.search`."""
        embeddings = np.ascontiguousarray(embeddings, np.float32)
        if among is None:
            return self._search(embeddings, min(k, len(self)), len(self), None)
        kept = self._filter
        if kept is None or kept[0] is not among:  # another thread may replace it meanwhile
            kept = self._filter = among, faiss.IDSelectorBatch(among)
        return self._search_among(embeddings, min(k, len(among)), len(among), kept[1])

    def _search_among(self, embeddings: Vectors, k: int, count: int, selector: faiss.IDSelector) -> tuple[Vectors, Ids]:
        """The `k` nearest of the `count` works that a filter leaves."""
        if not self._approximate:
            return self._search(embeddings, k, count, PARAMS["exact"](sel=selector))

        def probe(queries: Vectors, cells: int) -> tuple[Vectors, Ids]:
            return self._search(queries, k, count, PARAMS[self.settings.codes](sel=selector, nprobe=cells))

        nlist = self.settings.nlist
        if count <= EXACT_UP_TO:
            return probe(embeddings, nlist)
        # As many cells as have about as many of these works as an unfiltered search compares; but they may all lie
        # elsewhere than a query, so ever more are probed for it until that has changed nothing twice.
        cells = min(nlist, -(-self.settings.nprobe * len(self) // count))
        distances, ids = probe(embeddings, cells)
        unchanged = np.zeros(len(embeddings), np.int64)
        while cells < nlist and (unchanged < 2).any():
            cells = min(2 * cells, nlist)
            rows = np.flatnonzero(unchanged < 2)
            before = ids[rows]
            distances[rows], ids[rows] = probe(embeddings[rows], cells)
            same = (ids[rows, :STABLE] == before[:, :STABLE]).all(axis=1) & (ids[rows] >= 0).all(axis=1)
            unchanged[rows] = np.where(same, unchanged[rows] + 1, 0)
        return distances, ids

    def _search(
        self, embeddings: Vectors, k: int, count: int, params: faiss.SearchParameters | None
    ) -> tuple[Vectors, Ids]:
        """The `k` nearest of the `count` works that `params` leave."""
        # faiss.contrib.torch_utils, which pytorch-metric-learning imports, replaces `search` by one without `params`.
        search = getattr(self._index, "search_numpy", self._index.search)
        if self.settings.codes == "pq":
            _, shortlist = search(embeddings, min(RERANK_FACTOR * k, count), params=params)
            return self._rerank(embeddings, shortlist, k)
        with _single_threaded(len(embeddings) == 1 and self._approximate):
            squared, ids = search(embeddings, k, params=params)
        return np.sqrt(np.where(ids < 0, np.inf, np.maximum(squared, 0))).astype(np.float32), ids

    def _rerank(self, embeddings: Vectors, shortlist: Ids, k: int) -> tuple[Vectors, Ids]:
        distances = np.full(shortlist.shape, np.inf, np.float32)
        for row, embedding in enumerate(embeddings):
            found = shortlist[row] >= 0
            distances[row, found] = np.linalg.norm(self.get(shortlist[row, found]) - embedding, axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(distances, order, axis=1), np.take_along_axis(shortlist, order, axis=1)

    def get(self, ids: Ids) -> Vectors:
        """The embeddings of these ids, as they were computed: `[n, d]`."""
        if self._rows is not None:
            return self._rows.read(ids)
        stored_ids, order = self._sorted_ids
        places = order[np.minimum(np.searchsorted(stored_ids, ids, sorter=order), len(order) - 1)]
        unknown = np.asarray(ids)[stored_ids[places] != ids]
        if len(unknown):
            raise UnknownWorkError(f"the index has no work {unknown[0]}.")
        flat = cast(faiss.IndexFlat, faiss.downcast_index(cast(faiss.IndexIDMap2, self._index).index))
        vectors = faiss.rev_swig_ptr(flat.get_xb(), len(self) * self.dim)  # FAISS's own memory
        return np.asarray(vectors.reshape(-1, self.dim)[places])

    @cached_property
    def _sorted_ids(self) -> tuple[Ids, Ids]:
        """Of an exact index: the ids as they are stored, and the order that sorts them."""
        assert isinstance(self._index, faiss.IndexIDMap2)
        stored_ids = _id_map(self._index)
        return stored_ids, np.argsort(stored_ids, kind="stable")

    def write_with(self, folder: Path, vectors: Vectors, ids: Ids, stored_ids: Ids) -> SearchSettings:
        """Write the next version with more embeddings; see `VectorStore.write_with`. The cells stay as they are."""
        vectors = np.ascontiguousarray(vectors, np.float32)
        index = read_faiss_file(self._folder / VECTORS)
        index.add_with_ids(vectors, ids)
        write_faiss_file(index, folder / VECTORS)
        if self._approximate:
            shutil.copyfile(self._folder / EMBEDDINGS, folder / EMBEDDINGS)
            with (folder / EMBEDDINGS).open("r+b") as file:
                for id, vector in zip(ids, vectors, strict=True):
                    file.seek((int(id) - 1) * vector.nbytes)
                    file.write(vector.tobytes())
        return self.settings

    def write_without(self, folder: Path, ids: Ids, stored_ids: Ids) -> SearchSettings:
        """Write the next version without the embeddings of these ids; see `VectorStore.write_without`."""
        index = read_faiss_file(self._folder / VECTORS)
        index.remove_ids(faiss.IDSelectorBatch(ids))
        write_faiss_file(index, folder / VECTORS)
        if self._approximate:
            shutil.copyfile(self._folder / EMBEDDINGS, folder / EMBEDDINGS)
            np.memmap(folder / EMBEDDINGS, np.float32, "r+").reshape(-1, self.dim)[ids - 1] = 0
        return self.settings


def _id_map(index: faiss.IndexIDMap2) -> Ids:
    return np.asarray(faiss.vector_to_array(index.id_map), np.int64)


@contextmanager
def _single_threaded(single: bool) -> Iterator[None]:
    """Search on this thread alone if `single`: FAISS divides queries, not cells, among threads, so that those without
    a query would only be waited for, on a busy machine for tens of milliseconds."""
    threads = faiss.omp_get_max_threads()
    if single:
        faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


class EmbeddingRows:
    """The rows of an `EMBEDDINGS` file, which stays open, so that they can be read after its folder was removed.

    They are read, not mapped, so that the memory of a server does not grow with every query.
    """

    def __init__(self, path: Path, dim: int) -> None:
        self._path = path
        self._dim = dim
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, self._file)

    def read(self, ids: Ids) -> Vectors:
        """The embeddings of these ids: `[n, dim]`. Safe to use from several threads.

        Raises `DamagedFileError` if the file ends before one of them.
        """
        size = self._dim * 4
        vectors = np.empty((len(ids), self._dim), np.float32)
        for row, id in enumerate(ids):
            stored = self._read(size, (int(id) - 1) * size)
            if len(stored) != size:
                raise DamagedFileError(f"{self._path} lacks the work {id}; copy or build the index again.")
            vectors[row] = np.frombuffer(stored, np.float32)
        return vectors

    def _read(self, size: int, start: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, size, start)
        with self._lock:  # Windows
            os.lseek(self._file, start, os.SEEK_SET)
            return os.read(self._file, size)
