"""The vectors of an index in Milvus: a server, a cluster, or a local file (Milvus Lite).

Every version of an index has a collection of its own, never changed once it is filled, as every version has a folder of
its own. It is named in the manifest and bears the digest of its encoder.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.errors import UserError
from painter_search.progress import track
from painter_search.retrieval import vectors as storage
from painter_search.retrieval.search_plan import SearchKind
from painter_search.retrieval.vectors import Vectors

BATCH = 1_000
"""Vectors sent or fetched at once: 1 MB."""
NEAREST_AT_MOST = 16_384
"""Milvus answers with no more neighbours."""
NAMED_AT_MOST = 10_000
"""Works that a filter names to Milvus. Of more, the nearest are asked for and those that are not meant left out."""
PATIENCE = 10.0
"""Seconds to wait for a server."""
TOKEN = "MILVUS_TOKEN"
"""The environment variable with a server's token or `user:password`; it is never written down."""


def fill_milvus(vectors: Vectors, ids: NDArray[np.int64], uri: str, made_by: str) -> SearchKind:
    """Put vectors `[n, d]` under their ids into a new collection at `uri`, and say how they are searched there.

    `uri` is the address of a server (`http://host:19530`) or a file that ends in `.db`; `made_by` the encoder's digest.
    """
    blocks = ((ids[start : start + BATCH], vectors[start : start + BATCH]) for start in range(0, len(ids), BATCH))
    return _fill(blocks, len(ids), vectors.shape[1], settled(uri), made_by)


def refill_milvus(
    kind: SearchKind, kept: NDArray[np.int64], vectors: Vectors | None, ids: NDArray[np.int64]
) -> SearchKind:
    """Copy the works `kept` into a new collection, with new vectors `[n, d]` under their ids where there are any."""
    source = MilvusSearch(kind)

    def blocks() -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        for start in range(0, len(kept), BATCH):
            yield kept[start : start + BATCH], source.get(kept[start : start + BATCH])
        if vectors is not None:
            yield ids, vectors

    count = len(kept) + (0 if vectors is None else len(ids))
    return _fill(blocks(), count, source.size, kind.uri, kind.made_by)


def settled(uri: str) -> str:
    """An address as a manifest keeps it: of a file its whole path. Raises `UserError` for what is no address."""
    if "://" in uri:
        return uri
    if not uri.endswith(".db"):
        raise UserError(f"--vectors-in {uri} is no address of Milvus; give http://host:19530 or a file ending in .db.")
    return str(Path(uri).resolve())


