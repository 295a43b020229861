"""The artists of an index, and the works of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import IndexedWork

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Listing:
    """The artists of an index, or the works of one artist."""

    index: PaintingIndex
    artists: dict[str, int]
    """The number of works of each artist listed."""
    works: tuple[IndexedWork, ...] = ()
    """The works of the one artist asked for."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `build-index list --json` prints them: the artists, and of one artist the works."""
        artists = [{"artist": artist, "works": works} for artist, works in self.artists.items()]
        works = {"works": [entry.to_dict() for entry in self.works]} if self.works else {}
        return {"index": self.index.digest, "artists": artists, **works}

    def to_frame(self) -> pd.DataFrame:
        """The works, or else the artists with the columns artist and works."""
        import pandas as pd

        from painter_search.index.works.notebook_views import works_frame

        if self.works:
            return works_frame(self.works)
        return pd.DataFrame(self.artists.items(), columns=["artist", "works"])

    def _repr_html_(self) -> str:
        from painter_search.common.html_repr import html_table
        from painter_search.index.works.notebook_views import works_table

        if self.works:
            return works_table(self.index.works, self.works, f"{len(self.works):,} works")
        return html_table(("artist", "works"), self.artists.items())


def list_works(index: PaintingIndex, artist: str | None = None) -> Listing:
    """List the artists of an index, or the works of `artist`; raises `UnknownWorkError` if it has none."""
    if artist is None:
        return Listing(index, index.works.works_per_artist())
    works = tuple(index.works.by_artist(artist))
    return Listing(index, {works[0].work.artist: len(works)}, works)
