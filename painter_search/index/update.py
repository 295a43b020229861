"""Writes the next version of an index: what every change shares, and the removal of works."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from painter_search.common.errors import InvalidValueError, NotEnoughDataError, UnknownWorkError
from painter_search.common.files.atomic_io import link_or_copy, locked, remove_partial_files
from painter_search.index.calibration.recalibration import recalibrate
from painter_search.index.index_reader import IndexReader
from painter_search.index.index_statistics import update_index_statistics
from painter_search.index.manifest import PICTURES, THUMBNAILS, WORKS, check_is_no_version, find_index, publish_index
from painter_search.index.vector_store.base import EMBEDDINGS, VECTORS, SearchSettings
from painter_search.index.vector_store.stores import discarded_on_failure
from painter_search.index.works.works_db import IndexedWork, WorksDB
from painter_search.index.works.works_writer import remove_rows

if TYPE_CHECKING:  # a removal needs no catalogue
    from painter_search.collection.catalogues.preview import Preview


@dataclass(frozen=True)
class Change:
    """What an addition or a removal did."""

    folder: Path
    """Folder of the index as it is now."""
    added: tuple[IndexedWork, ...] = ()
    removed: tuple[IndexedWork, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """Files that were not added, each with the reason."""
    preview: Preview | None = None
    """What was read as an artist in what was added."""
    cropped: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Photographs that were cropped to the painting, each with `PaintingCrop.to_dict`."""


def write_removal(index_dir: Path, works: Iterable[str]) -> Change:
    """Write the next version of the current index of `index_dir` without some works; see `remove_works`."""
    with locked_index(index_dir) as index:
        stored_ids, artists = index.works.ids(), index.works.works_per_artist()
        known_ids = set(stored_ids.tolist())
        found = {entry.id: entry for name in works for entry in _find_works(index.works, name, known_ids, artists)}
        removed = tuple(found[id] for id in sorted(found))
        if len(removed) == len(index):
            raise NotEnoughDataError(
                f"these are all the {len(index):,} works of {index_dir}; an index keeps at least one."
            )
        ids = np.array([entry.id for entry in removed], np.int64)
        rows = (WORKS, THUMBNAILS, *([PICTURES] if index.has_larger_pictures else []))
        with next_version(index, (VECTORS, EMBEDDINGS, *rows)) as staging:
            for name in rows:
                shutil.copyfile(index.folder / name, staging / name)
                remove_rows(staging / name, ids)
            search = index.store.write_without(staging, ids, stored_ids)
            folder = publish_version(index, staging, index.next_id, search, index.manifest.split)
            return Change(folder, removed=removed)


def _find_works(works: WorksDB, name: str, ids: Set[int], artists: Collection[str]) -> list[IndexedWork]:
    """The work with an id (`12` or `#12`), or the works of an artist. Raises `UnknownWorkError` if there are none."""
    digits = name.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()):
        return works.by_artist(name)
    id = int(digits)
    if name == digits and name in artists:  # there is a painter called 69
        if id in ids:
            raise InvalidValueError(f"{name} is an artist and the id of a work; for the work write #{name}.")
        return works.by_artist(name)
    if id not in ids:
        raise UnknownWorkError(f"the index has no work with the id {id}; see `build-index list --artist NAME`.")
    return [IndexedWork(id, works.get([id])[0])]


@contextmanager
def locked_index(index_dir: Path) -> Iterator[IndexReader]:
    """The current index of a folder of indexes, which no other process can change meanwhile.

    Raises `NotFoundError` if there is none, and `BusyError` if another process is changing it.
    """
    find_index(index_dir)
    check_is_no_version(index_dir)
    with locked(index_dir / ".lock", f"{index_dir} is being written"):
        remove_partial_files(index_dir)
        yield IndexReader.load(index_dir)


@contextmanager
def next_version(index: IndexReader, rewritten: Iterable[str]) -> Iterator[Path]:
    """A temporary folder for the next version of an index, with all files but the `rewritten` ones and the manifest.

    The folder is removed afterwards, unless `publish_version` has moved it.
    """
    staging = index.folder.with_name(".revision")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        for name in set(index.manifest.files) - set(rewritten):
            link_or_copy(index.folder / name, staging / name)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def publish_version(index: IndexReader, staging: Path, next_id: int, search: SearchSettings, split: str) -> Path:
    """Make the finished folder of a next version the current index, and return its folder.

    Entries of the manifest that the change does not affect are those of `index`.
    """
    with discarded_on_failure(search):
        works = WorksDB(staging / WORKS, staging / THUMBNAILS)
        manifest = replace(
            index.manifest,
            works=len(works),
            artists=len(works.works_per_artist()),
            collections=tuple(works.collections()),
            next_id=next_id,
            search=search,
            split=split,
            mean_distance=update_index_statistics(staging, search),
        )
        works.close()
        return publish_index(staging, index.folder.parent, recalibrate(manifest, staging))
