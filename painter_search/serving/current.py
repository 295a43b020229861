"""The index in use, which may be replaced on disk at any time: each question is answered from one alone."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from pathlib import Path
from weakref import WeakValueDictionary

from painter_search.errors import UserError
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.manifest import find_index
from painter_search.retrieval.painting_index import PaintingIndex

NARROWED = 16
"""Narrowed indexes that are remembered: what they work out from all their works takes a while."""


class CurrentIndex:
    """Gives the index in use, and those before it as long as an answer rests on them."""

    def __init__(self, home: Path) -> None:
        """Open the index at `home`; raises `UserError` where there is none that can be used."""
        self._home = home
        self._lock = threading.Lock()
        self._refused: Path | None = None
        self._known: WeakValueDictionary[str, PaintingIndex] = WeakValueDictionary()
        self._narrowed: OrderedDict[tuple[str, WorkFilter], PaintingIndex] = OrderedDict()
        self._index = self._open(find_index(home))

    def get(self) -> PaintingIndex:
        """The index in use now. One that cannot be used does not take the place of the one before."""
        folder = self._named()
        if folder is not None and folder not in (self._index.folder, self._refused):
            with self._lock:
                if folder not in (self._index.folder, self._refused):
                    try:
                        self._index = self._open(folder)
                        self._narrowed.clear()
                    except UserError as error:
                        self._refused = folder
                        print(f"painter_search: {error} The index before stays in use.", file=sys.stderr)
        return self._index

    def known(self, digest: str) -> PaintingIndex | None:
        """The index of this digest, where it is in use or an answer still rests on it."""
        return self._known.get(digest)

    def narrowed(self, index: PaintingIndex, filter: WorkFilter) -> PaintingIndex:
        """The index with no other works than the filter leaves; raises `UserError` where it leaves none."""
        if filter == WorkFilter():
            return index
        key = (index.digest, filter)
        with self._lock:
            if key in self._narrowed:
                self._narrowed.move_to_end(key)
                return self._narrowed[key]
        found = index.filtered(filter)
        with self._lock:
            self._narrowed[key] = found
            while len(self._narrowed) > NARROWED:
                self._narrowed.popitem(last=False)
        return found

    def _named(self) -> Path | None:
        try:
            return find_index(self._home)
        except (UserError, OSError):
            return None  # it is being moved, or was taken away; what was opened stays open

    def _open(self, folder: Path) -> PaintingIndex:
        index = PaintingIndex.load(folder)
        # Opened now, so that the whole of it stays at hand when its folder is taken away.
        index.works.thumbnail(int(index.artists[0][0]))
        _ = index.encoder, index.encoder_of_many, index.fingerprints, index.isolations, index.sample
        self._known[index.digest] = index
        return index
