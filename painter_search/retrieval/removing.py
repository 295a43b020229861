"""Taking works out of an index."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from painter_search.errors import UserError
from painter_search.retrieval.manifest import THUMBNAILS, VECTORS, WORKS
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.revision import Change, changing, put_revision, revised
from painter_search.retrieval.stores import without_some
from painter_search.retrieval.vectors import ROWS
from painter_search.retrieval.works import IndexedWork, remove_rows


def remove_works(home: Path | str, targets: Sequence[str]) -> Change:
    """Take works out of the current index of `home`, named by their ids or by their artist.

    Raises `UserError` for an id or an artist that the index lacks, and where no work would be left.
    """
    home = Path(home)
    with changing(home) as index:
        named = {entry.id: entry for target in targets for entry in _named(index, target)}
        removed = tuple(named[id] for id in sorted(named))
        if len(removed) == len(index):
            raise UserError(f"these are all the {len(index):,} works of {home}; an index keeps at least one.")
        ids = np.array([entry.id for entry in removed], np.int64)
        with revised(index, (VECTORS, ROWS, WORKS, THUMBNAILS)) as beside:
            search = without_some(index.folder, beside, index.search_kind, index.works, ids)
            for name in (WORKS, THUMBNAILS):
                shutil.copyfile(index.folder / name, beside / name)
                remove_rows(beside / name, ids)
            return Change(put_revision(index, beside, index.next_id, search), removed=removed)


def _named(index: PaintingIndex, target: str) -> list[IndexedWork]:
    artists = index.works.works_per_artist()
    digits = target.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()):
        return index.works.by_artist(target)
    if target in artists and target == digits:  # there is a painter called 69
        if int(target) in index.artists[0]:
            raise UserError(f"{target} is an artist and the id of a work; for the work write #{target}.")
        return index.works.by_artist(target)
    id = int(digits)
    if id not in index.artists[0]:
        raise UserError(f"the index has no work with the id {id}; see build-index --list --artist NAME.")
    return [IndexedWork(id, index.works.get([id])[0])]
