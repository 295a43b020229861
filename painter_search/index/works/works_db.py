"""The works of an index in SQLite: opened read-only, nothing is loaded before it is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.dates.years import read_years
from painter_search.collection.work import Work
from painter_search.common.errors import DamagedFileError, InvalidValueError, UnknownWorkError
from painter_search.common.files.sqlite import ReadOnlyConnection, open_read_only
from painter_search.images.fingerprint import FINGERPRINT_BYTES, first_of_each_picture, stack_fingerprints
from painter_search.index.id_sets import as_ids, is_among

T = TypeVar("T")

READERS = 4
"""Connections that look up the works near a query. In a large index each of them is on another page of the file, and a
disk reads several pages in the time of one."""
MAX_LOOKED_UP = 50_000
"""Works whose artists are looked up one by one; for more, every artist's works are gone through."""
MAX_PLACEHOLDERS = 900
"""SQLite limits the number of placeholders in a statement."""
COLUMNS = tuple(field.name for field in fields(Work))


@dataclass(frozen=True)
class IndexedWork:
    """A work under its id, which stays the same as long as the index has it and is never given to another."""

    id: int
    work: Work

    def to_dict(self) -> dict[str, Any]:
        """The id and the catalogue entry as plain values."""
        return {"id": self.id, **asdict(self.work)}


class CandidateRow(NamedTuple):
    """What ranking artists needs to know of a work."""

    id: int
    artist: str
    fingerprint: bytes
    local_scale: float


