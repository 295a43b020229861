"""What the index says of its own works and artists, for the pages and the API alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from painter_search.analysis.confusions import Confusions, confused_artists
from painter_search.analysis.similar import SimilarWorks, similar_artists, similar_works
from painter_search.attribution.answers import ArtistMatch
from painter_search.collection.hands.spellings import find_spellings
from painter_search.common.errors import PainterSearchError
from painter_search.display.serialize import listing_to_dict
from painter_search.index.painting_index import Listing, PaintingIndex, list_works

MAX_CONFUSED = 5
"""Artists that one is confused with, on the artist's page."""
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
            **listing_to_dict(self.listing),
            "nearest": [asdict(match) for match in self.nearest],
            "confusions": asdict(self.confusions),
        }


def find_artist_works(index: PaintingIndex, artist: str) -> Listing:
    """An artist's works; raises `NotFound`."""
    try:
        return list_works(index, artist)
    except PainterSearchError as error:
        raise NotFound(str(error)) from None


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
    """
    names = [name for part in text.split(";") if (name := part.strip())]
    return [meant[0] if len(meant := find_spellings(name, index.artists.names)) == 1 else name for name in names]
