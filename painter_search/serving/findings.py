"""What the index says of its own works and artists, for pages and the API alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from painter_search.display.holdings import listing_record
from painter_search.errors import UserError
from painter_search.retrieval.attribution import ArtistMatch
from painter_search.retrieval.confusions import Confusions, easily_confused
from painter_search.retrieval.likeness import Likeness, artists_like, works_like
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.upkeep import Listing, list_works
from painter_search.serving.desk import Missing


def find_artist(index: PaintingIndex, name: str) -> tuple[Listing, tuple[ArtistMatch, ...], Confusions]:
    """An artist's works, the nearest artists, and those whom the artist is confused with; raises `Missing`."""
    return find_artist_works(index, name), artists_like(index, name), easily_confused(index, name, 5)


def find_artist_works(index: PaintingIndex, name: str) -> Listing:
    """An artist's works; raises `Missing`."""
    try:
        return list_works(index, name)
    except UserError as error:
        raise Missing(str(error)) from None


def artist_record(index: PaintingIndex, name: str) -> dict[str, Any]:
    """The same as plain values."""
    listing, nearest, confusions = find_artist(index, name)
    return {
        **listing_record(listing),
        "nearest": [asdict(match) for match in nearest],
        "confusions": asdict(confusions),
    }


def find_like(index: PaintingIndex, id: int, count: int = 24) -> Likeness:
    """A work and the works nearest to it; raises `Missing`."""
    try:
        return works_like(index, id, count)
    except KeyError:
        raise Missing(f"The index has no work {id}.") from None


def like_record(index: PaintingIndex, id: int, count: int = 24) -> dict[str, Any]:
    """The same as plain values."""
    return {"index": index.digest, **find_like(index, id, count).as_json()}
