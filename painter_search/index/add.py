"""Adds paintings to an index: only they are framed and embedded, as the index's own works were."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.catalogues.inputs import CollectionInputs, read_additions
from painter_search.collection.catalogues.preview import show_preview
from painter_search.collection.cleaning import files_of_uncertain_hands, reject_rows, sort_works
from painter_search.collection.collection import Collection, read_works
from painter_search.collection.framing_journal import frame_originals
from painter_search.collection.hands.folding import fold_name
from painter_search.collection.hands.spellings import find_spellings
from painter_search.collection.work import Work
from painter_search.common.errors import InvalidValueError, NotEnoughDataError
from painter_search.common.files.atomic_io import digest_bytes, start_stage_folder
from painter_search.common.files.csv_io import python_strings, read_rows, write_rows
from painter_search.common.files.urls import Location
from painter_search.common.log import logger
from painter_search.encoder.inference.embedding_shards import (
    embed_shards,
    join_shards,
    missing_shards,
    split_into_shards,
)
from painter_search.images.decode_pool import IN_PROCESS_LIMIT
from painter_search.images.duplicates.search import shows_same_picture
from painter_search.images.duplicates.sketch import PictureSketch
from painter_search.images.fingerprint import coarse_fingerprints, same_picture, stack_fingerprints
from painter_search.images.framing import open_frame
from painter_search.images.photographs.crop import Crop
from painter_search.index.calibration.recalibration import is_trained_on
from painter_search.index.index_reader import IndexReader
from painter_search.index.manifest import PICTURES, REJECTED, THUMBNAILS, WORKS
from painter_search.index.update import Change, locked_index, next_version, publish_version
from painter_search.index.vector_store.base import EMBEDDINGS, VECTORS
from painter_search.index.works.thumbnails import CollectionWork, larger_pictures, make_thumbnails
from painter_search.index.works.works_db import IndexedWork
from painter_search.index.works.works_writer import add_thumbnails, add_works

BLOCK = 256
"""Added works whose nearest are looked for at once."""
ALIKE = 5
"""Works nearest to an added one that are looked at for the same picture."""


@dataclass(frozen=True)
class Additions:
    """Framed works that may be added."""

    collection: Collection
    works: list[Work]
    learned: bool = False
    """Whether the encoder may have learned from some: training works, or works of a collection it was trained on."""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """Files that will not be added, each with the reason."""
    cropped: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What photographs were cropped to, by file."""


@python_strings()
def write_addition(
    index_dir: Path,
    sources: Sequence[Location],
    artist: str | None,
    originals: Sequence[Location],
    *,
    layout: str | None,
    keep_uncertain: bool,
    crop: Crop,
) -> Change:
    """Write the next version of the current index of `index_dir` with more works; see `add_paintings`."""
    with locked_index(index_dir) as index:
        _ = index.encoder  # fail now if there is none
        staging = index_dir / ".adding"
        preview = None
        prepared = [source for source in sources if isinstance(source, Path) and (source / "prepare.json").is_file()]
        if prepared:
            if len(sources) > 1:
                raise InvalidValueError(f"{prepared[0]} is a prepared collection; add it alone.")
            if artist is not None or originals or layout is not None or keep_uncertain:
                raise InvalidValueError(
                    f"{prepared[0]} is a prepared collection, whose works have their artists; add it without --artist, "
                    "--originals, --layout and --keep-uncertain."
                )
            additions = _open_collection(index, prepared[0], staging)
        else:
            inputs = read_additions(sources, artist, originals, layout)
            preview = show_preview(inputs, keep_uncertain)
            additions = _frame(index, inputs, staging, keep_uncertain, crop)
        change = _add(index, _as_spelled(index, additions), staging)
        shutil.rmtree(staging)
        added = {entry.work.file for entry in change.added}
        cropped = tuple((file, part) for file, part in additions.cropped.items() if file in added)
        return replace(change, preview=preview, cropped=cropped)


def _open_collection(index: IndexReader, source: Path, staging: Path) -> Additions:
    collection = Collection.open(source)
    if collection.framing != index.framing:
        raise InvalidValueError(
            f"{source} is framed {collection.framing!r} and the index {index.framing!r}; add its originals instead."
        )
    if collection.picture_size < index.picture_size:
        logger.info(
            f"{source} was prepared with --picture-size {collection.picture_size}, the index is built with "
            f"{index.picture_size}: pages show what is added no larger than it is there."
        )
    start_stage_folder(staging, [index.digest, collection.summary["inputs_digest"]])
    learned = bool(collection.works("train")) or is_trained_on(index.manifest, [collection.name])
    return Additions(collection, collection.works("all"), learned)


