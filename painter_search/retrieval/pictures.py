"""What an index keeps of each work's picture: its thumbnail, and its fingerprint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PIL import Image

from painter_search.collection.fingerprint import fingerprint
from painter_search.collection.framing import open_frame
from painter_search.collection.work import Work
from painter_search.encoder.embedding import map_ahead
from painter_search.progress import track
from painter_search.retrieval.manifest import THUMBNAILS

if TYPE_CHECKING:
    from painter_search.collection.collection import Collection
    from painter_search.retrieval.painting_index import PaintingIndex

Entry = tuple["Collection", Work]
"""A work, and the collection that it lies in."""


def pictures_of(entries: Sequence[Entry]) -> Iterator[tuple[bytes, bytes]]:
    """The thumbnail (a JPEG file) and the fingerprint of each work, in their order."""

    def picture(entry: Entry) -> tuple[bytes, bytes]:
        collection, work = entry
        thumbnail = collection.thumbnail(work.file)
        return thumbnail, fingerprint(open_frame(thumbnail))

    yield from track(map_ahead(picture, entries, ahead=64), "Thumbnails", total=len(entries))


def open_thumbnail(index: PaintingIndex, id: int) -> Image.Image:
    """The thumbnail of a work; raises `UserError` where it is damaged, of which its file's size says nothing."""
    return open_frame(index.works.thumbnail(id), f"the thumbnail of work {id} in {index.folder / THUMBNAILS}")
