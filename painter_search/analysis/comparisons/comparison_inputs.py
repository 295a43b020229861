"""Paintings to compare: single ones, and groups of them in folders or zip archives."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, repeat
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from painter_search.attribution.answers import FailedQuery
from painter_search.attribution.attribute import BATCH_SIZE
from painter_search.attribution.prepared_queries import PreparedQuery, attribute_readings
from painter_search.attribution.query_inputs import PaintingInput, WorkId, holds_several, read_work_id, to_query_input
from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    NotEnoughDataError,
    NotFoundError,
    UnreadableImageError,
)
from painter_search.common.files.urls import parse_location, redact_url
from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.images.fingerprint import fingerprint, same_picture, stack_fingerprints
from painter_search.images.framing import Frame, frame_painting, make_thumbnail, open_frame
from painter_search.images.photographs.crop import Crop, PaintingCrop
from painter_search.images.sources import list_originals, read_input, read_original
from painter_search.index.painting_index import PaintingIndex


@dataclass(frozen=True, eq=False)
class ComparedPainting:
    """An embedded painting."""

    name: str
    """Name of its file; in a group, its path within the group."""
    embedding: NDArray[np.float32]
    """`[d]`."""
    fingerprint: bytes
    picture: bytes
    """The whole painting, reduced, as a JPEG file."""
    crop: PaintingCrop | None = None
    """What its photograph was cropped to; None if all of it was used."""
    larger: bytes | None = None
    """The same in the index's size of pictures, to be zoomed; None where that is a thumbnail's, and in a group."""
    possible: ComparedPainting | None = None
    """What may be a painting in its photograph, not surely enough to be compared in its place; None if nothing is."""
    sha256: str = ""
    """Digest of its file; empty for a work of the index, in a group, and for a file in an archive or at a URL."""

    @property
    def readings(self) -> tuple[ComparedPainting, ...]:
        """This painting, and what may be one in its photograph."""
        return (self,) if self.possible is None else (self, self.possible)

    @property
    def largest(self) -> bytes:
        """The largest picture of it there is, as a JPEG file."""
        return self.larger or self.picture


@dataclass(frozen=True, eq=False)
class PaintingGroup:
    """The paintings of a folder or zip archive, or a single painting."""

    name: str
    paintings: tuple[ComparedPainting, ...]
    unreadable: tuple[FailedQuery, ...]
    """Files that are not usable images."""


def is_painting_group(side: PaintingInput) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a side of a comparison is a folder or a zip archive, or the URL of one.

    Raises `NotFoundError` for a path that does not exist, and `InvalidValueError` for a list of paintings.
    """
    if isinstance(side, list | tuple):
        raise InvalidValueError(
            f"a {type(side).__name__} is not a painting; give a group as the path of a folder or zip archive."
        )
    if not isinstance(side, str | os.PathLike) or read_work_id(side) is not None:
        return False
    path = parse_location(side)
    if isinstance(path, str):
        return holds_several(path)
    if not path.exists():
        raise NotFoundError(f"{path} does not exist; check the path.")
    return path.is_dir() or (path.is_file() and zipfile.is_zipfile(path))


def read_painting(
    painting: PaintingInput, index: PaintingIndex, number: int = 1, crop: Crop = "auto"
) -> ComparedPainting:
    """Frame and embed a painting as the index's works were, or take a work of the index, named `#17` after its id.

    A painting without a file is called after its `number`. Raises `DamagedFileError` if it cannot be read, and
    `UnknownWorkError` if the index has no such work.
    """
    query = to_query_input(painting, number)
    if isinstance(query.content, WorkId):
        return indexed_painting(index, query.content.id)
    try:
        frame = frame_painting(read_input(query.content), index.framing, crop=crop, picture_size=index.picture_size)
    except UnreadableImageError as reason:
        source = query.content if isinstance(query.content, Path) else query.name
        raise DamagedFileError(f"{source}: {reason}; give an image.") from None
    embeddings = index.embed_frames([one.jpeg for one in frame.readings])
    return replace(choose_reading(index, query.name, frame.readings, embeddings), sha256=query.sha256())


