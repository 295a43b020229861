"""The vectors of an index in Milvus: a server, a cluster, or a local file (Milvus Lite).

Every version of an index has a collection of its own, never changed once it is filled, as every version has a folder of
its own. It is named in the manifest and bears the digest of its encoder.
"""

from __future__ import annotations

import logging
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
from painter_search.places import shown
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
"""Seconds to wait for a server to be there."""
ANSWERS_IN, LOADS_IN = 60.0, 600.0
"""Seconds after which a question, or the loading of a whole collection, is given up."""
TOKEN = "MILVUS_TOKEN"
"""The environment variable with a server's token or `user:password`; it is never written down."""


def reach(uri: str) -> None:
    """Raises `UserError` where there is no Milvus at `uri`, as `fill_milvus` would when the vectors are there."""
    _connect(settled(uri))


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
    """An address as a manifest keeps it: of a file its whole path. Raises `UserError` for what is no address, and for
    one with a password, which a manifest would give away."""
    if "://" in uri:
        if "@" in uri:
            raise UserError(f"--vectors-in {shown(uri)} is written down; put user:password into {TOKEN} instead.")
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
        if not self._ask("has_collection"):
            raise UserError(f"{kind.uri} has no collection {kind.collection}; put it back or build the index again.")
        about = self._ask("describe_collection")
        if (about.get("properties") or {}).get("made_by", kind.made_by) != kind.made_by:
            raise UserError(f"{kind.collection} in {kind.uri} is of another encoder; build the index again.")
        self.size = next(int(f["params"]["dim"]) for f in about["fields"] if f["name"] == "embedding")
        if self._ask("get_load_state")["state"].name != "Loaded":  # as in a local file that is opened anew
            self._ask("load_collection", timeout=LOADS_IN)

    def _ask(self, what: str, **options: Any) -> Any:
        return ask(self.kind.uri, what, self.kind.collection, **options)

    def __len__(self) -> int:
        return int(self._ask("get_collection_stats")["row_count"])

    def search(
        self, embeddings: Vectors, k: int, among: NDArray[np.int64] | None = None
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """As `VectorSearch.search`; no more than `NEAREST_AT_MOST` are found."""
        k = min(k, len(self) if among is None else len(among), NEAREST_AT_MOST)
        named = among is not None and len(among) <= NAMED_AT_MOST
        options: dict[str, Any] = {"filter": f"id in [{', '.join(map(str, among))}]"} if named else {}  # type: ignore[arg-type]
        wide = k if among is None or named else NEAREST_AT_MOST
        answers = self._ask(
            "search", data=list(np.asarray(embeddings, np.float32)), limit=wide, anns_field="embedding",
            output_fields=["id"], **options,
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
            wanted = [int(id) for id in ids[start : start + BATCH]]
            rows = self._ask("get", ids=wanted, output_fields=["id", "embedding"])
            held.update((row["id"], np.asarray(row["embedding"], np.float32)) for row in rows)
        missing = [int(id) for id in ids if int(id) not in held]
        if missing:
            raise UserError(f"{self.kind.collection} in {self.kind.uri} lacks the work {missing[0]}; build it again.")
        return np.stack([held[int(id)] for id in ids]) if len(ids) else np.empty((0, self.size), np.float32)


def _fill(
    blocks: Iterable[tuple[NDArray[np.int64], Vectors]], count: int, size: int, uri: str, made_by: str
) -> SearchKind:
    from pymilvus import DataType, MilvusClient

    name = f"painter_search_{uuid.uuid4().hex[:16]}"
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=size)
    way = MilvusClient.prepare_index_params()
    few = count <= storage.EXACT_UP_TO  # above, what Milvus thinks best
    way.add_index("embedding", index_type="FLAT" if few else "AUTOINDEX", metric_type="L2")
    # What was written is read at once; a local file knows nothing else.
    options: dict[str, Any] = {"consistency_level": "Strong"} if "://" in uri else {}
    ask(uri, "create_collection", name, schema=schema, index_params=way, properties={"made_by": made_by}, **options)
    try:
        for ids, vectors in track(blocks, "To Milvus", total=-(-count // BATCH)) if count > 20 * BATCH else blocks:
            rows = [{"id": int(id), "embedding": vector} for id, vector in zip(ids, vectors, strict=True)]
            ask(uri, "insert", name, data=rows)
        ask(uri, "flush", name, timeout=LOADS_IN)
        ask(uri, "load_collection", name, timeout=LOADS_IN)
    except BaseException:
        ask(uri, "drop_collection", name)
        raise
    return SearchKind("milvus", uri=uri, collection=name, made_by=made_by)


def ask(uri: str, what: str, *about: Any, timeout: float = ANSWERS_IN, **options: Any) -> Any:
    """What the Milvus at an address answers. Raises `UserError` where it does not."""
    client = _connect(uri)
    with _in_a_sentence(uri):
        return getattr(client, what)(*about, timeout=timeout, **options)


@cache
def _connect(uri: str) -> Any:
    try:
        from pymilvus import MilvusClient

        if "://" not in uri:
            import milvus_lite  # noqa: F401 (pymilvus would say in words of its own that it is missing)
    except ImportError:
        raise UserError('vectors in Milvus need its client: pip install "painter-search[milvus]".') from None
    for name in ("pymilvus", "milvus_lite"):  # they would print what is said in a sentence below
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with _in_a_sentence(uri):
        return MilvusClient(uri, token=os.environ.get(TOKEN, ""), timeout=PATIENCE)


@contextmanager
def _in_a_sentence(uri: str) -> Iterator[None]:
    """What Milvus complains of, as a `UserError`."""
    try:
        yield
    except Exception as error:  # its own errors, those of gRPC and of the system
        told = error.details() if hasattr(error, "details") else getattr(error, "message", "") or error
        reason = (str(told) or type(error).__name__).splitlines()[0][:200]
        remedy = f"see that it runs and lets you in ({TOKEN}), and try again"
        if "://" not in uri:
            remedy = "see that no other program has it open, and that its folder is there and may be written to"
        raise UserError(f"Milvus at {uri} cannot be used ({reason}); {remedy}.") from error
