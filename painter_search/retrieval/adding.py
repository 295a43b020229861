"""Adding works to an index: only they are framed and embedded, by the index's own framing and encoder."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.cleaning import in_order, reject_rows
from painter_search.collection.collection import Collection, works_of_catalogue
from painter_search.collection.fingerprint import coarse, same_picture, stack_fingerprints
from painter_search.collection.framing_journal import frame_originals
from painter_search.collection.framing_pool import FEW
from painter_search.collection.inputs import Inputs, gather_additions
from painter_search.collection.triplets import any_text
from painter_search.collection.work import Work
from painter_search.encoder.shards import cut_shards, embed_shards, join_shards, unwritten
from painter_search.errors import UserError
from painter_search.folders import begin_folder, digest_bytes
from painter_search.places import Place, place_of
from painter_search.retrieval.manifest import THUMBNAILS, VECTORS, WORKS
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.pictures import pictures_of
from painter_search.retrieval.revision import Change, changing, put_revision, revised
from painter_search.retrieval.stores import with_more
from painter_search.retrieval.vectors import ROWS
from painter_search.retrieval.works import IndexedWork, add_thumbnails, add_works

REJECTED = "rejected.csv"
LeftOut = list[tuple[str, str]]


@any_text()
def add_paintings(
    home: Path | str, source: Path | str, artist: str | None = None, originals: Sequence[Place] = ()
) -> Change:
    """Add paintings to the current index of `home`.

    `source` is a folder (or zip archive) of images by `artist`, or with one sub-folder per artist; a catalogue, with
    its `originals`; or a prepared collection. A picture that the index has by the same artist is left out, as is a
    file that is no usable image. An interrupted addition leaves the index as it was, and continues when it is run
    again. Raises `UserError` where there is nothing to add, or a collection's framing is not the index's.
    """
    home, source = Path(home), Path(source)
    with changing(home) as index:
        desk = home / ".adding"
        if (source / "prepare.json").is_file():
            collection, works, left_out = _open_collection(index, source, desk)
        else:
            collection, works, left_out = _frame(
                index, gather_additions(source, artist, [place_of(place) for place in originals]), desk
            )
        change = _add(index, collection, works, left_out, desk)
        shutil.rmtree(desk)
        return change


def _open_collection(index: PaintingIndex, source: Path, desk: Path) -> tuple[Collection, list[Work], LeftOut]:
    collection = Collection.open(source)
    if collection.framing != index.framing:
        raise UserError(
            f"{source} is framed {collection.framing!r} and the index {index.framing!r}; add its originals instead."
        )
    begin_folder(desk, [index.digest, collection.report["inputs_digest"]])
    return collection, collection.works("all"), []


def _frame(index: PaintingIndex, inputs: Inputs, desk: Path) -> tuple[Collection, list[Work], LeftOut]:
    """Frame the originals into `desk`, which then serves as a collection."""
    listing = "\n".join(
        f"{original.file}\t{original.size}\t{original.changed_ns}{original.version}" for original in inputs.originals
    )
    table = inputs.catalogue.to_csv(index=False)
    begin_folder(desk, [index.digest, digest_bytes(*(t.encode("utf-8", "surrogatepass") for t in (listing, table)))])
    framed, rejected = frame_originals(inputs, index.framing, desk, workers=1 if len(inputs.originals) <= FEW else 0)
    usable, refused = reject_rows(inputs.catalogue)
    readable = in_order(usable[usable["new_filename"].isin(framed)])
    left_out = [
        (str(file), str(reason)) for found in (rejected, refused) for file, reason in found.itertuples(index=False)
    ]
    if readable.empty:
        shutil.rmtree(desk)
        first = "; ".join(f"{file}: {reason}" for file, reason in left_out[:3])
        raise UserError(f"there is no usable image to add ({first}).")
    collection = Collection(desk, inputs.name, index.framing, {})
    return collection, works_of_catalogue(readable, inputs.name), left_out


def _add(index: PaintingIndex, collection: Collection, works: list[Work], left_out: LeftOut, desk: Path) -> Change:
    known = KnownPictures(index)
    first = index.next_id
    added: list[IndexedWork] = []
    marks: list[bytes] = []

    def new_pictures() -> Iterator[tuple[int, bytes]]:
        for work, (thumbnail, mark) in zip(works, pictures_of([(collection, work) for work in works]), strict=True):
            twin = known.find(work.artist, mark)
            if twin is not None:
                left_out.append((work.file, f"already in the index (id {twin})"))
                continue
            added.append(IndexedWork(first + len(added), work))
            known.remember(work.artist, mark, added[-1].id)
            marks.append(mark)
            yield added[-1].id, thumbnail

    with revised(index, (VECTORS, ROWS, WORKS, THUMBNAILS, REJECTED)) as beside:
        shutil.copyfile(index.folder / THUMBNAILS, beside / THUMBNAILS)
        add_thumbnails(beside / THUMBNAILS, new_pictures())
        if not added:
            return Change(index, left_out=tuple(left_out))
        frames = [collection.frame_path(entry.work.file) for entry in added]
        shards, place = cut_shards([entry.work.name for entry in added], frames, first), desk / "shards"
        embed_shards(index.encoder, unwritten(shards, place), place)
        vectors = join_shards(shards, place, desk / ROWS)
        ids = np.array([entry.id for entry in added], np.int64)
        search = with_more(index.folder, beside, index.search_kind, index.works, vectors, ids)
        shutil.copyfile(index.folder / WORKS, beside / WORKS)
        add_works(beside / WORKS, zip(ids.tolist(), _named_apart(index, added), marks, strict=True))
        _list_rejected(index.folder / REJECTED, beside / REJECTED, left_out)
        revision = put_revision(index, beside, first + len(added), search)
    entries = [IndexedWork(entry.id, work) for entry, work in zip(added, revision.works.get(ids.tolist()), strict=True)]
    return Change(revision, tuple(entries), left_out=tuple(left_out))


class KnownPictures:
    """The pictures that an index has of each artist, and what is added to them."""

    def __init__(self, index: PaintingIndex) -> None:
        self._index = index
        self._seen: dict[str, tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float32]]] = {}

    def find(self, artist: str, mark: bytes) -> int | None:
        """The id of the artist's work that is the picture with this fingerprint."""
        ids, marks, reduced = self._of(artist)
        same = same_picture(mark, marks, reduced)
        return int(ids[same][0]) if same.any() else None

    def remember(self, artist: str, mark: bytes, id: int) -> None:
        """Count a picture among the artist's."""
        ids, marks, reduced = self._of(artist)
        row = stack_fingerprints([mark])
        self._seen[artist] = (np.append(ids, id), np.vstack([marks, row]), np.vstack([reduced, coarse(row)]))

    def _of(self, artist: str) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float32]]:
        if artist not in self._seen:
            rows = self._index.works.known(self._index.works.ids_by(artist))
            marks = stack_fingerprints(row[2] for row in rows)
            self._seen[artist] = np.array([row[0] for row in rows], np.int64), marks, coarse(marks)
        return self._seen[artist]


def _named_apart(index: PaintingIndex, added: Sequence[IndexedWork]) -> list[Work]:
    """The added works; where the index has other pictures of the same names, their collection's name gets a number."""
    base, files = added[0].work.collection, {entry.work.file for entry in added}
    names = (base if number == 1 else f"{base}-{number}" for number in count(1))
    name = next(name for name in names if not files & index.works.files_of(name))
    return [replace(entry.work, collection=name) for entry in added]


def _list_rejected(before: Path, target: Path, left_out: LeftOut) -> None:
    """Write the index's list of files that were left out, with those of this addition."""
    rows: dict[tuple[str, ...], None] = {("file", "reason"): None}
    if before.is_file():
        with before.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            rows.update(dict.fromkeys(map(tuple, csv.reader(file))))
    rows.update(dict.fromkeys(left_out))
    if len(rows) == 1:
        return
    with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