def read_group(path: str | os.PathLike[str], index: PaintingIndex, crop: Crop = "auto") -> PaintingGroup:
    """Frame and embed the paintings of a folder or zip archive, in order of path.

    Raises `NotEnoughDataError` if it is empty; files that are not usable images are returned with their reasons.
    """
    place = parse_location(path)
    name = place.resolve().name if isinstance(place, Path) else PurePosixPath(redact_url(place)).name
    originals = list_originals([place], "`compare`")
    if not originals:
        raise NotEnoughDataError(f"{path} is empty; give a folder that holds some paintings.")

    def read_frame(number: int) -> Frame | FailedQuery:
        try:
            return frame_painting(read_original(originals[number]), index.framing, crop=crop)
        except UnreadableImageError as reason:
            return FailedQuery(f"{name}/{originals[number].file}", str(reason))

    paintings: list[ComparedPainting] = []
    unreadable: list[FailedQuery] = []
    starts = range(0, len(originals), BATCH_SIZE)
    for start in track(starts, f"Reading {name}") if len(originals) > BATCH_SIZE else starts:
        batch = range(start, min(start + BATCH_SIZE, len(originals)))
        files, frames = [], []
        for number, frame in zip(batch, map_prefetched(read_frame, batch, ahead=BATCH_SIZE), strict=True):
            if isinstance(frame, FailedQuery):
                unreadable.append(frame)
            else:
                files.append(originals[number].file)
                frames.append(frame)
        if frames:
            embeddings = iter(index.embed_frames([one.jpeg for frame in frames for one in frame.readings]))
            for file, frame in zip(files, frames, strict=True):
                read = np.stack(list(islice(embeddings, len(frame.readings))))
                paintings.append(replace(choose_reading(index, file, frame.readings, read), possible=None))
    return PaintingGroup(name, tuple(paintings), tuple(unreadable))


def without_duplicates(
    one: PaintingGroup, other: PaintingGroup
) -> tuple[PaintingGroup, PaintingGroup, list[FailedQuery]]:
    """Both groups with every picture once: a second file of it would lie at distance 0 and mean nothing.

    A picture that is in both stays in the first. Returns the dropped files too, with their reasons.
    """
    kept: list[ComparedPainting] = []
    dropped: list[FailedQuery] = []
    groups = []
    for group in (one, other):
        paintings = []
        for painting in group.paintings:
            same = np.flatnonzero(
                same_picture(painting.fingerprint, stack_fingerprints(earlier.fingerprint for earlier in kept))
            )
            if len(same):
                reason = f"the same picture as {kept[same[0]].name}"
                dropped.append(FailedQuery(f"{group.name}/{painting.name}", reason))
                continue
            kept.append(painting)
            paintings.append(painting)
        groups.append(replace(group, paintings=tuple(paintings)))
    return groups[0], groups[1], dropped


def indexed_painting(index: PaintingIndex, id: int) -> ComparedPainting:
    """A work of the index; raises `UnknownWorkError` if it has none of this id."""
    (work,) = index.works.get([id])
    return ComparedPainting(
        name=f"{work.caption}, {work.artist}",
        embedding=index.embeddings([id])[0],
        fingerprint=index.works.candidate_rows(np.array([id]))[0].fingerprint,
        picture=index.works.thumbnail(id),
        larger=index.works.picture(id),
    )


def choose_reading(
    index: PaintingIndex, name: str, frames: Sequence[Frame], embeddings: NDArray[np.float32]
) -> ComparedPainting:
    """As `painting_of`, or what may be a painting in the photograph if that is a work of the index."""
    painting = painting_of(name, frames, embeddings)
    if painting.possible is None:
        return painting
    ((number, _),) = attribute_readings(index, [[PreparedQuery.of(name, frame) for frame in frames]], embeddings, 1, 1)
    return painting.readings[number]


def painting_of(
    name: str, frames: Sequence[Frame], embeddings: NDArray[np.float32], sha256: str = ""
) -> ComparedPainting:
    """A painting from its one or two readings, see `Frame.readings`, that are embedded already, `[n, d]`."""
    painting, *possible = map(_painting_of_frame, repeat(name), frames, embeddings)
    return replace(painting, possible=possible[0] if possible else None, sha256=sha256)


def _painting_of_frame(name: str, frame: Frame, embedding: NDArray[np.float32]) -> ComparedPainting:
    picture = frame.thumbnail or make_thumbnail(open_frame(frame.jpeg))
    return ComparedPainting(name, embedding, fingerprint(open_frame(picture)), picture, frame.crop, frame.picture)


def cropped_to_dict(paintings: Sequence[ComparedPainting]) -> dict[str, Any]:
    """Under `cropped`, what their photographs were cropped to; empty if there are none."""
    cropped = [{"painting": work.name, **work.crop.to_dict()} for work in paintings if work.crop is not None]
    return {"cropped": cropped} if cropped else {}
