"""SQLite files as many threads read them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from painter_search.retrieval.database import open_read_only, write_database


def test_many_threads_may_ask_one_connection_the_same(tmp_path: Path) -> None:
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
        assert all(threads.map(is_right, [number % 300 for number in range(5000)]))
    reading.close()
