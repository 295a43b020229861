"""What an index stores of each work's picture: a thumbnail, and the fingerprint that recognises it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from painter_search.common.progress import track
from painter_search.common.threads import map_prefetched
from painter_search.images.fingerprint import fingerprint
from painter_search.images.framing import open_frame

if TYPE_CHECKING:  # a collection imports pandas
    from painter_search.collection.collection import Collection
    from painter_search.collection.work import Work


class CollectionWork(NamedTuple):
    """A work, and the collection that has its frame."""

    collection: Collection
    work: Work


class Picture(NamedTuple):
    """What an index stores of a work's picture."""

    thumbnail: bytes
    """A JPEG file, 512 px on its longer side."""
    fingerprint: bytes


def make_thumbnails(works: Sequence[CollectionWork]) -> Iterator[Picture]:
    """Thumbnail and fingerprint of each work, in their order, made on several threads."""

    def make(entry: CollectionWork) -> Picture:
        thumbnail = entry.collection.thumbnail(entry.work.file)
        return Picture(thumbnail, fingerprint(open_frame(thumbnail)))

    yield from track(map_prefetched(make, works, ahead=64), "Thumbnails", total=len(works))
