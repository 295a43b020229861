"""The vectors of an index in FAISS: searched exactly, or approximately where there are many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from painter_search.errors import UserError
from painter_search.retrieval.vectors_file import read_vectors_file, write_vectors_file

Vectors = NDArray[np.float32]

EXACT_UP_TO = 50_000
"""Works that are searched exactly: that takes 15 ms on two cores, and nothing is gained by less."""
RECALL = 0.97
"""Share of the ten nearest works that an approximate search must find on a trial: the 95 % promised, and a margin."""
TRIALS = 500
"""Works whose neighbours are looked for both ways to measure that."""


@dataclass(frozen=True)
class SearchKind:
    """How an index searches; kept in its manifest."""

    name: str
    """`exact` or `approximate`."""
    cells: int = 0
    """Cells that the vectors are divided into (an inverted file, Jegou et al., 2011); 0 where exact."""
    probes: int = 0
    """Cells that a search looks into."""
    recall_at_10: float = 1.0
    """Share of the ten nearest works that were found on a trial."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what no index says of itself."""
        numbers = isinstance(self.cells, int) and isinstance(self.probes, int)
        approximate = numbers and 1 <= self.probes <= self.cells and isinstance(self.recall_at_10, int | float)
        if self.name != "exact" and not (self.name == "approximate" and approximate):
            raise ValueError(f"there is no search {self}")


def build_vectors(vectors: Vectors, exact: bool) -> tuple[Any, SearchKind]:
    """A FAISS index of vectors `[n, d]` under the ids 1 to n, and how it searches."""
    count, size = vectors.shape
    ids = np.arange(1, count + 1)
    if exact or count <= EXACT_UP_TO:
        plain: Any = faiss.IndexIDMap2(faiss.IndexFlatL2(size))
        plain.add_with_ids(vectors, ids)
        return plain, SearchKind("exact")
    cells = int(4 * np.sqrt(count))
    index: Any = faiss.IndexIVFFlat(faiss.IndexFlatL2(size), size, cells, faiss.METRIC_L2)
    rng = np.random.default_rng(0)
    index.train(vectors[np.sort(rng.choice(count, min(count, 64 * cells), replace=False))])
    index.add_with_ids(vectors, ids)
    trial = vectors[np.sort(rng.choice(count, TRIALS, replace=False))]
    flat = faiss.IndexFlatL2(size)
    flat.add(vectors)
    _, nearest = flat.search(trial, 11)
    probes, recall = 1, 0.0
    while recall < RECALL and probes < cells:
        probes *= 2
        index.nprobe = min(probes, cells)
        _, found = index.search(trial, 11)
        # The first neighbour is the work itself, which says nothing.
        hits = [len(set(a[1:] + 1) & set(b[1:])) for a, b in zip(nearest, found, strict=True)]
        recall = sum(hits) / (10 * TRIALS)
    return index, SearchKind("approximate", cells, int(index.nprobe), recall)


def add_vectors(path: Path, target: Path, vectors: Vectors, ids: NDArray[np.int64]) -> None:
    """Write the stored vectors with more, `[n, d]`, under new ids to `target`. The cells of an approximate search stay
    as they are."""
    index = read_vectors_file(path)
    index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)
    write_vectors_file(index, target)


def remove_vectors(path: Path, target: Path, ids: NDArray[np.int64]) -> None:
    """Write the stored vectors without those of these ids to `target`."""
    index = read_vectors_file(path)
    index.remove_ids(faiss.IDSelectorBatch(ids))
    write_vectors_file(index, target)


class VectorSearch:
    """Stored vectors, opened for asking."""

    def __init__(self, path: Path, kind: SearchKind) -> None:
        self.kind = kind
        self._index = read_vectors_file(path)
        if isinstance(self._index, faiss.IndexIDMap2) != (kind.name == "exact"):
            raise UserError(f"{path} is not searched as its manifest says; copy or build the index again.")
        if kind.name == "approximate":
            self._index.nprobe = kind.probes
            self._index.set_direct_map_type(2)  # a hash table: DirectMap::Hashtable in FAISS

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of all vectors, in rising order."""
        if self.kind.name == "exact":
            return np.sort(faiss.vector_to_array(self._index.id_map))
        lists = self._index.invlists
        sizes = [lists.list_size(cell) for cell in range(lists.nlist)]
        return np.sort(
            np.concatenate(
                [faiss.rev_swig_ptr(lists.get_ids(cell), size) for cell, size in enumerate(sizes) if size]
                or [np.empty(0, np.int64)]
            )
        )

    def search(
        self, embeddings: Vectors, k: int, among: NDArray[np.int64] | None = None
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """The `k` nearest to each embedding `[n, d]`: distances and ids `[n, min(k, len(self))]`.

        With `among`, only vectors with these ids are looked at, and k is at most their number. An approximate search
        that finds fewer fills up with infinite distances and the id -1.
        """
        k = min(k, len(self) if among is None else len(among))
        parameters = None if among is None else self._only(among)
        # A library that has told FAISS to take tensors, too, has put away its own search, which takes parameters.
        search = getattr(self._index, "search_numpy", self._index.search)
        squared, ids = search(np.ascontiguousarray(embeddings, np.float32), k, params=parameters)
        return np.sqrt(np.where(ids < 0, np.inf, np.maximum(squared, 0))).astype(np.float32), ids

    def _only(self, ids: NDArray[np.int64]) -> Any:
        selector = faiss.IDSelectorBatch(ids)
        if self.kind.name == "exact":
            return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        # So few are searched exactly, as in an index of their own; of more, as many are looked at as without a filter.
        probes = self.kind.cells
        if len(ids) > EXACT_UP_TO:
            probes = min(probes, -(-self.kind.probes * len(self) // len(ids)))
        return faiss.SearchParametersIVF(sel=selector, nprobe=probes)  # type: ignore[call-arg]

    def get(self, ids: NDArray[np.int64]) -> Vectors:
        """The stored vectors with these ids: `[n, d]`."""
        if self.kind.name == "approximate":
            return np.stack([np.asarray(self._index.reconstruct(int(id)), np.float32) for id in ids])
        order = faiss.vector_to_array(self._index.id_map)
        ranks = np.argsort(order, kind="stable")
        # Into an array of ours: left to itself, FAISS answers in tensors once some library has told it to.
        stored = np.empty((len(self), self._index.d), np.float32)
        self._index.index.reconstruct_n(0, len(self), stored)
        return stored[ranks[np.searchsorted(order, ids, sorter=ranks)]]
