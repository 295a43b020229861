"""What an index stores of each work's picture: a thumbnail, its fingerprint, and a larger picture if there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.images.fingerprint import fingerprint
from painter_search.images.framing import make_thumbnail, open_frame

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


def larger_pictures(works: Sequence[tuple[int, CollectionWork]], size: int) -> Iterator[tuple[int, bytes]]:
    """Id and picture of each work that has one larger than its thumbnail, reduced to `size` px on its longer side."""

    def read(numbered: tuple[int, CollectionWork]) -> tuple[int, bytes | None]:
        id, (collection, work) = numbered
        picture = collection.picture(work.file)
        if picture is not None and collection.picture_size > size:
            picture = make_thumbnail(open_frame(picture), size)
        return id, picture

    for id, picture in track(map_prefetched(read, works, ahead=16), "Pictures", total=len(works)):
        if picture is not None:
            yield id, picture