def _frame(index: IndexReader, inputs: CollectionInputs, staging: Path, keep_uncertain: bool, crop: Crop) -> Additions:
    """Frame the originals into `staging`, which then serves as a collection."""
    listing = "\n".join(  # at a URL size and time may be unknown
        f"{one.container}\t{one.stored_path}\t{one.file}\t{one.size}\t{one.changed_ns}{one.version}"
        for one in inputs.originals
    )
    table = inputs.catalogue.to_csv(index=False)
    digest = digest_bytes(*(text.encode("utf-8", "surrogatepass") for text in (listing, table)))
    start_stage_folder(staging, [index.digest, digest, str(crop)])
    workers = 1 if len(inputs.originals) <= IN_PROCESS_LIMIT else 0
    unwanted = set() if keep_uncertain else files_of_uncertain_hands(inputs.catalogue)
    framed, rejected = frame_originals(inputs, index.framing, staging, workers, unwanted, crop, index.picture_size)
    usable, refused = reject_rows(inputs.catalogue, keep_uncertain)
    readable = sort_works(usable[usable["new_filename"].isin(framed)])
    left_out = [
        (str(file), str(reason)) for table in (rejected, refused) for file, reason in table.itertuples(index=False)
    ]
    if readable.empty:
        shutil.rmtree(staging)
        first = "; ".join(f"{file}: {reason}" for file, reason in left_out[:3])
        remedy = "; --keep-uncertain adds hands that are no one artist's own" if unwanted else ""
        raise NotEnoughDataError(f"there is no usable image to add ({first}){remedy}.")
    collection = Collection(staging, inputs.name, index.framing, {}, picture_size=index.picture_size)
    cropped = {file: result.crop for file, result in framed.items() if result.crop is not None}
    learned = is_trained_on(index.manifest, [inputs.name])
    return Additions(collection, read_works(readable, inputs.name), learned, left_out, cropped)


def _as_spelled(index: IndexReader, additions: Additions) -> Additions:
    """The additions with their artists' names spelled as the index spells them."""
    namesakes: dict[str, list[str]] = defaultdict(list)
    for artist in index.works.works_per_artist():
        namesakes[fold_name(artist)].append(artist)
    names = {work.artist for work in additions.works}
    meant = {name: find_spellings(name, namesakes[fold_name(name)]) for name in names}
    # A name that several artists of the index share is nobody's of them.
    spellings = {name: found[0] if len(found) == 1 else name for name, found in meant.items()}
    return replace(additions, works=[replace(work, artist=spellings[work.artist]) for work in additions.works])


def _add(index: IndexReader, additions: Additions, staging: Path) -> Change:
    """Embed the additions that the index does not have yet, and publish the next version."""
    collection, left_out = additions.collection, list(additions.left_out)
    artist_fingerprints = ArtistFingerprints(index)
    first_id = index.next_id
    added: list[IndexedWork] = []
    fingerprints: list[bytes] = []

    def thumbnail_of(id: int) -> bytes:
        if id < first_id:
            return index.works.thumbnail(id)
        return next(make_thumbnails([CollectionWork(collection, added[id - first_id].work)])).thumbnail

    def new_thumbnails() -> Iterator[tuple[int, bytes]]:
        entries = [CollectionWork(collection, work) for work in additions.works]
        for work, picture in zip(additions.works, make_thumbnails(entries), strict=True):
            alike = artist_fingerprints.find(work.artist, picture.fingerprint)
            duplicate = next((id for id in alike if _is_copy(picture.thumbnail, thumbnail_of(id))), None)
            if duplicate is not None:
                left_out.append((work.file, f"already in the index (id {duplicate})"))
                continue
            added.append(IndexedWork(first_id + len(added), work))
            artist_fingerprints.append(work.artist, picture.fingerprint, added[-1].id)
            fingerprints.append(picture.fingerprint)
            yield added[-1].id, picture.thumbnail

    with next_version(index, (VECTORS, EMBEDDINGS, WORKS, THUMBNAILS, PICTURES, REJECTED)) as version:
        shutil.copyfile(index.folder / THUMBNAILS, version / THUMBNAILS)
        add_thumbnails(version / THUMBNAILS, new_thumbnails())
        if not added:
            return Change(index.folder, left_out=tuple(left_out))
        frames = [collection.frame_path(entry.work.file) for entry in added]
        shards = split_into_shards([entry.work.name for entry in added], frames, first_id)
        shard_dir = staging / "shards"
        embed_shards(index.encoder, missing_shards(shards, shard_dir), shard_dir)
        vectors = join_shards(shards, shard_dir, staging / EMBEDDINGS)
        ids = np.array([entry.id for entry in added], np.int64)
        _tell_of_other_artists(index, added, vectors, fingerprints)
        if index.has_larger_pictures:
            shutil.copyfile(index.folder / PICTURES, version / PICTURES)
            numbered = [(entry.id, CollectionWork(collection, entry.work)) for entry in added]
            add_thumbnails(version / PICTURES, larger_pictures(numbered, index.picture_size))
        works = _with_unique_names(index, [entry.work for entry in added])
        shutil.copyfile(index.folder / WORKS, version / WORKS)
        add_works(version / WORKS, zip(ids.tolist(), works, fingerprints, strict=True))
        _write_rejected(index.folder / REJECTED, version / REJECTED, left_out)
        search = index.store.write_with(version, vectors, ids, index.works.ids())
        split = "all" if additions.learned else index.manifest.split
        folder = publish_version(index, version, first_id + len(added), search, split)
    entries = tuple(IndexedWork(entry.id, work) for entry, work in zip(added, works, strict=True))
    return Change(folder, entries, left_out=tuple(left_out))


