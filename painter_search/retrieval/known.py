"""What an index knows of the works that a query is weighed against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.fingerprint import coarse, stack_fingerprints
from painter_search.retrieval.works import Works


@dataclass(frozen=True)
class KnownWorks:
    """Works `[n]` of an index: all of them, or those near a query."""

    ids: NDArray[np.int64]
    """In ascending order."""
    numbers: NDArray[np.int64]
    """The number of each one's artist."""
    artists: list[str]
    """The artists' names by number."""
    sizes: NDArray[np.int64]
    """How many works the index has of each artist, by number, whether or not they are among the n."""
    isolations: NDArray[np.float32]
    """How isolated each work lies; see `scores/artists.py`."""
    fingerprints: NDArray[np.uint8]
    """`[n, FINGERPRINT_BYTES]`."""
    reduced: NDArray[np.float32]
    """The fingerprints reduced for a first look; see `collection/fingerprint.py`."""


def look_up(works: Works, ids: NDArray[np.int64], among: NDArray[np.int64] | None) -> KnownWorks:
    """What the file of works says of some ids alone; `among`, where given, are the only works that count."""
    rows = works.known(ids)
    names, numbers = np.unique(np.array([row[1] for row in rows], dtype=object), return_inverse=True)
    artists = [str(name) for name in names]
    counts = works.count_by(artists, among)
    marks = stack_fingerprints(row[2] for row in rows)
    return KnownWorks(
        np.array([row[0] for row in rows], np.int64),
        numbers.astype(np.int64),
        artists,
        np.array([counts[artist] for artist in artists], np.int64),
        np.array([row[3] for row in rows], np.float32),
        marks,
        coarse(marks),
    )
