"""SQLite files read as untrusted input, by many threads."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from painter_search.common.errors import DamagedFileError, UnreachableError
from painter_search.common.files.sqlite import open_read_only, write_database


def test_read_only_connection_is_thread_safe(tmp_path: Path) -> None:
    path = tmp_path / "thumbnails.sqlite"
    with write_database(path) as database:
        database.execute("CREATE TABLE thumbnails (id INTEGER PRIMARY KEY, jpeg BLOB NOT NULL)")
        database.executemany("INSERT INTO thumbnails VALUES (?, ?)", ((id, b"%d" % id * 500) for id in range(300)))
    reading = open_read_only(path)

    def is_right(id: int) -> bool:
        return bool(
            reading.execute("SELECT jpeg FROM thumbnails WHERE id = ?", (id,)).fetchone()[0] == b"%d" % id * 500
        )

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(is_right, [number % 300 for number in range(3000)]))
    reading.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW works AS SELECT 1 AS id",
        "CREATE VIRTUAL TABLE works USING fts5(id)",
        "CREATE TABLE works (id INTEGER, twice AS (2 * id))",
    ],
)
def test_open_read_only_refuses_more_than_plain_tables(statement: str, tmp_path: Path) -> None:
    with write_database(tmp_path / "works.sqlite") as database:
        database.execute(statement)
    with pytest.raises(DamagedFileError, match="is damaged, or not a file of this package"):
        open_read_only(tmp_path / "works.sqlite")


def test_open_read_only_refuses_other_files_and_broken_queries(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("text " * 200)
    with pytest.raises(DamagedFileError):
        open_read_only(tmp_path / "text.sqlite")
    with write_database(tmp_path / "works.sqlite") as database:
        database.execute("CREATE TABLE works (id INTEGER)")
    with pytest.raises(DamagedFileError):
        open_read_only(tmp_path / "works.sqlite").execute("SELECT title FROM works")


def test_write_database_names_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="cannot be written"), write_database(tmp_path / "none" / "a.sqlite"):
        pass
