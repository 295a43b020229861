"""More like this: the works, or the artists, of an index that lie nearest to one of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from painter_search.analysis.confusions import artist_number, draw_works
from painter_search.attribution.answers import ArtistMatch, Neighbour
from painter_search.attribution.prepared_queries import neighbours
from painter_search.common.html_repr import html_table
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import IndexedWork
from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.local_scaling import scale_distances

if TYPE_CHECKING:
    import pandas as pd

MAX_QUERIES = 100
"""Works of an artist whose distances to the others are measured."""
COLUMNS = ("id", "work", "artist", "title", "date", "distance", "probability")
"""Columns of `SimilarWorks.to_frame()`."""
ARTIST_COLUMNS = ("rank", "artist", "distance", "works_in_index", "nearest_work")
"""Columns of `SimilarArtists.to_frame()`."""


@dataclass(frozen=True)
class SimilarWorks:
    """A work of an index, and the works nearest to it in style."""

    work: IndexedWork
    nearest: tuple[Neighbour, ...]
    """Nearest first, without the work itself."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the API returns them."""
        return {"work": self.work.to_dict(), "nearest": [asdict(neighbour) for neighbour in self.nearest]}

    def to_frame(self) -> pd.DataFrame:
        """One row per work, nearest first, with the columns id, work, artist, title, date, distance and probability.

        probability is that of one artist having painted both; empty without calibration.
        """
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=list(COLUMNS))

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (n.id, n.work.name, n.work.artist, n.work.title, n.work.date, n.distance, n.probability)
            for n in self.nearest
        ]

    def _repr_html_(self) -> str:
        work = self.work.work
        return html_table(COLUMNS, self._rows(), f"Nearest to {work.caption} by {work.artist}")


class SimilarArtists(tuple[ArtistMatch, ...]):
    """The other artists of an index, nearest in style to one of its artists first."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the artists with the closest works by each."""
        return {"artists": [asdict(match) for match in self]}

    def to_frame(self) -> pd.DataFrame:
        """One row per artist, with the columns rank (from 1), artist, distance, works_in_index and nearest_work."""
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=list(ARTIST_COLUMNS))

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (rank, match.artist, match.distance, match.works_in_index, match.works[0].work.name if match.works else "")
            for rank, match in enumerate(self, start=1)
        ]

    def _repr_html_(self) -> str:
        return html_table(ARTIST_COLUMNS, self._rows())


def similar_works(index: PaintingIndex, id: int, top_k: int = 24) -> SimilarWorks:
    """Find the `top_k` works nearest to the work with this id, among those that the index's filter leaves.

    Raises `UnknownWorkError` if the index has no such work.
    """
    (work,) = index.works.get([id])
    distances, ids = (row[0] for row in index.search(index.embeddings([id]), top_k + 1))
    others = (ids != id) & (ids >= 0)
    nearest = neighbours(index, np.asarray(ids[others][:top_k]), np.asarray(distances[others][:top_k]))
    return SimilarWorks(IndexedWork(id, work), nearest)


def similar_artists(index: PaintingIndex, artist: str, top_k: int = 8, works_per_artist: int = 3) -> SimilarArtists:
    """Rank the other artists of an index by nearness in style to one of its artists.

    The distance of another artist's work is that to the nearest of at most `MAX_QUERIES` works, drawn at random, of the
    artist's; artists are then ranked as for a query. Raises `UnknownWorkError` if the index has no work by the artist.
    """
    all_ids, numbers, artists = index.artists.ids, index.artists.numbers, index.artists.names
    number = artist_number(index, artist)
    queries = draw_works(np.flatnonzero(numbers == number), MAX_QUERIES)
    to_artist = np.full(len(all_ids), np.inf, np.float32)
    for distances, ids in index.search_candidates(index.embeddings(all_ids[queries])):
        rows = np.searchsorted(all_ids, ids)
        to_artist[rows] = np.minimum(to_artist[rows], distances)
    others = np.flatnonzero(np.isfinite(to_artist) & (numbers != number))
    if not len(others):
        return SimilarArtists()
    scaled = scale_distances(to_artist[others], index.local_scales[others], index.mean_distance)
    sizes = np.bincount(numbers, minlength=len(artists))
    ranked, adjusted = rank_artists(scaled, numbers[others], sizes)
    matches = []
    for other, distance in zip(ranked[:top_k], adjusted[:top_k], strict=True):
        works = others[numbers[others] == other]
        works = works[np.argsort(to_artist[works], kind="stable")][:works_per_artist]
        matches.append(
            ArtistMatch(
                artist=artists[other],
                works_in_index=int(sizes[other]),
                distance=float(distance),
                probability=None,
                works=neighbours(index, all_ids[works], to_artist[works]),
            )
        )
    return SimilarArtists(matches)
