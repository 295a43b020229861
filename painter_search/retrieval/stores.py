"""Where the vectors of an index are: in its folder (FAISS) or in Milvus. Both answer alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.retrieval.search_plan import SearchKind
from painter_search.retrieval.vectors import Vectors, VectorSearch, add_vectors, remove_vectors
from painter_search.retrieval.works import Works


def open_vectors(folder: Path, kind: SearchKind) -> VectorSearch:
    """The vectors of the index in `folder`, opened for asking."""
    if kind.name != "milvus":
        return VectorSearch(folder, kind)
    from painter_search.retrieval.milvus import MilvusSearch

    return MilvusSearch(kind)  # type: ignore[return-value]


def with_more(
    folder: Path, target: Path, kind: SearchKind, works: Works, vectors: Vectors, ids: NDArray[np.int64]
) -> SearchKind:
    """Write the vectors of the index in `folder` with more, `[n, d]`, for the version in `target`."""
    if kind.name != "milvus":
        add_vectors(folder, target, kind, vectors, ids)
        return kind
    from painter_search.retrieval.milvus import refill_milvus

    return refill_milvus(kind, works.artists()[0], vectors, ids)


def without_some(folder: Path, target: Path, kind: SearchKind, works: Works, ids: NDArray[np.int64]) -> SearchKind:
    """Write the vectors of the index in `folder` without those of these ids, for the version in `target`."""
    if kind.name != "milvus":
        remove_vectors(folder, target, kind, ids)
        return kind
    from painter_search.retrieval.milvus import refill_milvus

    return refill_milvus(kind, np.setdiff1d(works.artists()[0], ids), None, ids)
