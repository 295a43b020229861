"""Statistics that ranking artists needs, recomputed at every change of an index: local scales, the mean distance, and
the mean of each artist's works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.common.progress import track
from painter_search.encoder.files.names import PLDA_FILE
from painter_search.encoder.files.plda_file import read_plda, write_plda
from painter_search.index.manifest import THUMBNAILS, WORKS
from painter_search.index.vector_store.base import EXACT_UP_TO, SearchSettings
from painter_search.index.vector_store.stores import open_vector_store
from painter_search.index.works.works_db import WorksDB
from painter_search.index.works.works_writer import write_artist_counts, write_artist_means, write_local_scales
from painter_search.metrics.artist_ranking import INTRINSIC_DIMENSION
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.plda import artist_sums
from painter_search.metrics.local_scaling import ReferenceWorks, mean_between_artists

BLOCK = 1024
"""Works compared at once."""
REFERENCE_WORKS = 20_000
"""Random works that stand for all in an approximate or large index, where comparing every work with every other takes
too long."""
MEAN_DISTANCE_WORKS = 2000
"""Random works, at most, on which the mean distance is measured."""


def update_index_statistics(folder: Path, search: SearchSettings) -> float:
    """Write the local scale of every work, and the number of works per artist, into `works.sqlite` of an index.

    Where the folder has a PLDA, it is centred on the works, and the artists' means in its space are written, too.

    Args:
        folder: The index's folder; its vectors and works are complete.
        search: How the index searches.

    Returns:
        The mean distance between works by different artists, which goes into the manifest.
    """
    store = open_vector_store(folder, search)
    works = WorksDB(folder / WORKS, folder / THUMBNAILS)
    ids, names = works.artists()
    works.close()
    distinct, artists = np.unique(np.array(names, dtype=object), return_inverse=True)
    count = len(ids)
    drawn = draw_references(count, search)
    all_drawn = len(drawn) == count
    references, reference_artists = store.get(ids[drawn]), artists[drawn]
    correction = scale_correction(len(drawn), count)
    reference_works = ReferenceWorks(references, reference_artists)
    starts = range(0, count, BLOCK)
    plda = None
    if (folder / PLDA_FILE).is_file():
        fitted, _ = read_plda(folder / PLDA_FILE)
        plda = fitted.centred_on(references, reference_artists)
        write_plda(folder / PLDA_FILE, fitted, plda.mean)
    sums = np.zeros((len(distinct), references.shape[1]))
    blocks = []
    for start in track(starts, "Local scaling") if len(starts) > 8 else starts:
        rows = np.arange(start, min(start + BLOCK, count))
        embeddings = references[rows] if all_drawn else store.get(ids[rows])
        scales = reference_works.local_scales(embeddings, artists[rows])
        blocks.append(np.asarray(correction * scales, np.float32))
        if plda is not None:
            present, numbers = np.unique(artists[rows], return_inverse=True)
            sums[present] += artist_sums(plda.project(embeddings), numbers)[0]
    write_artist_counts(folder / WORKS)
    write_local_scales(folder / WORKS, ids, np.concatenate(blocks))
    if plda is not None:
        means = (sums / np.bincount(artists)[:, None]).astype("<f4")
        write_artist_means(folder / WORKS, zip(map(str, distinct), means, strict=True))
    measured = np.sort(np.random.default_rng(0).permutation(count)[:MEAN_DISTANCE_WORKS])
    vectors = store.get(ids[measured])
    return mean_between_artists(distance_matrix(vectors, vectors), artists[measured])


def draw_references(count: int, search: SearchSettings) -> NDArray[np.int64]:
    """Ascending rows of the works among which the nearest to each are looked for; the same for the same `count`."""
    if search.name == "exact" and count <= EXACT_UP_TO:
        return np.arange(count)
    return np.sort(np.random.default_rng(1).permutation(count)[:REFERENCE_WORKS])


def scale_correction(references: int, count: int) -> float:
    """What local scales among `references` of `count` works are multiplied by: the nearest of fewer is farther away.

    See `INTRINSIC_DIMENSION`.
    """
    return float((references / count) ** (1 / INTRINSIC_DIMENSION))
