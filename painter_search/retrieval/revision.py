"""The next version of an index: written beside it, then put in its place; the version before stays as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from painter_search.errors import UserError
from painter_search.folders import link_or_copy, locked, sweep
from painter_search.retrieval.isolation import settle_isolation
from painter_search.retrieval.manifest import THUMBNAILS, WORKS, find_index, seal_index
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.search_plan import SearchKind
from painter_search.retrieval.works import IndexedWork, Works


@dataclass(frozen=True)
class Change:
    """What an addition or a removal came to."""

    index: PaintingIndex
    """The index as it is now."""
    added: tuple[IndexedWork, ...] = ()
    removed: tuple[IndexedWork, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """Files that were not added, each with its reason."""


@contextmanager
def changing(home: Path) -> Iterator[PaintingIndex]:
    """The current index of a folder of indexes, held so that nobody else changes it.

    Raises `UserError` where there is none, or another process is at it.
    """
    if find_index(home) == home:
        raise UserError(f"{home} is one index and is never changed; give --index the folder that holds it.")
    with locked(home / ".lock", f"{home} is being written"):
        sweep(home)
        yield PaintingIndex.load(home)


@contextmanager
def revised(index: PaintingIndex, rewritten: Iterable[str]) -> Iterator[Path]:
    """A folder for the next version of an index; all files but the `rewritten` ones and the manifest are there.

    The folder is gone afterwards, whether or not it was put in place.
    """
    beside = index.folder.with_name(".revision")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        for name in set(index.manifest["files"]) - set(rewritten):
            link_or_copy(index.folder / name, beside / name)
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def put_revision(index: PaintingIndex, beside: Path, next_id: int, search: SearchKind) -> PaintingIndex:
    """Make the finished folder of a next version the current index. What else its manifest says is kept."""
    works = Works(beside / WORKS, beside / THUMBNAILS)
    manifest = {
        **index.manifest,
        "works": len(works),
        "artists": len(works.works_per_artist()),
        "collections": works.collections(),
        "next_id": next_id,
        "search": asdict(search),
        "typical": settle_isolation(beside, search),
    }
    works.close()
    return PaintingIndex.load(seal_index(beside, index.folder.parent, manifest))
