"""Chooses a FAISS index by the number of vectors and the memory for them, and names it as an index_factory string."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt

from painter_search.common.errors import InvalidValueError
from painter_search.index.vector_store.base import CODE_BYTES, EXACT_UP_TO

UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
ID_BYTES = 8
FLAT_UP_TO = 250_000
"""Works up to which cells hold float32. Above, 8 bits a dimension take a quarter of the memory, and on a million
stand-ins lost at most 2 % of the neighbours."""
MIN_WORKS_PER_CELL = 39
"""Vectors that k-means wants for every cell; FAISS warns below that."""
WORKS_PER_CELL = 250
"""Works in a cell of a large index, as many as one of a million works has in 4 sqrt(n) cells. With cells equally full,
probing one takes equally long however many works there are."""
MAX_CELLS = 65_536
"""The sample that so many cells are trained on takes 2.7 GB."""


@dataclass(frozen=True)
class SearchPlan:
    """How vectors will be stored and searched."""

    codes: str
    """As in `SearchSettings`, or `exact`."""
    nlist: int = 0
    """Cells; 0 if exact."""

    def factory_string(self, dim: int) -> str:
        """The index for vectors of `dim` dimensions in the words of `faiss.index_factory`: `IVF4000,SQ8`.

        Product quantisers are trained without polysemous codes (`np`), which filter by Hamming distances that no
        search here uses; training them would only take time.
        """
        if self.codes == "exact":
            return "IDMap2,Flat"
        return f"IVF{self.nlist}," + {"flat": "Flat", "sq8": "SQ8", "pq": f"PQ{subquantizers(dim)}x8np"}[self.codes]


def subquantizers(dim: int) -> int:
    """Parts of equal size that a product quantiser divides `dim` dimensions into: of four each, or somewhat more."""
    return max(parts for parts in range(1, max(dim // 4, 1) + 1) if dim % parts == 0)


def plan_search(count: int, dim: int, memory: int, exact: bool = False) -> SearchPlan:
    """Choose the search for `count` vectors of `dim` dimensions that fits into `memory` bytes.

    | works | stored and searched as |
    |---|---|
    | up to 50,000 (`EXACT_UP_TO`), or with `exact` | float32, exactly |
    | up to 250,000 | float32 in cells |
    | more | 8 bits a dimension in cells |
    | whatever does not fit so | the next row that fits; last, product-quantised, re-ranked by embeddings on disk |

    There are 4 sqrt(n) cells, as FAISS's guidelines advise, so that choosing cells and searching them cost alike; from
    a million works on, one for every 250. Raises `InvalidValueError` if nothing fits.
    """
    if exact or count <= EXACT_UP_TO:
        if count * dim * 4 > memory:
            raise _too_little_memory("exact search", count, count * dim * 4, memory)
        return SearchPlan("exact")
    nlist = min(max(int(4 * sqrt(count)), count // WORKS_PER_CELL), MAX_CELLS)
    nlist = max(1, min(nlist, count // MIN_WORKS_PER_CELL))
    centroids = nlist * dim * 4
    choices = ("flat", "sq8", "pq") if count <= FLAT_UP_TO else ("sq8", "pq")
    needed = {codes: centroids + int(count * (dim * CODE_BYTES[codes] + ID_BYTES)) for codes in choices}
    for codes in choices:
        if needed[codes] <= memory:
            return SearchPlan(codes, nlist)
    raise _too_little_memory("the smallest codes", count, needed[choices[-1]], memory)


def parse_memory(amount: str) -> int:
    """The bytes in `8GB`, `500MB` or `1.5TB`; raises `InvalidValueError` for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(MB|GB|TB)", amount.strip(), re.IGNORECASE)
    if match is None or not float(match[1]):
        raise InvalidValueError(f"--memory is {amount!r}; write it as 8GB or 500MB.")
    return int(float(match[1]) * UNITS[match[2].upper()])


def _too_little_memory(what: str, count: int, needed: int, memory: int) -> InvalidValueError:
    return InvalidValueError(
        f"{what} of {count:,} works needs {needed / 1e9:,.1f} GB of memory and --memory is {memory / 1e9:,.1f} GB; "
        "give more, or divide the works among several indexes."
    )
