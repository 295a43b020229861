"""One painting of a collection, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from painter_search.collection.dates import plain_date


@dataclass(frozen=True)
class Work:
    """One row of a collection. `file` is unique within `collection`; the two together identify the work."""

    collection: str
    file: str
    artist: str
    title: str = ""
    date: str = ""
    style: str = ""
    genre: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "date", plain_date(self.date))

    @property
    def name(self) -> str:
        """`collection/file`, unique across collections."""
        return f"{self.collection}/{self.file}"
