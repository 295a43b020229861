"""Whose hand is a painting nearest to? Artists ranked for a query, with the works that speak for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.fingerprint import fingerprint, same_picture
from painter_search.collection.framing import Frame, UnreadablePainting, frame_painting, open_frame
from painter_search.collection.originals import read_file
from painter_search.collection.work import Work
from painter_search.errors import UserError
from painter_search.progress import track
from painter_search.retrieval.painting_index import PaintingIndex

VOTING_WORKS = 3
"""An artist's distance is the mean over this many nearest works: one chance likeness is not enough."""
INTRINSIC_DIMENSION = 40
"""In d dimensions the nearest of n works lies at a distance proportional to n^(-1/d), so that an artist with many
works comes near to everything. Distances are multiplied by n^(1/d) to undo it. Measured on training artists of two
collections, leaving each work out in turn: 25 favours the rare, 60 the prolific, 40 neither."""
BATCH = 32
"""Paintings embedded at once."""


@dataclass(frozen=True)
class Neighbour:
    """A work in the index and its distance from the query."""

    id: int
    work: Work
    distance: float


@dataclass(frozen=True)
class ArtistMatch:
    """One artist, how near, and the works that speak for it."""

    artist: str
    works_in_index: int
    distance: float
    """Mean distance of the artist's nearest works, adjusted for how many works the index has of them."""
    works: tuple[Neighbour, ...]
    """The artist's nearest works, nearest first."""


@dataclass(frozen=True)
class Attribution:
    """The answer for one painting: artists ranked by nearness in style."""

    painting: str
    """The file's name, without its folder."""
    same_works: tuple[Neighbour, ...]
    """Works in the index that are this very picture; they had no vote."""
    artists: tuple[ArtistMatch, ...]
    picture: bytes
    """The whole painting as a JPEG file, reduced."""

    def as_json(self) -> dict[str, Any]:
        """Plain values, without the picture."""
        return {
            "painting": self.painting,
            "same_works": [asdict(neighbour) for neighbour in self.same_works],
            "artists": [asdict(artist) for artist in self.artists],
        }


@dataclass(frozen=True)
class Unanswered:
    """A file that could not be asked about, and why."""

    painting: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


Answer = Attribution | Unanswered


def attribute(
    index: PaintingIndex, paintings: Sequence[Path | str | bytes], top: int = 5, works: int = 3
) -> list[Answer]:
    """Rank the nearest artists for paintings given as files, folders of files, or the bytes of a file.

    Each painting is framed as the index's works were. A file that is no usable image is answered with the reason.
    Raises `UserError` for a path that does not exist and for a folder without files.
    """
    names, contents = zip(*_named(paintings), strict=True)
    answers: list[Answer] = []
    for start in track(range(0, len(names), BATCH), "Asking") if len(names) > BATCH else range(0, len(names), BATCH):
        block = slice(start, start + BATCH)
        answers += _attribute_block(index, names[block], contents[block], top, works)
    return answers


def rank_artists(
    distances: NDArray[np.floating], artists: NDArray[np.integer], sizes: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rank artists by the distances `[n]` of their works to one query.

    `artists` `[n]` numbers each work's artist; `sizes` `[artists]` says how many works the index has of each, whether
    or not they are among the n. Returns the numbers of the artists that have works among them, nearest first, and the
    adjusted distance of each: mean of its `VOTING_WORKS` nearest, times size^(1/40).
    """
    order = np.lexsort((distances, artists))
    found = np.bincount(artists, minlength=len(sizes))
    starts = np.cumsum(found) - found
    place = np.arange(len(order)) - np.repeat(starts, found)
    voting = place < VOTING_WORKS
    sums = np.bincount(artists[order][voting], weights=distances[order][voting], minlength=len(sizes))
    present = np.flatnonzero(found)
    means = sums[present] / np.minimum(found[present], VOTING_WORKS)
    adjusted = means * sizes[present] ** (1 / INTRINSIC_DIMENSION)
    ranked = np.argsort(adjusted, kind="stable")
    return present[ranked], adjusted[ranked]


def _named(paintings: Sequence[Path | str | bytes]) -> list[tuple[str, Path | bytes]]:
    found: list[tuple[str, Path | bytes]] = []
    for painting in paintings:
        if isinstance(painting, bytes):
            found.append((f"painting {len(found) + 1}", painting))
            continue
        path = Path(painting)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if not p.is_dir() and not p.name.startswith("."))
            if not inside:
                raise UserError(f"{path} is an empty folder; give paintings, or a folder that holds some.")
            found += [(p.relative_to(path).as_posix(), p) for p in inside]
        elif path.exists() or path.is_symlink():
            found.append((path.name, path))
        else:
            raise UserError(f"{path} does not exist; check the path.")
    if not found:
        raise UserError("there is no painting to ask about.")
    return found


def _attribute_block(
    index: PaintingIndex, names: Iterable[str], contents: Iterable[Path | bytes], top: int, works: int
) -> list[Answer]:
    answers: dict[int, Answer] = {}
    frames: dict[int, tuple[str, Frame]] = {}
    for place, (name, content) in enumerate(zip(names, contents, strict=True)):
        try:
            frame = frame_painting(read_file(content) if isinstance(content, Path) else content, index.framing)
        except UnreadablePainting as finding:
            answers[place] = Unanswered(name, str(finding))
            continue
        frames[place] = (name, frame)
    if frames:
        found = index.candidates(index.embed([frame.jpeg for _, frame in frames.values()]))
        for (place, (name, frame)), (distances, ids) in zip(frames.items(), found, strict=True):
            answers[place] = _attribute_one(index, name, frame, distances, ids, top, works)
    return [answers[place] for place in sorted(answers)]


def _attribute_one(
    index: PaintingIndex,
    name: str,
    frame: Frame,
    distances: NDArray[np.float32],
    ids: NDArray[np.int64],
    top: int,
    works: int,
) -> Attribution:
    all_ids, numbers, artists = index.artists
    picture = frame.thumbnail or frame.jpeg
    marked, marks, reduced = index.fingerprints
    twins = marked[same_picture(fingerprint(open_frame(picture)), marks, reduced)]
    same = np.isin(ids, twins)
    owners = numbers[np.searchsorted(all_ids, ids)]
    sizes = np.bincount(numbers, minlength=len(artists))
    voters = sizes - np.bincount(numbers[np.isin(all_ids, twins)], minlength=len(artists))
    ranked, adjusted = rank_artists(distances[~same], owners[~same], voters)
    matches = []
    for number, distance in zip(ranked[:top], adjusted[:top], strict=True):
        own = np.flatnonzero((owners == number) & ~same)
        own = own[np.argsort(distances[own], kind="stable")][:works]
        neighbours = _neighbours(index, ids[own], distances[own])
        matches.append(ArtistMatch(artists[number], int(sizes[number]), float(distance), neighbours))
    return Attribution(name, _neighbours(index, ids[same], distances[same]), tuple(matches), picture)


def _neighbours(index: PaintingIndex, ids: NDArray[np.int64], distances: NDArray[np.float32]) -> tuple[Neighbour, ...]:
    found = index.works.get([int(id) for id in ids])
    return tuple(
        Neighbour(int(id), work, float(distance)) for id, work, distance in zip(ids, found, distances, strict=True)
    )
