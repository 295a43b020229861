"""How isolated the works of an index lie, worked out whenever its works change."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from painter_search.progress import track
from painter_search.retrieval.manifest import THUMBNAILS, WORKS
from painter_search.retrieval.search_plan import SearchKind
from painter_search.retrieval.stores import open_vectors
from painter_search.retrieval.works import Works, count_artists, write_isolations
from painter_search.scores.artists import INTRINSIC_DIMENSION, isolation_among, typical_distance

BLOCK = 1024
"""Works at once."""
OTHERS = 20_000
"""Works that stand for all in an approximate index, whose every work cannot be compared with every other."""
SAMPLE = 2000
"""Works, at most, that the typical distance is measured on."""


def settle_isolation(folder: Path, search: SearchKind) -> float:
    """Write how isolated each work in an index's folder lies, and return the typical distance between its works."""
    vectors = open_vectors(folder, search)
    works = Works(folder / WORKS, folder / THUMBNAILS)
    ids, names = works.artists()
    works.close()
    artists = np.unique(np.array(names, dtype=object), return_inverse=True)[1]
    exact = search.name == "exact"
    drawn = np.arange(len(ids)) if exact else np.sort(np.random.default_rng(1).permutation(len(ids))[:OTHERS])
    others, owners = vectors.get(ids[drawn]), artists[drawn]
    # The nearest of fewer works lies further away; see INTRINSIC_DIMENSION.
    thinned = (len(drawn) / len(ids)) ** (1 / INTRINSIC_DIMENSION)
    blocks = []
    for start in track(range(0, len(ids), BLOCK), "Isolation") if len(ids) > 8 * BLOCK else range(0, len(ids), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(ids)))
        given = others[rows] if exact else vectors.get(ids[rows])
        blocks.append(np.asarray(thinned * isolation_among(given, artists[rows], others, owners), np.float32))
    count_artists(folder / WORKS)
    write_isolations(folder / WORKS, ids, np.concatenate(blocks))
    drawn = np.sort(np.random.default_rng(0).permutation(len(ids))[:SAMPLE])
    return typical_distance(vectors.get(ids[drawn]), artists[drawn])
