"""An index over the years: built, added to, removed from, and listed. The whole of `build-index`."""

from __future__ import annotations

from dataclasses import dataclass

from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.revision import Change
from painter_search.retrieval.settings import IndexConfig
from painter_search.retrieval.works import IndexedWork


@dataclass(frozen=True)
class Listing:
    """What an index holds."""

    index: PaintingIndex
    artists: dict[str, int]
    """Works of each artist: of all, or of the one asked for."""
    works: tuple[IndexedWork, ...] = ()
    """The works of the one asked for."""


def keep_index(config: IndexConfig) -> PaintingIndex | Change | Listing:
    """Do what `config` asks: change the current index, list it, or else build one."""
    if config.add is not None:
        from painter_search.retrieval.adding import add_paintings

        return add_paintings(config.index, config.add, config.artist, config.originals)
    if config.remove:
        from painter_search.retrieval.removing import remove_works

        return remove_works(config.index, config.remove)
    if config.list:
        return list_works(PaintingIndex.load(config.index), config.artist)
    return PaintingIndex.build(config)


def list_works(index: PaintingIndex, artist: str | None = None) -> Listing:
    """List an index's artists, or one artist's works. Raises `UserError` for an artist whom it lacks."""
    if artist is None:
        return Listing(index, index.works.works_per_artist())
    works = tuple(index.works.by_artist(artist))
    return Listing(index, {artist: len(works)}, works)