class WorksDB:
    """The works and thumbnails of one index, which may be read from several threads.

    Every method raises `DamagedFileError` if the file is damaged.
    """

    def __init__(self, works: Path, thumbnails: Path, pictures: Path | None = None) -> None:
        self._works = open_read_only(works)
        self._readers = [self._works]
        self._thumbnails_path = thumbnails
        self._thumbnails: sqlite3.Connection | None = None
        self._pictures_path = pictures
        self._pictures: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the files."""
        for reader in self._readers:
            reader.close()
        if self._thumbnails is not None:
            self._thumbnails.close()
        if self._pictures is not None:
            self._pictures.close()

    def __len__(self) -> int:
        return int(self._works.execute("SELECT count(*) FROM works").fetchone()[0])

    def get(self, ids: int | Sequence[int] | NDArray[np.int64]) -> list[Work]:
        """The works with these ids, one or several, in their order.

        Raises `UnknownWorkError` for an id that no work has, and `InvalidValueError` for what is no whole number.
        """
        wanted: list[int] = as_ids(ids).tolist()
        found = {
            row[0]: Work(*map(str, row[1:]))
            for batch in _batches(wanted)
            for row in self._works.execute(
                f"SELECT id, {', '.join(COLUMNS)} FROM works WHERE id IN ({_placeholders(batch)})", batch
            )
        }
        try:
            return [found[id] for id in wanted]
        except KeyError as error:
            raise unknown_work(error.args[0]) from None

    def ids(self) -> NDArray[np.int64]:
        """All ids in ascending order."""
        return np.array([row[0] for row in self._works.execute("SELECT id FROM works ORDER BY id")], dtype=np.int64)

    def artists(self) -> tuple[NDArray[np.int64], list[str]]:
        """All ids in ascending order, and the artist of each."""
        rows = self._works.execute("SELECT id, artist FROM works ORDER BY id")
        return np.array([row[0] for row in rows], dtype=np.int64), [str(row[1]) for row in rows]

    def works_per_artist(self) -> dict[str, int]:
        """The number of works of each artist, in alphabetical order."""
        return dict(self._works.execute("SELECT artist, count(*) FROM works GROUP BY artist ORDER BY artist"))

    def collections(self) -> list[str]:
        """The names of the collections that the works are from, sorted."""
        return [row[0] for row in self._works.execute("SELECT DISTINCT collection FROM works ORDER BY collection")]

    @cached_property  # every work is gone through
    def styles(self) -> list[str]:
        """The styles of the works, sorted."""
        rows = self._works.execute("SELECT DISTINCT style FROM works WHERE style <> '' ORDER BY style")
        return [row[0] for row in rows]

    @cached_property  # every work is gone through
    def is_dated(self) -> bool:
        """Whether a year can be read from the date of any work."""
        rows = self._works.execute("SELECT DISTINCT date FROM works WHERE date <> ''")
        return any(read_years(row[0]) is not None for row in rows)

    def files_of(self, collection: str) -> set[str]:
        """The files of the works from one collection."""
        return {row[0] for row in self._works.execute("SELECT file FROM works WHERE collection = ?", (collection,))}

    def by_artist(self, artist: str) -> list[IndexedWork]:
        """An artist's works by ascending id, under whichever spelling. Raises `UnknownWorkError` if there are none."""
        artist = self.spelling(artist)
        rows = self._works.execute(
            f"SELECT id, {', '.join(COLUMNS)} FROM works WHERE artist = ? ORDER BY id", (artist,)
        )
        return [IndexedWork(row[0], Work(*map(str, row[1:]))) for row in rows]

    def spelling(self, artist: str) -> str:
        """The artist as the index spells the name; see `find_spellings`.

        Raises `UnknownWorkError` if the index has no such artist, or several.
        """
        if self._works.execute("SELECT 1 FROM works WHERE artist = ? LIMIT 1", (artist,)).fetchone():
            return artist
        from painter_search.collection.hands.spellings import find_spellings  # here: most queries name no artist

        artists = self.works_per_artist()
        meant = find_spellings(artist, artists)
        if len(meant) != 1:
            raise unknown_artist(artist, meant or artists)
        return meant[0]

    def ids_by_artist(self, artist: str) -> NDArray[np.int64]:
        """The ids of an artist's works in ascending order; empty if there are none."""
        rows = self._works.execute("SELECT id FROM works WHERE artist = ? ORDER BY id", (artist,))
        return np.array([row[0] for row in rows], np.int64)

    def ids_of(self, names: Sequence[str]) -> dict[str, int]:
        """The ids of works named `file` or `collection/file`, without names that are not in the index.

        Raises `InvalidValueError` for a file name that two collections share.
        """
        found: dict[str, int] = {}
        for batch in _batches(list(names)):
            by_file = self._works.execute(
                f"SELECT file, min(id), count(*) FROM works WHERE file IN ({_placeholders(batch)}) GROUP BY file", batch
            )
            for name, id, times in by_file:
                if times > 1:
                    raise InvalidValueError(
                        f"{times} collections in this index have a work {name}; name it as collection/{name}."
                    )
                found[name] = id
            if any("/" in name for name in batch):
                full = "SELECT collection || '/' || file, id FROM works WHERE collection || '/' || file IN "
                found.update(self._works.execute(f"{full} ({_placeholders(batch)})", batch))
        return found

    def fingerprints(self) -> NDArray[np.uint8]:
        """The fingerprints of all works, by ascending id: uint8 `[n, FINGERPRINT_BYTES]`."""
        found = [row[0] for row in self._works.execute("SELECT fingerprint FROM works ORDER BY id")]
        _check_fingerprints(found)
        return stack_fingerprints(found)

    def local_scales(self) -> NDArray[np.float32]:
        """The local scales of all works, by ascending id: float32 `[n]`."""
        scales = [row[0] for row in self._works.execute("SELECT isolation FROM works ORDER BY id")]
        if not all(isinstance(scale, float) and 0 <= scale < float("inf") for scale in scales):
            raise DamagedFileError("the index has a work without its isolation; it is damaged: copy or build it again.")
        return np.array(scales, np.float32)

    def candidate_rows(self, ids: NDArray[np.int64]) -> list[CandidateRow]:
        """What ranking artists needs to know of the works with these ids, by ascending id."""
        rows = [CandidateRow(*row) for row in self._look_up("artist, fingerprint, isolation", ids)]
        _check_fingerprints(row.fingerprint for row in rows)
        return rows

    def first_of_each_picture(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of some works, given by ascending id, show a picture that none before them shows: bool `[n]`."""
        return first_of_each_picture(stack_fingerprints(row.fingerprint for row in self.candidate_rows(ids)))

    def count_by_artist(self, artists: Sequence[str]) -> NDArray[np.int64]:
        """The number of works of some artists, in their order."""
        counts = dict.fromkeys(artists, 0)
        for batch in _batches(list(artists)):
            query = f"SELECT artist, works FROM artists WHERE artist IN ({_placeholders(batch)})"
            counts.update(self._works.execute(query, batch))
        return np.array([counts[artist] for artist in artists], np.int64)

    def works_of_artists(
        self, artists: Sequence[str], among: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Works of some artists, if among these ascending ids: ids `[n]`, and places of their artists `[n]`."""
        place = {artist: number for number, artist in enumerate(artists)}
        rows = [
            (id, place[artist])
            for batch in _batches(list(artists))
            for artist, id in self._works.execute(
                f"SELECT artist, id FROM works WHERE artist IN ({_placeholders(batch)})", batch
            )
        ]
        ids, numbers = np.array(rows, np.int64).reshape(-1, 2).T
        left = is_among(ids, among)
        return ids[left], numbers[left]

    def count_artists(self, ids: NDArray[np.int64]) -> int:
        """How many artists painted the works with these ascending ids."""
        if len(ids) <= MAX_LOOKED_UP:
            return len({artist for _, artist in self._look_up("artist", ids)})
        artists = [row[0] for row in self._works.execute("SELECT artist FROM artists")]
        return sum(len(np.unique(self.works_of_artists(batch, ids)[1])) for batch in _batches(artists))

    def artist_means(self, artists: Sequence[str], size: int) -> NDArray[np.float32]:
        """The means of some artists' works under PLDA, in their order: float32 `[n, size]`."""
        found: dict[str, bytes] = {}
        for batch in _batches(list(artists)):
            query = f"SELECT artist, mean FROM artist_means WHERE artist IN ({_placeholders(batch)})"
            found.update(self._works.execute(query, batch))
        if not all(len(found.get(artist, b"")) == 4 * size for artist in artists):
            raise DamagedFileError("the index has an artist without a mean; it is damaged: copy or build it again.")
        means = np.frombuffer(b"".join(found[artist] for artist in artists), "<f4").reshape(len(artists), size)
        if not np.isfinite(means).all():
            raise DamagedFileError("the index has an artist without a mean; it is damaged: copy or build it again.")
        return np.asarray(means, np.float32)

    def draw_ids(self, count: int, max_id: int) -> NDArray[np.int64]:
        """The ids of about `count` random works, in ascending order, without a scan of all: ids up to `max_id` are
        drawn, and those of removed works are left out. Always the same for one index."""
        return self.known_ids(1 + np.random.default_rng(0).choice(max_id, min(count, max_id), replace=False))

    def known_ids(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some ids that works have, in ascending order."""
        return np.array([row[0] for row in self._look_up("1", ids)], np.int64) if len(ids) else ids

    def thumbnail(self, id: int) -> bytes:
        """The whole painting as a JPEG file, 512 px on its longer side."""
        if self._thumbnails is None:
            self._thumbnails = open_read_only(self._thumbnails_path)
        row = self._thumbnails.execute("SELECT jpeg FROM thumbnails WHERE id = ?", (int(id),)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise DamagedFileError(
                f"{self._thumbnails_path} lacks the thumbnail of work {id}; copy or build the index again."
            )
        return row[0]

    def picture(self, id: int) -> bytes | None:
        """The whole painting as a JPEG file, larger than the thumbnail; None where the index has none of it."""
        if self._pictures_path is None:
            return None
        if self._pictures is None:
            self._pictures = open_read_only(self._pictures_path)
        row = self._pictures.execute("SELECT jpeg FROM pictures WHERE id = ?", (int(id),)).fetchone()
        return row[0] if row is not None and isinstance(row[0], bytes) else None

    def _look_up(self, columns: str, ids: NDArray[np.int64]) -> list[tuple[Any, ...]]:
        """Id and columns of the works with these ids, by ascending id, from several connections at once."""
        while len(self._readers) < READERS:
            self._readers.append(open_read_only(self._works.path))

        def read(reader: ReadOnlyConnection, part: NDArray[np.int64]) -> list[tuple[Any, ...]]:
            rows: list[tuple[Any, ...]] = []
            for batch in _batches([int(id) for id in part]):
                query = f"SELECT id, {columns} FROM works WHERE id IN ({_placeholders(batch)}) ORDER BY id"
                rows += reader.execute(query, batch)
            return rows

        with ThreadPoolExecutor(READERS) as pool:
            parts = pool.map(read, self._readers, np.array_split(np.sort(ids), READERS))
            return [row for part in parts for row in part]


def similar_names(name: str, artists: Iterable[str]) -> list[str]:
    """At most three of the artists' names that hold a name or are spelt much like it."""
    from difflib import get_close_matches

    folded = {artist.casefold(): artist for artist in sorted(artists)}
    within = [match for match in folded if name.casefold() in match]
    close = [folded[match] for match in [*within, *get_close_matches(name.casefold(), folded)][:3]]
    return list(dict.fromkeys(close))


def unknown_artist(name: str, artists: Iterable[str]) -> UnknownWorkError:
    """The error for an artist whom the index does not have; it names similar ones."""
    close = similar_names(name, artists)
    listed = "its artists are listed by `build-index list` and on the server's page of artists."
    hint = f"did you mean {' or '.join(close)}?" if close else listed
    return UnknownWorkError(f"the index has no work by {name}; {hint}")


def unknown_work(id: int) -> UnknownWorkError:
    """The error for an id that no work of the index has."""
    return UnknownWorkError(f"the index has no work {id}; `build-index list --artist NAME` names the ids.")


def _check_fingerprints(fingerprints: Iterable[object]) -> None:
    if not all(isinstance(one, bytes) and len(one) == FINGERPRINT_BYTES for one in fingerprints):
        raise DamagedFileError(
            "the index has a work without a whole fingerprint; it is damaged: copy or build it again."
        )


def _batches(items: list[T]) -> Iterator[list[T]]:
    return (items[start : start + MAX_PLACEHOLDERS] for start in range(0, len(items), MAX_PLACEHOLDERS))


def _placeholders(batch: Sequence[object]) -> str:
    return ", ".join("?" * len(batch))
