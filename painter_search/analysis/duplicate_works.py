"""Works of collections or of an index whose files show one picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from painter_search.collection.collection import Collection, frame_name
from painter_search.collection.work import Work
from painter_search.common.files.stored import to_stored
from painter_search.images.duplicates.search import Kind, find_duplicates
from painter_search.images.duplicates.sketch import PictureSketch
from painter_search.images.framing import read_frame
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.index.painting_index import PaintingIndex


@dataclass(frozen=True)
class DuplicatePair:
    """Two works whose files show one picture."""

    works: tuple[Work, Work]
    splits: tuple[str, str] = field(metadata={"stored": "parts"})
    """Where each work is: `train`, `test`, or `index` if only an index was audited."""
    kind: Kind
    """Whether the pictures are the same, altered or mirrored."""
    correlation: float = field(metadata={"stored": "likeness"})
    """How well the detail inside the two pictures correlates, three quarters of it at least; 1 if they are the same."""
    without_margins: bool
    """Whether margins, mats or frames were taken away before the two were compared."""

    @property
    def leak(self) -> bool:
        """Whether one is trained on and the other tested on."""
        return set(self.splits) == {"train", "test"}

    @property
    def two_artists(self) -> bool:
        """Whether the collection attributes the picture to two artists."""
        return self.works[0].artist != self.works[1].artist

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as under "repeats" in what `audit --json` prints."""
        return {**to_stored(self), "leak": self.leak, "two_artists": self.two_artists}


@dataclass(frozen=True)
class SketchedWork:
    """A work, where it is, and the sketch of its picture."""

    work: Work
    split: str
    sketch: PictureSketch
    original_size: bool
    """Whether the sketched picture has its original's size, as far as small originals are concerned."""


def sketch_of_collection(collection: Collection, work: Work, split: str) -> SketchedWork:
    """A work of a collection, sketched from its thumbnail, or from its frame if that is of the whole painting."""
    thumbnail = collection.folder / "thumbnails" / frame_name(work.file)
    if thumbnail.is_file():
        return _of_thumbnail(work, split, PictureSketch.from_image(read_frame(thumbnail)))
    # A frame of the whole painting is reduced only to a short side of 448 px, and never enlarged.
    sketch = PictureSketch.from_image(read_frame(collection.frame_path(work.file)))
    return SketchedWork(work, split, sketch, original_size=True)


def sketch_of_index(index: PaintingIndex, id: int, work: Work) -> SketchedWork:
    """A work of an index, sketched from its thumbnail."""
    return _of_thumbnail(work, "index", PictureSketch.from_image(index.open_thumbnail(id)))


def find_duplicate_works(sketched: Sequence[SketchedWork]) -> tuple[DuplicatePair, ...]:
    """Every pair of works that show one picture: leaks first, then under two artists, then by falling correlation."""
    pairs = [
        DuplicatePair(
            works=(sketched[found.first].work, sketched[found.second].work),
            splits=(sketched[found.first].split, sketched[found.second].split),
            kind=found.kind,
            correlation=found.likeness,
            without_margins=found.without_margins,
        )
        for found in find_duplicates([one.sketch for one in sketched])
    ]
    return tuple(sorted(pairs, key=lambda pair: (not pair.leak, not pair.two_artists, -pair.correlation)))


def duplicate_ids(duplicates: Sequence[DuplicatePair], ids: Mapping[str, int]) -> dict[int, set[int]]:
    """By id of a work in the index the ids of its duplicates there; `ids` by name of a work."""
    others: dict[int, set[int]] = defaultdict(set)
    for pair in duplicates:
        first, second = (ids.get(work.name) for work in pair.works)
        if first is not None and second is not None:
            others[first].add(second)
            others[second].add(first)
    return others


def _of_thumbnail(work: Work, split: str, sketch: PictureSketch) -> SketchedWork:
    return SketchedWork(work, split, sketch, original_size=max(sketch.width, sketch.height) < THUMBNAIL_SIDE)
