"""Projection of an index's works onto a plane by t-SNE, works near in style near to one another."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.work import Work
from painter_search.common.errors import NotEnoughDataError
from painter_search.common.html_repr import html_table
from painter_search.common.progress import spinner
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.distances import distance_matrix

if TYPE_CHECKING:
    import pandas as pd

PERPLEXITY = 30.0
"""How many neighbours t-SNE weighs: scikit-learn's default; with few works, a third of them."""
SEED = 42
BLOCK = 256
"""Works whose distances to all are in memory at once."""
TRUSTED = 10
"""Nearest neighbours by which a layout's faithfulness is measured."""


@dataclass(frozen=True)
class Projection:
    """Works and their positions on a plane."""

    ids: NDArray[np.int64]
    """Ids of the works in the index, `[n]`."""
    works: tuple[Work, ...]
    positions: NDArray[np.float32]
    """`[n, 2]`, centred on 0; the largest coordinate is 1 or -1."""
    artists: tuple[str, ...]
    """The artists of these works, in alphabetical order."""
    numbers: NDArray[np.int64]
    """Each work's artist, as a position in `artists`, `[n]`."""
    central_works: NDArray[np.int64]
    """For each artist the work that lies nearest to the median of the artist's works, as a row, `[artists]`."""
    total: int
    """Works in the index; if more than n, these are a sample."""
    trustworthiness: float
    """How far neighbours on the plane are neighbours in style among the n works, 0 to 1 (Venna and Kaski, 2001); `nan`
    for fewer than 3 works."""
    kept: float
    """Share of each work's `TRUSTED` nearest of the n works that are among its nearest on the plane; `nan` likewise."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values: total, trustworthiness, kept, and every work with its id and position (x, y)."""
        positions = self.positions.astype(float).tolist()
        return {
            "total": self.total,
            "trustworthiness": self.trustworthiness,
            "kept": self.kept,
            "works": [
                {"id": id, **asdict(work), "x": x, "y": y}
                for id, work, (x, y) in zip(self.ids.tolist(), self.works, positions, strict=True)
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per work, with the columns id, collection, file, artist, title, date, style, genre, x and y."""
        import pandas as pd

        return pd.DataFrame(self.to_dict()["works"])

    def _repr_html_(self) -> str:
        shown = f"{len(self.works):,} of {self.total:,} works by {len(self.artists):,} artists"
        figures = (("trustworthiness", self.trustworthiness), (f"share of {TRUSTED} neighbours kept", self.kept))
        return html_table(("", ""), figures, f"Projection of {shown}")


def project_index(index: PaintingIndex, max_works: int = 5_000, seed: int = SEED) -> Projection:
    """Lay the works of an index out on a plane by t-SNE (van der Maaten and Hinton, 2008).

    t-SNE is scikit-learn's, started from the two principal components.

    Args:
        index: The index.
        max_works: From a larger index this many works are drawn.
        seed: Seed of the draw and of t-SNE; the same index and seed give the same positions.

    Raises:
        NotEnoughDataError: The index has fewer than two works.
    """
    ids, numbers, artists = index.artists.ids, index.artists.numbers, index.artists.names
    if len(ids) < 2:
        raise NotEnoughDataError("the index holds a single work, which makes no map; build one with more works.")
    total = len(ids)
    if total > max_works:
        drawn = np.sort(np.random.default_rng(seed).choice(total, max_works, replace=False))
        ids, numbers = ids[drawn], numbers[drawn]
    present, numbers = np.unique(numbers, return_inverse=True)
    vectors = index.embeddings(ids)
    with spinner(f"Laying out {len(ids):,} works"):
        positions = layout(vectors, seed)
        trust, kept = faithfulness(vectors, positions)
    return Projection(
        ids=ids,
        works=tuple(index.works.get([int(id) for id in ids])),
        positions=positions,
        artists=tuple(artists[number] for number in present),
        numbers=numbers.astype(np.int64),
        central_works=np.array(
            [_most_central(positions, np.flatnonzero(numbers == number)) for number in range(len(present))]
        ),
        total=total,
        trustworthiness=trust,
        kept=kept,
    )


def layout(vectors: NDArray[np.float32], seed: int = SEED) -> NDArray[np.float32]:
    """Positions of embeddings `[n, d]` on a plane by t-SNE: float32 `[n, 2]`, between -1 and 1."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if vectors.shape[1] < 2:
        vectors = np.pad(vectors, ((0, 0), (0, 1)))
    # Several threads would sum in any order, and t-SNE amplifies the last bit.
    with threadpool_limits(limits=1), np.errstate(invalid="ignore"):  # identical works have no variance
        start = PCA(n_components=2, svd_solver="full").fit_transform(vectors.astype(np.float64))
        start *= 1e-4 / max(start[:, 0].std(), 1e-12)
        perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
        tsne = TSNE(perplexity=perplexity, init=start.astype(np.float32), random_state=seed)
        positions = tsne.fit_transform(vectors)
    positions = positions - (positions.min(axis=0) + positions.max(axis=0)) / 2
    return np.asarray(positions / max(float(np.abs(positions).max()), 1e-12), np.float32)


def trusted_neighbours(works: int) -> int:
    """Nearest neighbours by which a layout of so many works is measured; trustworthiness allows fewer than half."""
    return min(TRUSTED, (works - 1) // 2)


def faithfulness(vectors: NDArray[np.float32], positions: NDArray[np.float32]) -> tuple[float, float]:
    """Trustworthiness of a layout, and the share of `TRUSTED` nearest neighbours that it keeps; see `Projection`."""
    from sklearn.neighbors import NearestNeighbors

    works, count = len(vectors), trusted_neighbours(len(vectors))
    if count < 1:
        return float("nan"), float("nan")
    on_plane = NearestNeighbors(n_neighbors=count).fit(positions).kneighbors(return_distance=False)
    too_far = kept = 0
    # By blocks: scikit-learn's trustworthiness, to which this is equal, takes 20 bytes for each pair of works.
    for start in range(0, works, BLOCK):
        block = np.arange(start, min(start + BLOCK, works))
        distances = distance_matrix(vectors[block], vectors)
        distances[block - start, block] = -1  # rank 0
        shown = np.take_along_axis(distances, on_plane[block], axis=1)
        ordered = np.sort(distances, axis=1)
        ranks = np.array([np.searchsorted(row, values) for row, values in zip(ordered, shown, strict=True)])
        too_far += int(np.maximum(ranks - count, 0).sum())
        kept += int((ranks <= count).sum())
    return 1 - 2 * too_far / (works * count * (2 * works - 3 * count - 1)), kept / (works * count)


def _most_central(positions: NDArray[np.float32], rows: NDArray[np.int64]) -> int:
    offsets = positions[rows] - np.median(positions[rows], axis=0)
    return int(rows[np.square(offsets).sum(axis=1).argmin()])
