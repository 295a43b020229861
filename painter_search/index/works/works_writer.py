"""Writing the works of an index, and their pictures, as SQLite files; `works_db.py` reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.work import Work
from painter_search.common.files.sqlite import write_database
from painter_search.index.works.works_db import COLUMNS

SCHEMA = f"""
CREATE TABLE works (id INTEGER PRIMARY KEY, {", ".join(f"{column} TEXT NOT NULL" for column in COLUMNS)},
                    fingerprint BLOB NOT NULL, isolation REAL NOT NULL, UNIQUE (collection, file));
CREATE INDEX works_artist ON works (artist);
CREATE INDEX works_file ON works (file);
"""
"""The column `isolation` holds the works' local scales."""


def write_works(path: Path, rows: Iterable[tuple[int, Work, bytes]]) -> None:
    """Write a new file of works: id, work and fingerprint of each."""
    path.unlink(missing_ok=True)
    with write_database(path) as database:
        database.executescript(SCHEMA)
    add_works(path, rows)


def add_works(path: Path, rows: Iterable[tuple[int, Work, bytes]]) -> None:
    """Add works to a file: id, work and fingerprint of each. Their local scales are 1 until they are computed."""
    placeholders = ", ".join("?" * (len(COLUMNS) + 3))
    with write_database(path) as database:
        database.executemany(
            f"INSERT INTO works VALUES ({placeholders})",
            ((id, *(getattr(work, column) for column in COLUMNS), fingerprint, 1.0) for id, work, fingerprint in rows),
        )


def write_local_scales(path: Path, ids: Iterable[int], local_scales: Iterable[float]) -> None:
    """Write the local scales of works; see `metrics/local_scaling.py`."""
    with write_database(path) as database:
        database.executemany(
            "UPDATE works SET isolation = ? WHERE id = ?",
            ((float(scale), int(id)) for id, scale in zip(ids, local_scales, strict=True)),
        )


def write_artist_counts(path: Path) -> None:
    """Write the number of works of each artist into a table, so that a query need not count them."""
    with write_database(path) as database:
        database.execute("DROP TABLE IF EXISTS artists")
        database.execute("CREATE TABLE artists (artist TEXT PRIMARY KEY, works INTEGER NOT NULL) WITHOUT ROWID")
        database.execute("INSERT INTO artists SELECT artist, count(*) FROM works GROUP BY artist ORDER BY artist")


def write_artist_means(path: Path, means: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    """Write the mean of each artist's works under PLDA into a table, so that a query need not read them all."""
    with write_database(path) as database:
        database.execute("DROP TABLE IF EXISTS artist_means")
        database.execute("CREATE TABLE artist_means (artist TEXT PRIMARY KEY, mean BLOB NOT NULL)")
        rows = ((artist, mean.tobytes()) for artist, mean in means)
        database.executemany("INSERT INTO artist_means VALUES (?, ?)", rows)


def write_thumbnails(path: Path, rows: Iterable[tuple[int, bytes]]) -> None:
    """Write a new file of thumbnails, or of larger pictures: id and JPEG file of each."""
    path.unlink(missing_ok=True)
    with write_database(path) as database:
        database.execute(f"CREATE TABLE {path.stem} (id INTEGER PRIMARY KEY, jpeg BLOB NOT NULL)")
    add_thumbnails(path, rows)


def add_thumbnails(path: Path, rows: Iterable[tuple[int, bytes]]) -> None:
    """Add thumbnails, or larger pictures, to a file: id and JPEG file of each."""
    with write_database(path) as database:
        database.executemany(f"INSERT INTO {path.stem} VALUES (?, ?)", rows)


def remove_rows(path: Path, ids: Iterable[int]) -> None:
    """Remove works from `works.sqlite`, or pictures from the files of them, and their bytes from the file."""
    table = path.stem
    with write_database(path) as database:
        database.executemany(f"DELETE FROM {table} WHERE id = ?", ((int(id),) for id in ids))
        database.commit()
        database.execute("VACUUM")
