"""What every vector store offers, and the settings of a search as an index's manifest keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:  # `--help` needs the settings without NumPy
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
Ids: TypeAlias = "NDArray[np.int64]"

VECTORS = "vectors.faiss"
"""The FAISS file in an index's folder."""
EMBEDDINGS = "embeddings.f32"
"""Beside the FAISS file of an approximate search: the embeddings themselves, float32, one after another, that of id 1
first. Those of removed works are zeros. Rows are read one by one, the file is never loaded."""
EXACT_UP_TO = 50_000
"""Works up to which search is exact: that takes 15 ms on two cores, and fewer comparisons would gain nothing."""
CODE_BYTES = {"flat": 4.0, "sq8": 1.0, "pq": 0.25}
"""Bytes per dimension of an embedding: float32, 8 bits, and 8 bits for every four dimensions."""


@dataclass(frozen=True)
class SearchSettings:
    """How an index searches; stored in its manifest."""

    name: str
    """`exact`, `approximate` or `milvus`."""
    nlist: int = field(default=0, metadata={"stored": "cells"})
    """Cells that the vectors are divided into (an inverted file, Jegou et al., 2011); 0 if exact."""
    nprobe: int = field(default=0, metadata={"stored": "probes"})
    """Cells that a search looks into."""
    recall_at_10: float = 1.0
    """Share of the ten nearest works that a search found when the index was built."""
    codes: str = "flat"
    """What a search compares: `flat` (float32), `sq8` (8 bits a dimension) or `pq` (product quantisation, Jegou et al.,
    2011)."""
    uri: str = ""
    """Address of Milvus, if the vectors are there."""
    collection: str = ""
    """Name of the collection in Milvus."""
    made_by: str = ""
    """Identifies what made the vectors, the encoder's digest or that of given embeddings; the Milvus collection carries
    it, too."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for settings that no index can have."""
        counts = isinstance(self.nlist, int) and isinstance(self.nprobe, int)
        numbers = counts and isinstance(self.recall_at_10, int | float)
        texts = all(isinstance(text, str) for text in (self.uri, self.collection, self.made_by))
        valid = {
            "exact": True,
            "approximate": numbers and 1 <= self.nprobe <= self.nlist and self.codes in CODE_BYTES,
            "milvus": bool(texts and self.uri and self.collection),
        }
        if not texts or not valid.get(self.name):
            raise ValueError(f"there is no search {self}")


class VectorStore(Protocol):
    """The embeddings of one version of an index under the ids of its works. Distances are Euclidean.

    A store is never changed once it is written: a change of the index writes the store of the next version.
    """

    @property
    def settings(self) -> SearchSettings:
        """How this store searches."""

    @property
    def dim(self) -> int:
        """Dimensions of an embedding."""

    @property
    def ids(self) -> Ids | None:
        """All ids in ascending order; None if the store cannot list them quickly."""

    def __len__(self) -> int:
        """How many embeddings there are."""

    def search(self, embeddings: Vectors, k: int, among: Ids | None = None) -> tuple[Vectors, Ids]:
        """Find the `k` nearest to each query.

        Args:
            embeddings: Queries, `[n, d]`.
            k: Neighbours per query.
            among: Search these ids alone, given in ascending order; None searches all.

        Returns:
            Distances and ids `[n, k]`, nearest first; k is at most the number of embeddings searched. Where an
            approximate search finds fewer, the rest are infinite distances and the id -1.
        """

    def get(self, ids: Ids) -> Vectors:
        """The stored embeddings of these ids, in their order: `[n, d]`."""

    def write_with(self, folder: Path, vectors: Vectors, ids: Ids, stored_ids: Ids) -> SearchSettings:
        """Write the next version with more embeddings; this one stays as it is.

        Args:
            folder: Folder of the next version of the index.
            vectors: Embeddings to add, `[n, d]`.
            ids: Their ids `[n]`, ascending and larger than all before.
            stored_ids: All ids of this version, for stores that cannot list them.

        Returns:
            How the next version searches.
        """

    def write_without(self, folder: Path, ids: Ids, stored_ids: Ids) -> SearchSettings:
        """Write the next version without the embeddings of these ids; otherwise as `write_with`."""