def _tell_of_other_artists(
    index: IndexReader, added: Sequence[IndexedWork], vectors: NDArray[np.float32], fingerprints: Sequence[bytes]
) -> None:
    """Say which pictures are added that the index has under another artist, among the works nearest to each."""
    blocks = range(0, len(vectors), BLOCK)
    nearest = np.concatenate([index.store.search(vectors[start : start + BLOCK], ALIKE)[1] for start in blocks])
    for entry, near, fingerprint in zip(added, nearest, fingerprints, strict=True):
        rows = index.works.candidate_rows(near[near >= 0])
        same = same_picture(fingerprint, stack_fingerprints(row.fingerprint for row in rows))
        for row, is_same in zip(rows, same, strict=True):
            if is_same and row.artist != entry.work.artist:
                logger.info(
                    f"{entry.work.file} is added under {entry.work.artist}, and the very picture is in the index "
                    f"under {row.artist} (id {row.id}); remove one of them if that is wrong."
                )


@dataclass(frozen=True)
class _Fingerprints:
    """The pictures of one artist."""

    ids: NDArray[np.int64]
    stacked: NDArray[np.uint8]
    coarse: NDArray[np.float32]


class ArtistFingerprints:
    """The pictures that an index has of each artist, and those that are being added."""

    def __init__(self, index: IndexReader) -> None:
        self._works = index.works
        self._by_artist: dict[str, _Fingerprints] = {}

    def find(self, artist: str, fingerprint: bytes) -> list[int]:
        """The ids of the artist's works whose fingerprints are the same."""
        known = self._of(artist)
        return [int(id) for id in known.ids[same_picture(fingerprint, known.stacked, known.coarse)]]

    def append(self, artist: str, fingerprint: bytes, id: int) -> None:
        """Count a picture among the artist's."""
        known, row = self._of(artist), stack_fingerprints([fingerprint])
        self._by_artist[artist] = _Fingerprints(
            np.append(known.ids, id),
            np.vstack([known.stacked, row]),
            np.vstack([known.coarse, coarse_fingerprints(row)]),
        )

    def _of(self, artist: str) -> _Fingerprints:
        if artist not in self._by_artist:
            rows = self._works.candidate_rows(self._works.ids_by_artist(artist))
            stacked = stack_fingerprints(row.fingerprint for row in rows)
            ids = np.array([row.id for row in rows], np.int64)
            self._by_artist[artist] = _Fingerprints(ids, stacked, coarse_fingerprints(stacked))
        return self._by_artist[artist]


def _is_copy(one: bytes, other: bytes) -> bool:
    """Whether two thumbnails are of the very same picture; blank ones, such as monochromes, byte for byte."""
    if one == other:
        return True
    sketches = (PictureSketch.from_image(open_frame(jpeg)) for jpeg in (one, other))
    return shows_same_picture(*sketches) is True


def _with_unique_names(index: IndexReader, works: Sequence[Work]) -> list[Work]:
    """The works, under a numbered collection if the index has other pictures of the same collection and file."""
    collection, files = works[0].collection, {work.file for work in works}
    names = (collection if number == 1 else f"{collection}-{number}" for number in count(1))
    name = next(name for name in names if not files & index.works.files_of(name))
    return [replace(work, collection=name) for work in works]


def _write_rejected(before: Path, path: Path, left_out: Sequence[tuple[str, str]]) -> None:
    """Write the index's list of rejected files with those of this addition; no file if there are none."""
    listed = [(row.get("file", ""), row.get("reason", "")) for row in read_rows(before)] if before.is_file() else []
    if rows := dict.fromkeys([*listed, *left_out]):
        write_rows(path, ("file", "reason"), *rows)
