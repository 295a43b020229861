"""Opens the vector store that an index's manifest names. A new kind of store is entered in `STORES`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from painter_search.common.errors import UnreachableError
from painter_search.index.vector_store.base import SearchSettings, VectorStore
from painter_search.index.vector_store.faiss_store import FaissStore


def _open_milvus(folder: Path, settings: SearchSettings) -> VectorStore:
    from painter_search.index.vector_store.milvus import MilvusStore  # imports an optional package

    return MilvusStore(settings)


STORES: dict[str, Callable[[Path, SearchSettings], VectorStore]] = {
    "exact": FaissStore,
    "approximate": FaissStore,
    "milvus": _open_milvus,
}
"""What opens the vectors of the index in a folder, by `SearchSettings.name`."""


def open_vector_store(folder: Path, settings: SearchSettings) -> VectorStore:
    """Open the vectors of the index in `folder`; raises `PainterSearchError` if they are missing or damaged."""
    return STORES[settings.name](folder, settings)


@contextmanager
def discarded_on_failure(settings: SearchSettings) -> Iterator[None]:
    """If an index fails to be published, drop the collection with its vectors, which nothing would name."""
    try:
        yield
    except BaseException:
        if settings.collection:
            from painter_search.index.vector_store.milvus import request

            with suppress(UnreachableError):
                request(settings.uri, "drop_collection", settings.collection)
        raise
