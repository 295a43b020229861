"""Tables over the works of an index: their artists, and what ranking artists for a query needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from painter_search.images.fingerprint import coarse_fingerprints, stack_fingerprints
from painter_search.index.works.works_db import WorksDB


@dataclass(frozen=True)
class ArtistTable:
    """The artist of each of `n` works."""

    ids: NDArray[np.int64]
    """Ids of the works in ascending order, `[n]`."""
    numbers: NDArray[np.int64]
    """The number of each work's artist, `[n]`."""
    names: list[str]
    """The artists' names by number, in alphabetical order."""


@dataclass(frozen=True)
class CandidateWorks:
    """Works `[n]` that a query is compared with: all works of the index, or those near the query."""

    ids: NDArray[np.int64]
    """Ids of the works in ascending order, `[n]`."""
    numbers: NDArray[np.int64]
    """The number of each work's artist, `[n]`."""
    artists: list[str]
    """The artists' names by number."""
    sizes: NDArray[np.int64]
    """The number of works that the index has of each artist, by number, whether or not they are among the n."""
    local_scales: NDArray[np.float32]
    """How isolated each work is, `[n]`; see `metrics/local_scaling.py`."""
    fingerprints: NDArray[np.uint8]
    """`[n, FINGERPRINT_BYTES]`."""

    @cached_property
    def coarse(self) -> NDArray[np.float32]:
        """`coarse_fingerprints(fingerprints)`, for a quick first comparison."""
        return coarse_fingerprints(self.fingerprints)


def read_candidate_works(works: WorksDB, ids: NDArray[np.int64], among: NDArray[np.int64] | None) -> CandidateWorks:
    """The candidates with these ids, without reading any other work; ids that the index does not have are left out.

    `among` are the ids that a filter leaves: only these works count in `sizes`.
    """
    rows = works.candidate_rows(ids)
    names, numbers = np.unique(np.array([row.artist for row in rows], dtype=object), return_inverse=True)
    artists = [str(name) for name in names]
    if among is None:
        sizes = works.count_by_artist(artists)
    else:
        sizes = np.bincount(works.works_of_artists(artists, among)[1], minlength=len(artists))
    return CandidateWorks(
        ids=np.array([row.id for row in rows], np.int64),
        numbers=numbers.astype(np.int64),
        artists=artists,
        sizes=sizes,
        local_scales=np.array([row.local_scale for row in rows], np.float32),
        fingerprints=stack_fingerprints(row.fingerprint for row in rows),
    )
