"""SQLite files: written whole or not at all, and read as what anybody may have written."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from painter_search.errors import UserError


def open_read_only(path: Path) -> Reading:
    """A connection that cannot write, to a file that nobody else writes either.

    Raises `UserError`, now or when something is asked, where the file is damaged or holds more than plain tables: a
    view or a virtual table in a table's place would make the reader compute what the writer wants.
    """
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False, factory=Reading)
    except sqlite3.Error as error:
        raise _damaged(path) from error
    connection.path = path
    connection.execute("PRAGMA trusted_schema = OFF")
    plain = "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index') OR rootpage = 0"
    generated = "SELECT count(*) FROM sqlite_master AS s, pragma_table_xinfo(s.name) AS c WHERE c.hidden"
    if connection.execute(plain).fetchone()[0] or connection.execute(generated).fetchone()[0]:
        raise _damaged(path)
    return connection


@contextmanager
def write_database(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept together at the end. Raises `UserError` where they cannot be, for a full disk
    or a folder that may not be written to."""
    try:
        with closing(sqlite3.connect(path)) as connection, connection:
            yield connection
    except sqlite3.OperationalError as error:
        raise UserError(f"{path} cannot be written ({error}); free some space and run the command again.") from error


class Reading(sqlite3.Connection):
    """Answers with rows already fetched, or with one sentence; many threads may ask, and are answered in turn."""

    path: Path

    def __init__(self, *address: Any, **options: Any) -> None:
        super().__init__(*address, **options)
        # SQLite would bear threads; but Python hands them one prepared statement for the same question.
        self._turn = threading.Lock()

    def execute(self, *question: Any) -> Any:
        try:
            with self._turn:
                return _Rows(super().execute(*question).fetchall())
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _damaged(self.path) from error


class _Rows(list):
    def fetchall(self) -> Sequence[Any]:
        return self

    def fetchone(self) -> Any:
        return self[0] if self else None


def _damaged(path: Path) -> UserError:
    return UserError(f"{path} is damaged, or no file of ours; copy the index again, or build it again.")
