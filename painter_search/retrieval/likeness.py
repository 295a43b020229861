"""More like this: the works, and the artists, of an index that lie nearest to one of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from painter_search.retrieval.attribution import ArtistMatch, Neighbour, neighbours
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.works import IndexedWork
from painter_search.scores.artists import rank_artists, relative_distances

ASKED = 100
"""Works of an artist that are asked about, at most."""


@dataclass(frozen=True)
class Likeness:
    """A work of the index, and the works nearest to it in style."""

    work: IndexedWork
    nearest: tuple[Neighbour, ...]
    """Nearest first, without the work itself."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        work = {"id": self.work.id, **asdict(self.work.work)}
        return {"work": work, "nearest": [asdict(neighbour) for neighbour in self.nearest]}


def works_like(index: PaintingIndex, id: int, count: int = 24) -> Likeness:
    """The works nearest to the one of this id, from those that the index's filter leaves.

    Raises `KeyError` where the index has no such work.
    """
    (work,) = index.works.get([id])
    distances, ids = (row[0] for row in index.search(index.vectors([id]), count + 1))
    others = (ids != id) & (ids >= 0)
    nearest = neighbours(index, np.asarray(ids[others][:count]), np.asarray(distances[others][:count]))
    return Likeness(IndexedWork(id, work), nearest)


def artists_like(index: PaintingIndex, artist: str, top: int = 8, works: int = 3) -> tuple[ArtistMatch, ...]:
    """The artists nearest in style to one of them, with the works by which they are.

    Each work by others lies as far away as the nearest of at most `ASKED` of the artist's works, and these distances
    are weighed as those to a painting asked about. Raises `ValueError` for an artist of whom the index has no work.
    """
    all_ids, numbers, artists = index.artists
    number = artists.index(artist)
    mine = np.flatnonzero(numbers == number)[:ASKED]
    nearest = np.full(len(all_ids), np.inf, np.float32)
    for distances, ids in index.candidates(index.vectors(all_ids[mine])):
        rows = np.searchsorted(all_ids, ids)
        nearest[rows] = np.minimum(nearest[rows], distances)
    others = np.flatnonzero(np.isfinite(nearest) & (numbers != number))
    if not len(others):
        return ()
    relative = relative_distances(nearest[others], index.isolations[others], index.typical)
    sizes = np.bincount(numbers, minlength=len(artists))
    matches = []
    for other, adjusted in list(zip(*rank_artists(relative, numbers[others], sizes), strict=True))[:top]:
        own = others[numbers[others] == other]
        own = own[np.argsort(nearest[own], kind="stable")][:works]
        found = neighbours(index, all_ids[own], nearest[own])
        matches.append(ArtistMatch(artists[other], int(sizes[other]), float(adjusted), None, found))
    return tuple(matches)
