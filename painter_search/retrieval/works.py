"""The works of an index, in SQLite: opened read-only, nothing is loaded before it is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.fingerprint import FINGERPRINT_BYTES, stack_fingerprints
from painter_search.collection.work import Work
from painter_search.errors import UserError
from painter_search.retrieval.database import Reading, open_read_only, write_database

READERS = 4
"""Connections that read the works near a query: of a large index every one lies on a page of its own, and a disk finds
several in the time of one."""
COLUMNS = tuple(field.name for field in fields(Work))
SCHEMA = f"""
CREATE TABLE works (id INTEGER PRIMARY KEY, {", ".join(f"{column} TEXT NOT NULL" for column in COLUMNS)},
                    fingerprint BLOB NOT NULL, isolation REAL NOT NULL, UNIQUE (collection, file));
CREATE INDEX works_artist ON works (artist);
CREATE INDEX works_file ON works (file);
"""


def write_works(path: Path, rows: Iterable[tuple[int, Work, bytes]]) -> None:
    """Write works with their ids and fingerprints."""
    path.unlink(missing_ok=True)
    with write_database(path) as database:
        database.executescript(SCHEMA)
    add_works(path, rows)


def add_works(path: Path, rows: Iterable[tuple[int, Work, bytes]]) -> None:
    """Write further works with their ids and fingerprints."""
    places = ", ".join("?" * (len(COLUMNS) + 3))
    with write_database(path) as database:
        database.executemany(
            f"INSERT INTO works VALUES ({places})",
            ((id, *(getattr(work, column) for column in COLUMNS), mark, 1.0) for id, work, mark in rows),
        )


def write_isolations(path: Path, ids: Iterable[int], isolations: Iterable[float]) -> None:
    """Write how isolated works lie; see `scores/artists.py`."""
    with write_database(path) as database:
        database.executemany(
            "UPDATE works SET isolation = ? WHERE id = ?",
            ((float(isolation), int(id)) for id, isolation in zip(ids, isolations, strict=True)),
        )


def count_artists(path: Path) -> None:
    """Write how many works there are of each artist, so that a query need not count them."""
    with write_database(path) as database:
        database.execute("DROP TABLE IF EXISTS artists")
        database.execute("CREATE TABLE artists (artist TEXT PRIMARY KEY, works INTEGER NOT NULL) WITHOUT ROWID")
        database.execute("INSERT INTO artists SELECT artist, count(*) FROM works GROUP BY artist ORDER BY artist")


def write_thumbnails(path: Path, rows: Iterable[tuple[int, bytes]]) -> None:
    """Write thumbnails (JPEG files) by id."""
    path.unlink(missing_ok=True)
    with write_database(path) as database:
        database.execute("CREATE TABLE thumbnails (id INTEGER PRIMARY KEY, jpeg BLOB NOT NULL)")
    add_thumbnails(path, rows)


def add_thumbnails(path: Path, rows: Iterable[tuple[int, bytes]]) -> None:
    """Write further thumbnails (JPEG files) by id."""
    with write_database(path) as database:
        database.executemany("INSERT INTO thumbnails VALUES (?, ?)", rows)


def remove_rows(path: Path, ids: Iterable[int]) -> None:
    """Take works, or thumbnails, out of their file, and their content with them."""
    table = path.stem
    with write_database(path) as database:
        database.executemany(f"DELETE FROM {table} WHERE id = ?", ((int(id),) for id in ids))
        database.commit()
        database.execute("VACUUM")


@dataclass(frozen=True)
class IndexedWork:
    """A work under its id, which stays the same as long as the index has it and is never given to another."""

    id: int
    work: Work


class Works:
    """The works and thumbnails of one index."""

    def __init__(self, works: Path, thumbnails: Path) -> None:
        self._works = open_read_only(works)
        self._readers = [self._works]
        self._thumbnails_path = thumbnails
        self._thumbnails: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the files."""
        for reader in self._readers:
            reader.close()
        if self._thumbnails is not None:
            self._thumbnails.close()

    def __len__(self) -> int:
        return int(self._works.execute("SELECT count(*) FROM works").fetchone()[0])

    def get(self, ids: Sequence[int]) -> list[Work]:
        """The works with these ids, in their order."""
        found = {
            row[0]: Work(*map(str, row[1:]))
            for batch in _batches([int(id) for id in ids])
            for row in self._works.execute(
                f"SELECT id, {', '.join(COLUMNS)} FROM works WHERE id IN ({', '.join('?' * len(batch))})",
                batch,
            )
        }
        return [found[int(id)] for id in ids]

    def ids(self) -> NDArray[np.int64]:
        """All ids, in rising order."""
        return np.array([row[0] for row in self._works.execute("SELECT id FROM works ORDER BY id")], dtype=np.int64)

    def artists(self) -> tuple[NDArray[np.int64], list[str]]:
        """All ids and their artists, in order of id."""
        rows = self._works.execute("SELECT id, artist FROM works ORDER BY id").fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64), [str(row[1]) for row in rows]

    def works_per_artist(self) -> dict[str, int]:
        """How many works the index has of each artist."""
        return dict(self._works.execute("SELECT artist, count(*) FROM works GROUP BY artist ORDER BY artist"))

    def collections(self) -> list[str]:
        """The collections that the works are from."""
        return [row[0] for row in self._works.execute("SELECT DISTINCT collection FROM works ORDER BY collection")]

    def styles(self) -> list[str]:
        """The styles that works are said to be of."""
        found = self._works.execute("SELECT DISTINCT style FROM works WHERE style <> '' ORDER BY style")
        return [row[0] for row in found]

    def files_of(self, collection: str) -> set[str]:
        """The files of the works from one collection."""
        return {row[0] for row in self._works.execute("SELECT file FROM works WHERE collection = ?", (collection,))}

    def by_artist(self, artist: str) -> list[IndexedWork]:
        """An artist's works in order of id. Raises `UserError` where the index has none."""
        rows = self._works.execute(
            f"SELECT id, {', '.join(COLUMNS)} FROM works WHERE artist = ? ORDER BY id", (artist,)
        ).fetchall()
        if not rows:
            raise unknown_artist(artist, self.works_per_artist())
        return [IndexedWork(row[0], Work(*map(str, row[1:]))) for row in rows]

    def ids_of(self, names: Sequence[str]) -> dict[str, int]:
        """The ids of works named `file` or `collection/file`; names that are not in the index are left out.

        Raises `UserError` for a file name that two collections share.
        """
        found: dict[str, int] = {}
        for batch in _batches(list(names)):
            places = ", ".join("?" * len(batch))
            by_file = self._works.execute(
                f"SELECT file, min(id), count(*) FROM works WHERE file IN ({places}) GROUP BY file", batch
            )
            for name, id, times in by_file:
                if times > 1:
                    raise UserError(
                        f"{times} collections in this index have a work {name}; name it as collection/{name}."
                    )
                found[name] = id
            if any("/" in name for name in batch):
                full = f"SELECT collection || '/' || file, id FROM works WHERE collection || '/' || file IN ({places})"
                found.update(self._works.execute(full, batch))
        return found

    def fingerprints(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """All ids, and all fingerprints as uint8 `[n, FINGERPRINT_BYTES]`."""
        rows = self._works.execute("SELECT id, fingerprint FROM works ORDER BY id").fetchall()
        _require_whole(row[1] for row in rows)
        marks = stack_fingerprints(row[1] for row in rows)
        return np.array([row[0] for row in rows], dtype=np.int64), marks

    def known(self, ids: NDArray[np.int64]) -> list[tuple[int, str, bytes, float]]:
        """Id, artist, fingerprint and isolation of the works with these ids, in order of id."""
        found = self._look_up("artist, fingerprint, isolation", ids)
        _require_whole(row[2] for row in found)
        return found

    def _look_up(self, columns: str, ids: NDArray[np.int64]) -> list[Any]:
        """Id and columns of the works with these ids, in order of id, looked up by several readers at once."""
        while len(self._readers) < READERS:
            self._readers.append(open_read_only(self._works.path))

        def read(reader: Reading, part: NDArray[np.int64]) -> list[Any]:
            rows: list[Any] = []
            for batch in _batches([int(id) for id in part]):
                places = ", ".join("?" * len(batch))
                rows += reader.execute(f"SELECT id, {columns} FROM works WHERE id IN ({places}) ORDER BY id", batch)
            return rows

        with ThreadPoolExecutor(READERS) as pool:
            parts = pool.map(read, self._readers, np.array_split(np.sort(ids), READERS))
            return [row for part in parts for row in part]

    def ids_by(self, artist: str) -> NDArray[np.int64]:
        """The ids of an artist's works, in rising order; none where the index has none."""
        rows = self._works.execute("SELECT id FROM works WHERE artist = ? ORDER BY id", (artist,))
        return np.array([row[0] for row in rows], np.int64)

    def count_by(self, artists: Sequence[str], among: NDArray[np.int64] | None = None) -> dict[str, int]:
        """How many works the index has of some artists; with `among`, how many with these (ascending) ids."""
        counts = dict.fromkeys(artists, 0)
        for batch in _batches(list(artists)):
            places = ", ".join("?" * len(batch))
            if among is None:
                query = f"SELECT artist, works FROM artists WHERE artist IN ({places})"
                counts.update(self._works.execute(query, batch))
                continue
            rows = self._works.execute(f"SELECT artist, id FROM works WHERE artist IN ({places})", batch).fetchall()
            for (artist, _), chosen in zip(rows, np.isin([id for _, id in rows], among), strict=True):
                counts[artist] += int(chosen)
        return counts

    def draw(self, count: int, highest: int) -> NDArray[np.int64]:
        """Ids of about `count` works drawn at random, without a look at the others: ids up to `highest` are drawn, and
        those of works that have been removed are left out."""
        tried = 1 + np.random.default_rng(0).choice(highest, min(count, highest), replace=False)
        return np.array([row[0] for row in self._look_up("1", tried)], np.int64)

    def isolations(self) -> NDArray[np.float32]:
        """How isolated all works lie, in order of id."""
        found = [row[0] for row in self._works.execute("SELECT isolation FROM works ORDER BY id")]
        if not all(isinstance(one, float) and 0 <= one < float("inf") for one in found):
            raise UserError("the index has a work without its isolation; it is damaged: copy or build it again.")
        return np.array(found, np.float32)

    def thumbnail(self, id: int) -> bytes:
        """The whole painting as a JPEG file."""
        if self._thumbnails is None:
            self._thumbnails = open_read_only(self._thumbnails_path)
        row = self._thumbnails.execute("SELECT jpeg FROM thumbnails WHERE id = ?", (int(id),)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise UserError(f"{self._thumbnails_path} lacks the thumbnail of work {id}; copy or build the index again.")
        return row[0]


def _require_whole(fingerprints: Iterable[object]) -> None:
    if not all(isinstance(mark, bytes) and len(mark) == FINGERPRINT_BYTES for mark in fingerprints):
        raise UserError("the index has a work without a whole fingerprint; it is damaged: copy or build it again.")


def unknown_artist(name: str, artists: Iterable[str]) -> UserError:
    """What to say of an artist whom the index lacks: which names are spelt like it."""
    from difflib import get_close_matches

    folded = {artist.casefold(): artist for artist in sorted(artists)}
    within = [match for match in folded if name.casefold() in match]
    close = [folded[match] for match in [*within, *get_close_matches(name.casefold(), folded)][:3]]
    listed = "its artists are listed by build-index --list and on the server's page of artists."
    hint = f"did you mean {' or '.join(dict.fromkeys(close))}?" if close else listed
    return UserError(f"the index has no work by {name}; {hint}")


def _batches(items: list) -> Iterable[list]:
    # SQLite takes a limited number of placeholders in one statement.
    return (items[start : start + 900] for start in range(0, len(items), 900))
