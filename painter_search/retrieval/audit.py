"""What may be wrong with a collection: the whole of `audit`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from painter_search.collection.collection import Collection, frame_name
from painter_search.collection.duplicates import Kind, Look, find_repeats
from painter_search.collection.framing import CENTER_SIDE, THUMBNAIL_SIDE, read_frame
from painter_search.collection.spellings import Spelling, find_spellings
from painter_search.collection.triplets import read_table
from painter_search.collection.work import Work
from painter_search.encoder.embedding import map_ahead
from painter_search.errors import UserError
from painter_search.progress import track
from painter_search.retrieval.doubts import Doubts, find_doubts
from painter_search.retrieval.manifest import CURRENT
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.pictures import open_thumbnail
from painter_search.retrieval.settings import DEFAULT_INDEX, AuditConfig

DEFAULT_DATA = Path("data")
TINY = CENTER_SIDE
"""Short side in pixels below which a picture is enlarged before the network sees it."""
AHEAD = 64
"""Pictures that are decoded ahead."""


@dataclass(frozen=True)
class RepeatedWork:
    """Two works whose files show one picture."""

    works: tuple[Work, Work]
    parts: tuple[str, str]
    """The part of the collection that each is in: `train`, `test`, or `index` where only an index was audited."""
    kind: Kind
    likeness: float
    """Correlation of the two pictures, at most 1."""

    @property
    def leak(self) -> bool:
        """Whether the one is trained on and the other tested on."""
        return set(self.parts) == {"train", "test"}

    @property
    def two_artists(self) -> bool:
        """Whether the collection gives the picture to two artists."""
        return self.works[0].artist != self.works[1].artist


@dataclass(frozen=True)
class SpelledTwice:
    """Two names that may be one artist's."""

    spelling: Spelling
    leak: bool
    """Whether the one is a training artist and the other a test artist."""


@dataclass(frozen=True)
class TinyWork:
    """A work whose picture is smaller than what the network sees; sizes in pixels."""

    work: Work
    width: int
    height: int


