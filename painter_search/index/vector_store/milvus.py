"""Embeddings in Milvus: a server, a cluster, or a local file (Milvus Lite).

Every version of an index has a collection of its own, never changed once it is filled, as every version has a folder
of its own. The manifest names the collection, and the collection carries the digest of its encoder.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    MissingPackageError,
    NotFoundError,
    UnreachableError,
    first_line,
)
from painter_search.common.files.urls import expand_home, redact_url
from painter_search.common.progress import track
from painter_search.index.id_sets import is_among
from painter_search.index.vector_store.base import EXACT_UP_TO, Ids, SearchSettings, Vectors

if TYPE_CHECKING:
    from pymilvus import MilvusClient

BATCH = 1_000
"""Vectors sent or fetched at once: 1 MB."""
MAX_NEIGHBOURS = 16_384
"""Milvus returns no more."""
MAX_FILTER_IDS = 10_000
"""Ids that a filter sends to Milvus. With more, the nearest works are requested and
filtered here, and if that leaves too few, parts of the filter one after another."""
CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a server to accept a connection."""
REQUEST_TIMEOUT, LOAD_TIMEOUT = 60.0, 600.0
"""Seconds after which a request, or the loading of a whole collection, is given up."""
TOKEN = "MILVUS_TOKEN"
"""The environment variable with a server's token or `user:password`, which is never stored."""


def check_connection(uri: str) -> None:
    """Raises `PainterSearchError` if `fill_milvus` could not use the Milvus at `uri`."""
    _connect(resolve_uri(uri))


def fill_milvus(vectors: Vectors, ids: Ids, uri: str, made_by: str) -> SearchSettings:
    """Write embeddings into a new collection, which Milvus searches exactly up to `EXACT_UP_TO` of them.

    Args:
        vectors: Embeddings `[n, d]`.
        ids: Their ids `[n]`.
        uri: Address of a server (`http://host:19530`), or a file that ends in `.db`.
        made_by: Identifies what made them; see `SearchSettings`.

    Returns:
        How the collection is searched.
    """
    blocks = ((ids[start : start + BATCH], vectors[start : start + BATCH]) for start in range(0, len(ids), BATCH))
    return _fill(blocks, len(ids), vectors.shape[1], resolve_uri(uri), made_by)


def resolve_uri(uri: str) -> str:
    """An address as a manifest stores it: of a file, the absolute path.

    Raises `InvalidValueError` for anything else, and for an address with a password, which the manifest would reveal.
    """
    if "://" in uri:
        if "@" in uri:
            raise InvalidValueError(
                f"--vector-store {redact_url(uri)} is stored in the index; put user:password into {TOKEN} instead."
            )
        return uri
    if not uri.endswith(".db"):
        raise InvalidValueError(
            f"--vector-store {uri} is not an address of Milvus; give http://host:19530 or a file ending in .db."
        )
    return str(expand_home(uri).resolve())