class MilvusSearch:
    """A collection in Milvus, opened for asking; it answers as `VectorSearch` does."""

    def __init__(self, kind: SearchKind) -> None:
        """Raises `UserError` where it cannot be reached, is gone, or is of another encoder."""
        self.kind = kind
        if "://" not in kind.uri and not Path(kind.uri).exists():
            raise UserError(f"{kind.uri}, which holds this index's vectors, is gone; put it back or build it again.")
        self._client = _connect(kind.uri)
        with _in_a_sentence(kind.uri):
            held = self._client.has_collection(kind.collection)
            about = self._client.describe_collection(kind.collection) if held else {}
        if not held:
            raise UserError(f"{kind.uri} has no collection {kind.collection}; put it back or build the index again.")
        if (about.get("properties") or {}).get("made_by", kind.made_by) != kind.made_by:
            raise UserError(f"{kind.collection} in {kind.uri} is of another encoder; build the index again.")
        self.size = next(int(f["params"]["dim"]) for f in about["fields"] if f["name"] == "embedding")

    def __len__(self) -> int:
        with _in_a_sentence(self.kind.uri):
            return int(self._client.get_collection_stats(self.kind.collection)["row_count"])

    def search(
        self, embeddings: Vectors, k: int, among: NDArray[np.int64] | None = None
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """As `VectorSearch.search`; no more than `NEAREST_AT_MOST` are found."""
        k = min(k, len(self) if among is None else len(among), NEAREST_AT_MOST)
        named = among is not None and len(among) <= NAMED_AT_MOST
        options: dict[str, Any] = {"filter": f"id in [{', '.join(map(str, among))}]"} if named else {}  # type: ignore[arg-type]
        wide = k if among is None or named else NEAREST_AT_MOST
        with _in_a_sentence(self.kind.uri):
            answers = self._client.search(
                self.kind.collection, data=list(np.asarray(embeddings, np.float32)), limit=wide,
                anns_field="embedding", output_fields=["id"], **options,
            )  # fmt: skip
        distances = np.full((len(embeddings), k), np.inf, np.float32)
        ids = np.full((len(embeddings), k), -1, np.int64)
        for row, answer in enumerate(answers):
            found = np.array([hit["id"] for hit in answer], np.int64)
            squared = np.array([hit["distance"] for hit in answer], np.float32)
            if among is not None and not named:
                meant = np.isin(found, among)
                found, squared = found[meant], squared[meant]
            found, squared = found[:k], squared[:k]
            ids[row, : len(found)], distances[row, : len(found)] = found, np.sqrt(np.maximum(squared, 0))
        return distances, ids

    def get(self, ids: NDArray[np.int64]) -> Vectors:
        """The stored vectors with these ids: `[n, d]`. Raises `UserError` where one is not there."""
        held: dict[int, Any] = {}
        for start in range(0, len(ids), BATCH):
            with _in_a_sentence(self.kind.uri):
                wanted = [int(id) for id in ids[start : start + BATCH]]
                rows = self._client.get(self.kind.collection, ids=wanted, output_fields=["id", "embedding"])
            held.update((row["id"], np.asarray(row["embedding"], np.float32)) for row in rows)
        missing = [int(id) for id in ids if int(id) not in held]
        if missing:
            raise UserError(f"{self.kind.collection} in {self.kind.uri} lacks the work {missing[0]}; build it again.")
        return np.stack([held[int(id)] for id in ids]) if len(ids) else np.empty((0, self.size), np.float32)


def _fill(
    blocks: Iterable[tuple[NDArray[np.int64], Vectors]], count: int, size: int, uri: str, made_by: str
) -> SearchKind:
    from pymilvus import DataType

    client, name = _connect(uri), f"painter_search_{uuid.uuid4().hex[:16]}"
    with _in_a_sentence(uri):
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=size)
        way = client.prepare_index_params()
        few = count <= storage.EXACT_UP_TO  # above, what Milvus thinks best
        way.add_index("embedding", index_type="FLAT" if few else "AUTOINDEX", metric_type="L2")
        # What was written is read at once; a local file knows nothing else.
        options = {"consistency_level": "Strong"} if "://" in uri else {}
        client.create_collection(name, schema=schema, index_params=way, properties={"made_by": made_by}, **options)
        try:
            for ids, vectors in track(blocks, "To Milvus", total=-(-count // BATCH)) if count > 20 * BATCH else blocks:
                rows = [{"id": int(id), "embedding": vector} for id, vector in zip(ids, vectors, strict=True)]
                client.insert(name, rows)
            client.flush(name)
            client.load_collection(name)
        except BaseException:
            client.drop_collection(name)
            raise
    return SearchKind("milvus", uri=uri, collection=name, made_by=made_by)


@cache
def _connect(uri: str) -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError:
        raise UserError('vectors in Milvus need its client: pip install "painter-search[milvus]".') from None
    with _in_a_sentence(uri):
        return MilvusClient(uri, token=os.environ.get(TOKEN, ""), timeout=PATIENCE)


@contextmanager
def _in_a_sentence(uri: str) -> Iterator[None]:
    """What Milvus complains of, as a `UserError`."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, OSError, ValueError) as error:
        reason = str(getattr(error, "message", error)).splitlines()[0][:200]
        raise UserError(f"Milvus at {uri} cannot be used ({reason}); see that it runs and try again.") from error
