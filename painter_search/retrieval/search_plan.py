"""How to search so many vectors, by their number and the memory there is. Nothing heavy is imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt

from painter_search.errors import UserError

UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
CODE_BYTES = {"flat": 4.0, "sq8": 1.0, "pq": 0.25}
"""Bytes for each number of an embedding: float32, 8 bits, and 8 bits for every four numbers."""
ID_BYTES = 8
FLAT_UP_TO = 250_000
"""Works whose cells hold embeddings as they are. Of more, 8 bits a number are kept: a quarter of the memory, and on a
million stand-ins 2 % of the neighbours at most were lost by it."""
LEAST_PER_CELL = 39
"""Vectors that k-means wants for every cell (FAISS warns below that)."""
WORKS_A_CELL = 250
"""Works in a cell of a large index, as there are in one of a million in 4 sqrt(n) cells: where cells stay as full, a
probe takes as long however many works there are."""
MOST_CELLS = 65_536
"""Cells at most: the sample that they are trained on takes 2.7 GB."""


@dataclass(frozen=True)
class SearchKind:
    """How an index searches; kept in its manifest."""

    name: str
    """`exact`, `approximate` or `milvus`."""
    cells: int = 0
    """Cells that the vectors are divided into (an inverted file, Jegou et al., 2011); 0 where exact."""
    probes: int = 0
    """Cells that a search looks into."""
    recall_at_10: float = 1.0
    """Share of the ten nearest works that were found on a trial."""
    codes: str = "flat"
    """What is searched: `flat` (float32), `sq8` (8 bits a number) or `pq` (a product quantiser, Jegou et al., 2011)."""
    uri: str = ""
    """Where Milvus is, if the vectors are there."""
    collection: str = ""
    """What they are called there."""
    made_by: str = ""
    """The digest of the encoder that made them, which the collection bears, too."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what no index says of itself."""
        counts = isinstance(self.cells, int) and isinstance(self.probes, int)
        numbers = counts and isinstance(self.recall_at_10, int | float)
        texts = all(isinstance(text, str) for text in (self.uri, self.collection, self.made_by))
        sound = {
            "exact": True,
            "approximate": numbers and 1 <= self.probes <= self.cells and self.codes in CODE_BYTES,
            "milvus": bool(texts and self.uri and self.collection),
        }
        if not texts or not sound.get(self.name):
            raise ValueError(f"there is no search {self}")


@dataclass(frozen=True)
class SearchPlan:
    """How vectors are to be kept and searched."""

    codes: str
    """As in `SearchKind`, or `exact`."""
    cells: int = 0


def plan_search(count: int, size: int, memory: int, exact: bool = False, exact_up_to: int = 50_000) -> SearchPlan:
    """The search for `count` vectors of `size` numbers that fits into `memory` bytes.

    | works | kept and searched as |
    |---|---|
    | up to 50,000, or where it was asked for | float32, exactly |
    | up to 250,000 | float32 in cells |
    | more | 8 bits a number in cells |
    | whatever does not fit so | the first of the next rows that does; last, product-quantised, compared again on disk |

    The cells are 4 sqrt(n), as FAISS's guidelines advise, so that choosing cells and looking into them cost alike; from
    a million works on there is one for every 250.
    Raises `UserError` where nothing fits.
    """
    if exact or count <= exact_up_to:
        _must_fit("exact search", count, count * size * 4, memory)
        return SearchPlan("exact")
    cells = min(max(int(4 * sqrt(count)), count // WORKS_A_CELL), MOST_CELLS)
    cells = max(1, min(cells, count // LEAST_PER_CELL))
    centres = cells * size * 4
    codes = ("flat", "sq8", "pq") if count <= FLAT_UP_TO else ("sq8", "pq")
    for code in codes:
        needed = centres + int(count * (size * CODE_BYTES[code] + ID_BYTES))
        if needed <= memory:
            return SearchPlan(code, cells)
    _must_fit("the smallest codes", count, needed, memory)
    raise AssertionError("unreachable")


def read_bytes(amount: str) -> int:
    """A number of bytes written as `8GB`, `500MB` or `1.5TB`; raises `UserError` for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(MB|GB|TB)", amount.strip(), re.IGNORECASE)
    if match is None or not float(match[1]):
        raise UserError(f"--memory is {amount!r}; write it as 8GB or 500MB.")
    return int(float(match[1]) * UNITS[match[2].upper()])


def _must_fit(what: str, count: int, needed: int, memory: int) -> None:
    if needed > memory:
        raise UserError(
            f"{what} of {count:,} works needs {needed / 1e9:,.1f} GB of memory and --memory is {memory / 1e9:,.1f} GB; "
            "give more, or divide the works among several indexes."
        )
