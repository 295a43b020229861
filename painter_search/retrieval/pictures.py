"""What an index keeps of each work's picture: its thumbnail, and its fingerprint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from painter_search.collection.collection import Collection
from painter_search.collection.fingerprint import fingerprint
from painter_search.collection.framing import open_frame
from painter_search.collection.work import Work
from painter_search.encoder.embedding import map_ahead
from painter_search.progress import track

Entry = tuple[Collection, Work]
"""A work, and the collection that it lies in."""


def pictures_of(entries: Sequence[Entry]) -> Iterator[tuple[bytes, bytes]]:
    """The thumbnail (a JPEG file) and the fingerprint of each work, in their order."""

    def picture(entry: Entry) -> tuple[bytes, bytes]:
        collection, work = entry
        thumbnail = collection.thumbnail(work.file)
        return thumbnail, fingerprint(open_frame(thumbnail))

    yield from track(map_ahead(picture, entries, ahead=64), "Thumbnails", total=len(entries))
