"""How isolated the works of an index lie, worked out whenever its works change."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from painter_search.progress import track
from painter_search.retrieval.manifest import THUMBNAILS, VECTORS, WORKS
from painter_search.retrieval.vectors import SearchKind, VectorSearch
from painter_search.retrieval.works import Works, write_isolations
from painter_search.scores.artists import isolation_of_rows, mean_of_nearest, typical_distance

BLOCK = 1024
"""Works at once."""
NEIGHBOURS = 128
"""Nearest works that an approximate search is asked for: enough that some are by others."""
SAMPLE = 2000
"""Works, at most, that the typical distance is measured on."""


def settle_isolation(folder: Path, search: SearchKind) -> float:
    """Write how isolated each work in an index's folder lies, and return the typical distance between its works."""
    vectors = VectorSearch(folder / VECTORS, search)
    works = Works(folder / WORKS, folder / THUMBNAILS)
    ids, names = works.artists()
    works.close()
    artists = np.unique(np.array(names, dtype=object), return_inverse=True)[1]
    stored = vectors.get(ids) if search.name == "exact" else None
    blocks = []
    for start in track(range(0, len(ids), BLOCK), "Isolation") if len(ids) > 8 * BLOCK else range(0, len(ids), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(ids)))
        if stored is not None:
            blocks.append(isolation_of_rows(stored, artists, rows))
        else:
            distances, found = vectors.search(vectors.get(ids[rows]), NEIGHBOURS)
            owners = artists[np.minimum(np.searchsorted(ids, found), len(ids) - 1)]
            distances[(owners == artists[rows, None]) | (found < 0)] = np.inf
            blocks.append(mean_of_nearest(distances))
    write_isolations(folder / WORKS, ids, np.concatenate(blocks))
    drawn = np.sort(np.random.default_rng(0).permutation(len(ids))[:SAMPLE])
    return typical_distance(vectors.get(ids[drawn]), artists[drawn])