@dataclass(frozen=True)
class Audit:
    """What may be wrong with a collection. Findings are questions to a person: nothing was changed."""

    sources: tuple[str, ...]
    """The collections that were audited, by name."""
    index: str | None
    """The digest of the index that was asked, if one was."""
    works: int
    artists: int
    repeats: tuple[RepeatedWork, ...]
    """Leaks first, then pictures under two artists, then those within one artist; the likest of each first."""
    spellings: tuple[SpelledTwice, ...]
    """Leaks first."""
    doubts: Doubts | None
    """What the neighbours in the index say; None without an index."""
    suspicious: tuple[dict[str, str], ...]
    """Rows of `suspicious_artists.csv`: artist, works, reason."""
    rejected: tuple[dict[str, str], ...]
    """Rows of `rejected.csv`: file, reason."""
    tiny: tuple[TinyWork, ...]
    """Works with a short side under `TINY` pixels, the smallest first."""
    picture: Callable[[Work], bytes] = field(repr=False, compare=False)
    """The whole picture of a work as a JPEG file, reduced."""

    @property
    def leaks(self) -> int:
        """Pictures and artists that are in train and in test."""
        return sum(repeat.leak for repeat in self.repeats) + sum(spelled.leak for spelled in self.spellings)

    def as_json(self) -> dict[str, Any]:
        """Plain values, without the pictures."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "picture"}
        repeats = [{**asdict(r), "leak": r.leak, "two_artists": r.two_artists} for r in self.repeats]
        return {"leaks": self.leaks, **plain, "repeats": repeats}


def audit_collection(config: AuditConfig | None = None) -> Audit:
    """Look for what may be wrong with prepared collections and, where there is one, with an index.

    Every picture is opened once and compared with every other. Raises `UserError` where there is nothing to audit.
    """
    config = config or AuditConfig()
    folders = config.data or ((DEFAULT_DATA,) if (DEFAULT_DATA / "prepare.json").is_file() else ())
    collections = [Collection.open(folder) for folder in folders]
    index = _find_index(config.index, collections)
    if not collections and index is None:
        raise UserError(
            "there is nothing to audit: prepare a collection first (`python -m painter_search.prepare`), "
            "or name one with --data, or an index with --index."
        )
    held = _works_of(index)
    entries = _entries(collections) or [(work, "index") for work in held.values()]
    listed = {work.name: id for id, work in held.items()}
    owners = {collection.name: collection for collection in collections}
    if len(owners) < len(collections):
        raise UserError("two of the collections have the same name; prepare one of them with another --name.")
    looks = _look_at_all([work for work, _ in entries], owners, index, listed)
    repeats = [
        RepeatedWork(
            (entries[r.first][0], entries[r.second][0]), (entries[r.first][1], entries[r.second][1]), r.kind, r.likeness
        )
        for r in find_repeats([look for look, _ in looks])
    ]
    tiny = [
        TinyWork(work, look.width, look.height)
        for (work, _), (look, exact) in zip(entries, looks, strict=True)
        if exact and min(look.width, look.height) < TINY
    ]

    def picture(work: Work) -> bytes:
        if index is not None and work.name in listed:
            return index.works.thumbnail(listed[work.name])
        return owners[work.collection].thumbnail(work.file)

    homes = [collection.folder for collection in collections] or ([index.folder] if index else [])
    return Audit(
        sources=tuple(owners) or tuple(index.manifest["collections"] if index else ()),
        index=index.digest if index else None,
        works=len(entries),
        artists=len({work.artist for work, _ in entries}),
        repeats=tuple(sorted(repeats, key=lambda r: (not r.leak, not r.two_artists, -r.likeness))),
        spellings=_spellings(entries),
        doubts=None if index is None else find_doubts(index, _twins(repeats, listed)),
        suspicious=_rows(homes, "suspicious_artists.csv"),
        rejected=_rows(homes, "rejected.csv"),
        tiny=tuple(sorted(tiny, key=lambda t: (min(t.width, t.height), t.work.name))),
        picture=picture,
    )


def _find_index(named: Path | None, collections: Sequence[Collection]) -> PaintingIndex | None:
    """The index that is named, or the current one where it holds works of these collections."""
    if named is not None:
        return PaintingIndex.load(named)
    if not (DEFAULT_INDEX / CURRENT).is_file():
        return None
    index = PaintingIndex.load(DEFAULT_INDEX)
    held = set(index.manifest["collections"])
    return index if not collections or held & {collection.name for collection in collections} else None


def _works_of(index: PaintingIndex | None) -> dict[int, Work]:
    """The works of an index by their ids, which have gaps where works were removed."""
    ids = [] if index is None else [int(id) for id in index.artists[0]]
    return {} if index is None else dict(zip(ids, index.works.get(ids), strict=True))


def _entries(collections: Sequence[Collection]) -> list[tuple[Work, str]]:
    return [(work, part) for collection in collections for part in ("train", "test") for work in collection.works(part)]


def _look_at_all(
    works: Sequence[Work], owners: dict[str, Collection], index: PaintingIndex | None, listed: dict[str, int]
) -> list[tuple[Look, bool]]:
    """A look at every work's whole picture, and whether it has its original's size."""

    def look(work: Work) -> tuple[Look, bool]:
        if work.collection not in owners:
            assert index is not None
            seen = Look.at(open_thumbnail(index, listed[work.name]))
            return seen, max(seen.width, seen.height) < THUMBNAIL_SIDE
        collection = owners[work.collection]
        kept = collection.folder / "thumbnails" / frame_name(work.file)
        if kept.is_file():
            seen = Look.at(read_frame(kept))
            return seen, max(seen.width, seen.height) < THUMBNAIL_SIDE
        # A frame of the whole painting is reduced to a short side well above TINY, and never enlarged.
        return Look.at(read_frame(collection.frame_path(work.file))), True

    return list(track(map_ahead(look, works, AHEAD), "Looking", total=len(works)))


def _spellings(entries: Sequence[tuple[Work, str]]) -> tuple[SpelledTwice, ...]:
    parts = defaultdict(set)
    for work, part in entries:
        parts[work.artist].add(part)
    found = [
        SpelledTwice(spelling, {"train", "test"} <= parts[spelling.artists[0]] | parts[spelling.artists[1]])
        for spelling in find_spellings(parts)
    ]
    return tuple(sorted(found, key=lambda spelled: not spelled.leak))


def _twins(repeats: Sequence[RepeatedWork], listed: dict[str, int]) -> dict[int, set[int]]:
    twins: dict[int, set[int]] = defaultdict(set)
    for repeat in repeats:
        first, second = (listed.get(work.name) for work in repeat.works)
        if first is not None and second is not None:
            twins[first].add(second)
            twins[second].add(first)
    return twins


def _rows(folders: Sequence[Path], file: str) -> tuple[dict[str, str], ...]:
    rows: list[dict[str, str]] = []
    for folder in folders:
        if (folder / file).is_file():
            table = read_table(folder / file)
            rows += [dict(zip(table.columns, map(str, row), strict=True)) for row in table.itertuples(index=False)]
    return tuple(rows)
