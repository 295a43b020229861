"""Which artists an artist is most easily mistaken for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.hands.spellings import find_spellings
from painter_search.common.errors import UnknownWorkError
from painter_search.images.fingerprint import same_picture
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.local_scaling import scale_distances

MAX_QUERIES = 100
"""Works of an artist to query with; of an artist with more, this many are drawn."""


@dataclass(frozen=True)
class Confusions:
    """The artists of an index that rank first for an artist's works."""

    artist: str
    works: int
    """Works that were queried with."""
    own: int | None
    """For how many of these the artist itself ranks first, the work left out; None for an artist with a single work."""
    others: tuple[tuple[str, float], ...]
    """Other artists, and the share of the works for which each ranks first among the others, greatest first."""


def confused_artists(
    index: PaintingIndex, artist: str, top_k: int = 3, *, max_queries: int = MAX_QUERIES
) -> Confusions:
    """Query an index with an artist's own works, each left out in turn, and count the nearest other artists.

    Args:
        index: The index.
        artist: The artist's name.
        top_k: How many other artists to return.
        max_queries: Works to query with, at most.

    Raises:
        UnknownWorkError: The index, as filtered, has no work by the artist.
    """
    all_ids, numbers, artists = index.artists.ids, index.artists.numbers, index.artists.names
    number = artist_number(index, artist)
    rows = np.flatnonzero(numbers == number)
    sizes = np.bincount(numbers, minlength=len(artists))
    sizes[number] -= 1
    rows = draw_works(rows, max_queries)
    pictures = [row.fingerprint for row in index.works.candidate_rows(all_ids[rows])]
    nearest_others: list[int] = []
    own = 0
    found = index.search_candidates(index.embeddings(all_ids[rows]))
    for row, picture, (distances, ids) in zip(rows, pictures, found, strict=True):
        works = index.load_candidates(ids)
        copies = works.ids[same_picture(picture, works.fingerprints, works.coarse)]
        left = ~np.isin(ids, [all_ids[row], *copies])
        distances, candidates = distances[left], np.searchsorted(all_ids, ids[left])
        scaled = scale_distances(distances, index.local_scales[candidates], index.mean_distance)
        ranked, _ = rank_artists(scaled, numbers[candidates], sizes)
        own += len(ranked) > 0 and ranked[0] == number
        nearest_others += ranked[ranked != number][:1].tolist()
    distinct, counts = np.unique(nearest_others, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:top_k]
    others = tuple((artists[int(distinct[i])], float(counts[i] / len(rows))) for i in order)
    return Confusions(artist, len(rows), int(own) if sizes[number] else None, others)


def draw_works(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` of an artist's works, given as ascending rows, drawn at random: the same each time."""
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, count, replace=False))


def artist_number(index: PaintingIndex, artist: str) -> int:
    """The number of an artist in `index.artists`; raises `UnknownWorkError` if the index has no work by the artist."""
    spellings = find_spellings(artist, index.artists.names)
    if len(spellings) != 1:
        raise UnknownWorkError(f"the index has no work by {artist!r}; check the spelling.")
    return index.artists.names.index(spellings[0])
