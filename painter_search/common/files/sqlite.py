"""SQLite files: written whole or not at all, and read as untrusted input."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from painter_search.common.errors import DamagedFileError, UnreachableError
from painter_search.common.files.temporary_names import lasting_path


def open_read_only(path: Path) -> ReadOnlyConnection:
    """Open a database that nobody writes to meanwhile, for reading.

    Raises:
        DamagedFileError: Now or by a later query, if the file is damaged, or if it has a view, a virtual table or a
            generated column: these would make the reader run the writer's code.
    """
    if not path.exists():
        raise DamagedFileError(f"{path} is not there any more; copy the index again, or rebuild it.")
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, factory=ReadOnlyConnection)
    except sqlite3.Error as error:
        raise _damaged(path) from error
    connection.path = path
    connection.execute("PRAGMA trusted_schema = OFF")
    not_plain = "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index') OR rootpage = 0"
    generated = "SELECT count(*) FROM sqlite_master AS s, pragma_table_xinfo(s.name) AS c WHERE c.hidden"
    if connection.execute(not_plain).fetchone()[0] or connection.execute(generated).fetchone()[0]:
        raise _damaged(path)
    return connection


@contextmanager
def write_database(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are committed together at the end.

    Raises `UnreachableError` if they cannot be: the disk is full, or the folder is read-only.
    """
    try:
        with closing(sqlite3.connect(path)) as connection, connection:
            yield connection
    except sqlite3.OperationalError as error:
        raise UnreachableError(
            f"{lasting_path(path)} cannot be written ({error}); free some space and run the command again."
        ) from error


class ReadOnlyConnection(sqlite3.Connection):
    """A connection whose `execute` returns rows already fetched, and may be called by many threads at once.

    Raises `DamagedFileError` instead of SQLite's own errors.
    """

    path: Path

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # SQLite itself is thread-safe, but Python shares one prepared statement between equal queries.
        self._lock = threading.Lock()

    def execute(self, *query: Any) -> Any:
        try:
            with self._lock:
                return FetchedRows(super().execute(*query).fetchall())
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _damaged(self.path) from error


class FetchedRows(list[tuple[Any, ...]]):
    """Rows in memory, with a cursor's method for the first."""

    def fetchone(self) -> tuple[Any, ...] | None:
        return self[0] if self else None


def _damaged(path: Path) -> DamagedFileError:
    return DamagedFileError(f"{path} is damaged, or not a file of this package; copy the index again, or rebuild it.")
