"""All works of an index on a plane, near in style near to one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.work import Work
from painter_search.errors import UserError
from painter_search.progress import waiting
from painter_search.retrieval.painting_index import PaintingIndex

PERPLEXITY = 30.0
"""How many neighbours t-SNE heeds: scikit-learn's default. At most a third of the works."""
TRUSTED = 10
"""Neighbours on the map that are held against those in the index."""


@dataclass(frozen=True)
class Atlas:
    """Works and their places on a plane."""

    ids: NDArray[np.int64]
    """Ids of the works in the index, `[n]`."""
    works: tuple[Work, ...]
    places: NDArray[np.float32]
    """`[n, 2]`; the middle is 0, and the farthest lie 1 from it along either axis."""
    artists: tuple[str, ...]
    """The artists of these works, in alphabetical order."""
    numbers: NDArray[np.int64]
    """Each work's artist, by number, `[n]`."""
    centres: NDArray[np.int64]
    """For each artist the work that lies nearest to the middle (median) of the artist's works, `[artists]`."""
    total: int
    """Works in the index; where that is more than n, these are a sample."""
    trustworthiness: float
    """How far neighbours on the plane are neighbours in the index, 0 to 1 (Venna and Kaski, 2001); `nan` for a
    handful of works."""
    kept: float
    """Share of the `TRUSTED` nearest works in the index that are among the nearest on the plane."""


def lay_out(index: PaintingIndex, works: int = 5_000, seed: int = 42) -> Atlas:
    """Lay the works of an index, or a seeded sample of at most `works` of them, out on a plane by t-SNE.

    The same index and seed give the same places. t-SNE (van der Maaten and Hinton, 2008) is scikit-learn's, started
    from the two principal components. Raises `UserError` for an index of fewer than two works.
    """
    ids, numbers, artists = index.artists
    if len(ids) < 2:
        raise UserError("the index holds a single work, which makes no map; build one with more works.")
    total = len(ids)
    if total > works:
        chosen = np.sort(np.random.default_rng(seed).choice(total, works, replace=False))
        ids, numbers = ids[chosen], numbers[chosen]
    present, numbers = np.unique(numbers, return_inverse=True)
    vectors = index.vectors(ids)
    with waiting(f"Laying out {len(ids):,} works"):
        places = _places(vectors, seed)
        trust, kept = _faithfulness(vectors, places)
    return Atlas(
        ids=ids,
        works=tuple(index.works.get([int(id) for id in ids])),
        places=places,
        artists=tuple(artists[number] for number in present),
        numbers=numbers.astype(np.int64),
        centres=np.array([_centre(places, np.flatnonzero(numbers == number)) for number in range(len(present))]),
        total=total,
        trustworthiness=trust,
        kept=kept,
    )


def _places(vectors: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # Sums over several threads come out in any order, and t-SNE makes much of the last bit.
    with threadpool_limits(limits=1), np.errstate(invalid="ignore"):  # works that are all alike have no variance
        start = PCA(n_components=2, svd_solver="full").fit_transform(vectors.astype(np.float64))
        start *= 1e-4 / max(start[:, 0].std(), 1e-12)
        perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
        tsne = TSNE(perplexity=perplexity, init=start.astype(np.float32), random_state=seed)
        places = tsne.fit_transform(vectors)
    places = places - (places.min(axis=0) + places.max(axis=0)) / 2
    return np.asarray(places / max(float(np.abs(places).max()), 1e-12), np.float32)


def _faithfulness(vectors: NDArray[np.float32], places: NDArray[np.float32]) -> tuple[float, float]:
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import NearestNeighbors

    near = min(TRUSTED, (len(vectors) - 1) // 2)
    if near < 1:
        return float("nan"), float("nan")
    found = [
        NearestNeighbors(n_neighbors=near).fit(points).kneighbors(return_distance=False) for points in (vectors, places)
    ]
    kept = np.mean([len(set(true) & set(shown)) / near for true, shown in zip(*found, strict=True)])
    return float(trustworthiness(vectors, places, n_neighbors=near)), float(kept)


def _centre(places: NDArray[np.float32], rows: NDArray[np.int64]) -> int:
    away = places[rows] - np.median(places[rows], axis=0)
    return int(rows[np.square(away).sum(axis=1).argmin()])
