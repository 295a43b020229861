"""A work: one painting of a collection, with its catalogue entries."""

from __future__ import annotations

from dataclasses import dataclass

from painter_search.collection.dates.years import plain_date


@dataclass(frozen=True)
class Work:
    """One painting of a collection, identified by `collection` and `file` together."""

    collection: str
    """Name of the collection."""
    file: str
    """The original's file name, unique within the collection."""
    artist: str
    title: str = ""
    date: str = ""
    """As the catalogue gives it; years without decimals."""
    style: str = ""
    genre: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "date", plain_date(self.date))

    @property
    def name(self) -> str:
        """`collection/file`, unique across collections."""
        return f"{self.collection}/{self.file}"

    @property
    def caption(self) -> str:
        """The title, or the file's name where it has none."""
        return self.title or self.file
