"""Paintings to compare: files, and groups of them in folders or zip archives."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.fingerprint import fingerprint, same_picture, stack_fingerprints
from painter_search.collection.framing import Frame, UnreadablePainting, frame_painting, make_thumbnail, open_frame
from painter_search.collection.originals import list_originals, read_file, read_original
from painter_search.encoder.embedding import map_ahead
from painter_search.errors import UserError
from painter_search.progress import track
from painter_search.retrieval.attribution import BATCH, Unanswered
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.pictures import open_thumbnail


@dataclass(frozen=True, eq=False)
class Painting:
    """A painting from a file, embedded."""

    name: str
    """The file's name; in a group its path within."""
    embedding: NDArray[np.float32]
    """`[256]`."""
    fingerprint: bytes
    picture: bytes
    """The whole painting as a JPEG file, reduced."""


@dataclass(frozen=True, eq=False)
class Group:
    """The paintings in a folder or an archive, or a single one."""

    name: str
    paintings: tuple[Painting, ...]
    unreadable: tuple[Unanswered, ...]


def is_group(path: Path) -> bool:
    """Whether a path is a folder or a zip archive; raises `UserError` where nothing is there."""
    if not path.exists():
        raise UserError(f"{path} does not exist; check the path.")
    return path.is_dir() or (path.is_file() and zipfile.is_zipfile(path))


def read_painting(path: Path, index: PaintingIndex) -> Painting:
    """A painting, framed and embedded as the index's works were; raises `UserError` where it cannot be read."""
    try:
        frame = frame_painting(read_file(path), index.framing)
    except UnreadablePainting as finding:
        raise UserError(f"{path}: {finding}; give an image.") from None
    return painting_of(path.name, frame, index.embed([frame.jpeg])[0])


def read_group(path: Path, index: PaintingIndex) -> Group:
    """The paintings of a folder or an archive in order of path, or of a single file."""
    if not is_group(path):
        return Group(path.name, (read_painting(path, index),), ())
    name = path.resolve().name
    originals = list_originals([path])
    if not originals:
        raise UserError(f"{path} is empty; give a folder that holds some paintings.")

    def framed(place: int) -> Frame | Unanswered:
        try:
            return frame_painting(read_original(originals[place]), index.framing)
        except UnreadablePainting as finding:
            return Unanswered(f"{name}/{originals[place].file}", str(finding))

    paintings: list[Painting] = []
    unreadable: list[Unanswered] = []
    blocks = range(0, len(originals), BATCH)
    for start in track(blocks, f"Reading {name}") if len(originals) > BATCH else blocks:
        places = range(start, min(start + BATCH, len(originals)))
        found = list(zip(places, map_ahead(framed, places, ahead=BATCH), strict=True))
        unreadable += [frame for _, frame in found if isinstance(frame, Unanswered)]
        frames = [(originals[place].file, frame) for place, frame in found if isinstance(frame, Frame)]
        if frames:
            embeddings = index.embed([frame.jpeg for _, frame in frames])
            paintings += [painting_of(file, frame, one) for (file, frame), one in zip(frames, embeddings, strict=True)]
    return Group(name, tuple(paintings), tuple(unreadable))


def without_repeats(one: Group, other: Group) -> tuple[Group, Group, list[Unanswered]]:
    """Both groups with every picture once: a second file of it would lie at distance 0 and say nothing.

    A picture that is in both stays in the one. Returns what was left out beside them.
    """
    known: list[Painting] = []
    repeats: list[Unanswered] = []
    groups = []
    for group in (one, other):
        kept = []
        for painting in group.paintings:
            marks = stack_fingerprints(p.fingerprint for p in known)
            twins = np.flatnonzero(same_picture(painting.fingerprint, marks))
            if len(twins):
                repeats.append(
                    Unanswered(f"{group.name}/{painting.name}", f"the same picture as {known[twins[0]].name}")
                )
                continue
            known.append(painting)
            kept.append(painting)
        groups.append(replace(group, paintings=tuple(kept)))
    return groups[0], groups[1], repeats


def indexed_painting(index: PaintingIndex, id: int) -> Painting:
    """A work of the index; raises `KeyError` where there is none of this id."""
    (work,) = index.works.get([id])
    picture = index.works.thumbnail(id)
    return Painting(
        f"{work.title or work.file}, {work.artist}",
        index.vectors([id])[0],
        fingerprint(open_thumbnail(index, id)),
        picture,
    )


def painting_of(name: str, frame: Frame, embedding: NDArray[np.float32]) -> Painting:
    """A painting that was framed and embedded before."""
    picture = frame.thumbnail or make_thumbnail(open_frame(frame.jpeg))
    return Painting(name, embedding, fingerprint(open_frame(picture)), picture)
