"""The vectors of an index in FAISS: searched exactly, or approximately where there are many."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from painter_search.errors import UserError
from painter_search.retrieval.manifest import VECTORS
from painter_search.retrieval.search_plan import SearchKind
from painter_search.retrieval.vectors_file import read_vectors_file, write_vectors_file

Vectors = NDArray[np.float32]

EXACT_UP_TO = 50_000
"""Works that are searched exactly: that takes 15 ms on two cores, and nothing is gained by less."""
ROWS = "embeddings.f32"
"""Beside the FAISS file of an approximate search: the embeddings as they are, one after another, that of id 1 first.
Removed ones are zeros. They are read one by one from where they lie, never loaded."""
KINDS: dict[str, Any] = {
    "exact": faiss.IndexIDMap2,
    "flat": faiss.IndexIVFFlat,
    "sq8": faiss.IndexIVFScalarQuantizer,
    "pq": faiss.IndexIVFPQ,
}
"""What FAISS calls the ways of searching."""
SHORTLIST = 10
"""Of product-quantised codes this many times the works asked for are compared again by their embeddings."""


def add_vectors(folder: Path, target: Path, kind: SearchKind, vectors: Vectors, ids: NDArray[np.int64]) -> None:
    """Write an index's vectors with more, `[n, d]`, under new ascending ids to the folder `target`. The cells of an
    approximate search stay as they are."""
    index = read_vectors_file(folder / VECTORS)
    index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)
    write_vectors_file(index, target / VECTORS)
    if kind.name == "approximate":
        shutil.copyfile(folder / ROWS, target / ROWS)
        with (target / ROWS).open("r+b") as rows:
            for id, vector in zip(ids, np.ascontiguousarray(vectors, np.float32), strict=True):
                rows.seek((int(id) - 1) * vector.nbytes)
                rows.write(vector.tobytes())


def remove_vectors(folder: Path, target: Path, kind: SearchKind, ids: NDArray[np.int64]) -> None:
    """Write an index's vectors without those of these ids to the folder `target`."""
    index = read_vectors_file(folder / VECTORS)
    index.remove_ids(faiss.IDSelectorBatch(ids))
    write_vectors_file(index, target / VECTORS)
    if kind.name == "approximate":
        shutil.copyfile(folder / ROWS, target / ROWS)
        np.memmap(target / ROWS, np.float32, "r+").reshape(-1, index.d)[ids - 1] = 0


class VectorSearch:
    """Stored vectors, opened for asking."""

    def __init__(self, folder: Path, kind: SearchKind) -> None:
        """Open the vectors in an index's folder. An approximate search is mapped into memory: only what it touches is
        read."""
        self.kind = kind
        self._rows_path = folder / ROWS
        index = read_vectors_file(folder / VECTORS, mapped=kind.name == "approximate")
        expected = KINDS["exact" if kind.name == "exact" else kind.codes]
        if not isinstance(index, expected):
            raise UserError(f"{folder / VECTORS} is not searched as its manifest says; copy or build the index again.")
        self._index = index
        if kind.name == "approximate":
            self._index.nprobe = kind.probes

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of all vectors searched exactly, in rising order."""
        return np.sort(faiss.vector_to_array(self._index.id_map))

    def search(
        self, embeddings: Vectors, k: int, among: NDArray[np.int64] | None = None
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """The `k` nearest to each embedding `[n, d]`: distances and ids `[n, min(k, len(self))]`.

        With `among`, only vectors with these ids are looked at, and k is at most their number. An approximate search
        that finds fewer fills up with infinite distances and the id -1.
        """
        embeddings = np.ascontiguousarray(embeddings, np.float32)
        number = len(self) if among is None else len(among)
        k = min(k, number)
        parameters = None if among is None else self._only(among)
        # A library that has told FAISS to take tensors, too, has put away its own search, which takes parameters.
        search = getattr(self._index, "search_numpy", self._index.search)
        if self.kind.codes == "pq":
            _, shortlist = search(embeddings, min(SHORTLIST * k, number), params=parameters)
            return self._compare_again(embeddings, shortlist, k)
        with _alone(len(embeddings) == 1 and self.kind.name == "approximate"):
            squared, ids = search(embeddings, k, params=parameters)
        return np.sqrt(np.where(ids < 0, np.inf, np.maximum(squared, 0))).astype(np.float32), ids

    def _compare_again(
        self, embeddings: Vectors, shortlist: NDArray[np.int64], k: int
    ) -> tuple[Vectors, NDArray[np.int64]]:
        distances = np.full(shortlist.shape, np.inf, np.float32)
        for row, embedding in enumerate(embeddings):
            found = shortlist[row] >= 0
            distances[row, found] = np.linalg.norm(self.get(shortlist[row, found]) - embedding, axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(distances, order, axis=1), np.take_along_axis(shortlist, order, axis=1)

    def _only(self, ids: NDArray[np.int64]) -> Any:
        selector = faiss.IDSelectorBatch(ids)
        if self.kind.name == "exact":
            return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        # So few are searched exactly, as in an index of their own; of more, as many are looked at as without a filter.
        probes = self.kind.cells
        if len(ids) > EXACT_UP_TO:
            probes = min(probes, -(-self.kind.probes * len(self) // len(ids)))
        make: Any = faiss.SearchParametersIVF
        if self.kind.codes == "pq":
            make = faiss.IVFPQSearchParameters  # type: ignore[attr-defined]
        return make(sel=selector, nprobe=probes)

    def get(self, ids: NDArray[np.int64]) -> Vectors:
        """The stored vectors with these ids, as they were embedded: `[n, d]`."""
        if self.kind.name == "approximate":
            return read_rows(self._rows_path, ids, self._index.d)
        order = faiss.vector_to_array(self._index.id_map)
        ranks = np.argsort(order, kind="stable")
        # Into an array of ours: left to itself, FAISS answers in tensors once some library has told it to.
        stored = np.empty((len(self), self._index.d), np.float32)
        self._index.index.reconstruct_n(0, len(self), stored)
        return stored[ranks[np.searchsorted(order, ids, sorter=ranks)]]


@contextmanager
def _alone(lone: bool) -> Iterator[None]:
    """Search on this thread where there is one query to look up in cells: FAISS shares out queries, so that the other
    threads would only be waited for, on a busy machine tens of milliseconds."""
    threads = faiss.omp_get_max_threads()
    if lone:
        faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def read_rows(path: Path, ids: NDArray[np.int64], size: int) -> Vectors:
    """The embeddings of these ids from a file of them: `[n, size]`. They are read, not mapped, so that the memory of
    who asks again and again does not grow."""
    vectors = np.empty((len(ids), size), np.float32)
    with path.open("rb", buffering=0) as rows:
        for place, id in enumerate(ids):
            rows.seek((int(id) - 1) * size * 4)
            if rows.readinto(vectors[place].data) != size * 4:
                raise UserError(f"{path} lacks the work {id}; copy or build the index again.")
    return vectors
