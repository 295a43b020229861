"""What the index says of its own works and artists, for the pages and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.analysis.confusions import Confusions, confused_artists
from painter_search.analysis.similar import SimilarWorks, similar_artists, similar_works
from painter_search.attribution.answers import ArtistMatch
from painter_search.collection.hands.folding import fold_name
from painter_search.collection.hands.spellings import find_spellings
from painter_search.common.errors import PainterSearchError, UnknownWorkError
from painter_search.index.listing import Listing, list_works
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import IndexedWork, similar_names

MAX_CONFUSED = 5
"""Artists that one is confused with, on the artist's page."""
WALL_WORKS = 36
"""Works on the wall of the first page."""
CHOICE_WORKS = 48
"""Works to choose from for a comparison, on a page."""
SIMILAR_WORKS = 24
"""Similar works on a work's page."""


class NotFound(Exception):  # noqa: N818 (named like the HTTP status that it becomes)
    """There is no such work, artist, result or page. The message is a sentence for the user."""


@dataclass(frozen=True)
class ArtistProfile:
    """An artist's works and how they relate to other artists."""

    listing: Listing
    nearest: tuple[ArtistMatch, ...]
    confusions: Confusions

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **self.listing.to_dict(),
            "nearest": [asdict(match) for match in self.nearest],
            "confusions": asdict(self.confusions),
        }


@dataclass(frozen=True)
class WorksToChoose:
    """A page of the works that can be chosen for a comparison."""

    works: list[IndexedWork]
    page: int
    """Its number, from 1."""
    total: int
    """Works on all pages together."""

    @property
    def first(self) -> int:
        """The place of its first work among all, from 1."""
        return 1 + (self.page - 1) * CHOICE_WORKS

    @property
    def last(self) -> int:
        """The place of its last work among all."""
        return self.first + len(self.works) - 1


@dataclass(frozen=True)
class ChosenPainting:
    """A painting that is chosen for a comparison."""

    reference: str
    """A work's id, or `RESULT.NUMBER`."""
    name: str
    picture: str
    """The address of its picture."""


def find_artist_works(index: PaintingIndex, artist: str) -> Listing:
    """An artist's works; raises `NotFound`."""
    try:
        return list_works(index, artist)
    except PainterSearchError:
        raise NotFound(not_in_index(artist, index.artists.names)) from None


def find_artist_profile(index: PaintingIndex, artist: str) -> ArtistProfile:
    """An artist's works, the nearest artists, and those that the artist is confused with; raises `NotFound`."""
    listing = find_artist_works(index, artist)
    artist = listing.works[0].work.artist  # as the index spells the name
    return ArtistProfile(listing, similar_artists(index, artist), confused_artists(index, artist, MAX_CONFUSED))


def find_similar_works(index: PaintingIndex, id: int, count: int = SIMILAR_WORKS) -> SimilarWorks:
    """A work and the works nearest to it; raises `NotFound`."""
    try:
        return similar_works(index, id, count)
    except LookupError:
        raise NotFound(f"The index has no work {id}.") from None


def similar_works_to_dict(similar: SimilarWorks, index: PaintingIndex) -> dict[str, Any]:
    """A work and the works nearest to it as plain values, with the digest of the index."""
    return {"index": index.digest, **similar.to_dict()}


def parse_artists(index: PaintingIndex, text: str) -> list[str]:
    """The artists named in a form field, separated by semicolons, spelt as the index does.

    Accents, capitals, punctuation and the order of a name's parts are ignored if only one artist of the index is meant.

    Raises `UnknownWorkError` for an artist whom the index does not have, with the names nearest to it.
    """
    artists = index.artists.names
    names = _split_artists([part.strip() for part in text.split(";")], set(artists))
    spelt = [meant[0] if len(meant := find_spellings(name, artists)) == 1 else name for name in names]
    for name in spelt:
        if name not in artists:
            raise UnknownWorkError(not_in_index(name, artists))
    return spelt


def _split_artists(parts: list[str], artists: set[str]) -> list[str]:
    """Names between semicolons; as many parts together as are one artist, such as `Rubens; Snyders`."""
    names: list[str] = []
    while parts:
        together = next((n for n in range(len(parts), 1, -1) if "; ".join(parts[:n]) in artists), 1)
        names.append("; ".join(parts[:together]))
        parts = parts[together:]
    return [name for name in names if name]


def not_in_index(name: str, artists: Sequence[str]) -> str:
    """That an artist is not in the index, and the names nearest to it, as a sentence."""
    close = similar_names(name, artists)
    meant = f"; did you mean {' or '.join(close)}?" if close else "."
    return f"{name} is not in this index, so cannot be named{meant}"


def have_words(names: Sequence[str], words: str) -> list[bool]:
    """Whether each name contains all the words."""
    folded = fold_name(words).split()
    return [all(word in name for word in folded) for name in map(fold_name, names)]


def wall_of_works(index: PaintingIndex, count: int = WALL_WORKS) -> list[int]:
    """The ids of works that show what an index holds: the first of each artist, spread over all artists."""
    numbers, first = np.unique(index.artists.numbers, return_index=True)
    ids = index.artists.ids[first] if len(numbers) >= count else index.artists.ids
    chosen = np.linspace(0, len(ids) - 1, min(count, len(ids))).round().astype(int)
    return [int(id) for id in ids[chosen]]


def works_to_choose(
    index: PaintingIndex,
    words: str,
    embedding: NDArray[np.float32] | None,
    page: int = 1,
    *,
    without: int = 0,
) -> WorksToChoose:
    """Works to choose from: by artists whose names contain all the `words`, or else those nearest to a painting.

    The work `without` is not among the nearest. Without words and painting it is a single page, of works by all
    artists. A `page` beyond the last is the last.
    """
    if fold_name(words):
        named = np.asarray(have_words(index.artists.names, words))
        ids = index.artists.ids[named[index.artists.numbers]]
    elif embedding is not None:
        candidates = index.search_candidates(embedding[None])[0]
        nearest = np.argsort(candidates.distances, kind="stable")
        ids = candidates.ids[nearest]
        ids = ids[ids != without]
    else:
        ids = np.asarray(wall_of_works(index, CHOICE_WORKS))
    page = max(min(page, -(-len(ids) // CHOICE_WORKS)), 1)
    chosen = [int(id) for id in ids[(page - 1) * CHOICE_WORKS : page * CHOICE_WORKS]]
    works = [IndexedWork(id, work) for id, work in zip(chosen, index.works.get(chosen), strict=True)]
    return WorksToChoose(works, page, len(ids))