class MilvusStore:
    """A `VectorStore` in a Milvus collection."""

    def __init__(self, settings: SearchSettings) -> None:
        """Open a collection.

        Raises:
            UnreachableError: Milvus cannot be used.
            NotFoundError: The local file or the collection does not exist.
            DamagedFileError: The collection was made by another encoder.
        """
        self.settings = settings
        if "://" not in settings.uri and not Path(settings.uri).exists():
            raise NotFoundError(
                f"{settings.uri}, which holds this index's vectors, is gone; put it back or build the index again."
            )
        if not self._request("has_collection"):
            raise NotFoundError(
                f"{settings.uri} has no collection {settings.collection}; put it back or build the index again."
            )
        description = self._request("describe_collection")
        if (description.get("properties") or {}).get("made_by", settings.made_by) != settings.made_by:
            raise DamagedFileError(
                f"{settings.collection} in {settings.uri} is of another encoder; build the index again."
            )
        self.dim = next(int(f["params"]["dim"]) for f in description["fields"] if f["name"] == "embedding")
        if self._request("get_load_state")["state"].name != "Loaded":  # a local file is not, when it is opened
            self._request("load_collection", timeout=LOAD_TIMEOUT)

    def _request(self, method: str, **options: Any) -> Any:
        return request(self.settings.uri, method, self.settings.collection, **options)

    def __len__(self) -> int:
        return int(self._request("get_collection_stats")["row_count"])

    @property
    def ids(self) -> Ids | None:
        """None: Milvus would have to send them all."""
        return None

    def search(self, embeddings: Vectors, k: int, among: Ids | None = None) -> tuple[Vectors, Ids]:
        """The `k` nearest to each query, at most `MAX_NEIGHBOURS`; see `VectorStore.search`."""
        if among is None:
            return self._search(embeddings, min(k, len(self), MAX_NEIGHBOURS))
        k = min(k, len(among), MAX_NEIGHBOURS)
        if len(among) > MAX_FILTER_IDS:  # most filters that leave so many leave enough of the nearest works
            distances, ids = self._search(embeddings, min(len(self), MAX_NEIGHBOURS))
            distances = np.where(is_among(ids, among), distances, np.float32(np.inf))
            distances, ids = _nearest(distances, ids, k)
            if np.isfinite(distances).all():
                return distances, ids
        parts = [
            self._search(embeddings, min(k, len(part)), f"id in [{', '.join(map(str, part))}]")
            for part in np.array_split(among, -(-len(among) // MAX_FILTER_IDS))
        ]
        distances, ids = (np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True))
        return _nearest(distances, ids, k)

    def _search(self, embeddings: Vectors, k: int, filter: str = "") -> tuple[Vectors, Ids]:
        """The `k` nearest to each query among the works that meet a filter in Milvus's language."""
        results = self._request(
            "search",
            data=list(np.asarray(embeddings, np.float32)),
            anns_field="embedding",
            output_fields=["id"],
            limit=k,
            filter=filter,
        )
        distances = np.full((len(embeddings), k), np.inf, np.float32)
        ids = np.full((len(embeddings), k), -1, np.int64)
        for row, hits in enumerate(results):
            ids[row, : len(hits)] = [hit["id"] for hit in hits]
            distances[row, : len(hits)] = np.sqrt(np.maximum([hit["distance"] for hit in hits], 0))
        return distances, ids

    def get(self, ids: Ids) -> Vectors:
        """The embeddings of these ids: `[n, d]`. Raises `DamagedFileError` if the collection lacks one."""
        stored: dict[int, Vectors] = {}
        for start in range(0, len(ids), BATCH):
            batch = [int(id) for id in ids[start : start + BATCH]]
            rows = self._request("get", ids=batch, output_fields=["id", "embedding"])
            stored.update((row["id"], np.asarray(row["embedding"], np.float32)) for row in rows)
        missing = [int(id) for id in ids if int(id) not in stored]
        if missing:
            raise DamagedFileError(
                f"{self.settings.collection} in {self.settings.uri} lacks the work {missing[0]}; build the index again."
            )
        return np.stack([stored[int(id)] for id in ids]) if len(ids) else np.empty((0, self.dim), np.float32)

    def write_with(self, folder: Path, vectors: Vectors, ids: Ids, stored_ids: Ids) -> SearchSettings:
        """Write a collection with more embeddings; see `VectorStore.write_with`."""
        return self._copy(stored_ids, [(ids, vectors)])

    def write_without(self, folder: Path, ids: Ids, stored_ids: Ids) -> SearchSettings:
        """Write a collection without the embeddings of these ids; see `VectorStore.write_without`."""
        return self._copy(np.setdiff1d(stored_ids, ids), [])

    def _copy(self, ids: Ids, more: list[tuple[Ids, Vectors]]) -> SearchSettings:
        """A new collection of these ids of this one, and of more blocks."""

        def blocks() -> Iterator[tuple[Ids, Vectors]]:
            for start in range(0, len(ids), BATCH):
                yield ids[start : start + BATCH], self.get(ids[start : start + BATCH])
            yield from more

        count = len(ids) + sum(len(new_ids) for new_ids, _ in more)
        return _fill(blocks(), count, self.dim, self.settings.uri, self.settings.made_by)


def _nearest(distances: Vectors, ids: Ids, k: int) -> tuple[Vectors, Ids]:
    """The `k` nearest of each row `[n, m]`; where there are fewer, the rest are infinite distances and the id -1."""
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    nearest = np.take_along_axis(distances, order, axis=1)
    return nearest, np.where(np.isfinite(nearest), np.take_along_axis(ids, order, axis=1), -1)


def _fill(blocks: Iterable[tuple[Ids, Vectors]], count: int, dim: int, uri: str, made_by: str) -> SearchSettings:
    from pymilvus import DataType, MilvusClient

    name = f"painter_search_{uuid.uuid4().hex[:16]}"
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
    index_params = MilvusClient.prepare_index_params()
    kind = "FLAT" if count <= EXACT_UP_TO else "AUTOINDEX"
    index_params.add_index("embedding", index_type=kind, metric_type="L2")
    # A search must find what was written just before; a local file always does, and knows no levels.
    options: dict[str, Any] = {"consistency_level": "Strong"} if "://" in uri else {}
    properties = {"made_by": made_by}
    request(uri, "create_collection", name, schema=schema, index_params=index_params, properties=properties, **options)
    try:
        for ids, vectors in track(blocks, "To Milvus", total=-(-count // BATCH)) if count > 20 * BATCH else blocks:
            rows = [{"id": int(id), "embedding": vector} for id, vector in zip(ids, vectors, strict=True)]
            request(uri, "insert", name, data=rows)
        request(uri, "flush", name, timeout=LOAD_TIMEOUT)
        request(uri, "load_collection", name, timeout=LOAD_TIMEOUT)
    except BaseException:
        request(uri, "drop_collection", name)
        raise
    return SearchSettings("milvus", uri=uri, collection=name, made_by=made_by)


def request(uri: str, method: str, collection: str, timeout: float = REQUEST_TIMEOUT, **options: Any) -> Any:
    """What a method of `MilvusClient` returns for a collection. Raises `UnreachableError` if it fails."""
    client = _connect(uri)
    with _translate_errors(uri):
        return getattr(client, method)(collection, timeout=timeout, **options)


@cache
def _connect(uri: str) -> MilvusClient:
    try:
        from pymilvus import MilvusClient

        if "://" not in uri:
            import milvus_lite  # noqa: F401 (a missing package is reported here, with its remedy)
    except ImportError:
        raise MissingPackageError('vectors in Milvus need its client: pip install "painter-search[milvus]".') from None
    for name in ("pymilvus", "milvus_lite"):  # they would also log what `_translate_errors` says
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with _translate_errors(uri):
        return MilvusClient(uri, token=os.environ.get(TOKEN, ""), timeout=CONNECT_TIMEOUT)


@contextmanager
def _translate_errors(uri: str) -> Iterator[None]:
    """Raise errors of Milvus, gRPC and the system as an `UnreachableError`."""
    try:
        yield
    except Exception as error:
        text = error.details() if hasattr(error, "details") else getattr(error, "message", "") or error
        reason = first_line(text or error)
        remedy = f"check that it runs and accepts {TOKEN}, and try again"
        if "://" not in uri:
            remedy = "check that no other program has it open and that its folder exists and is writable"
        raise UnreachableError(f"Milvus at {uri} cannot be used ({reason}); {remedy}.") from error
