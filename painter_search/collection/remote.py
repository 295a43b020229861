"""Originals at URLs: listed, read whole, and read by ranges. Each process reaches a URL by a file system of its own."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import lru_cache
from typing import IO, Any, TypeVar, cast

from painter_search.places import PATIENCE, file_system, reaching, shown
from painter_search.progress import say

T = TypeVar("T")
BUFFER = 1 << 20
"""Bytes of an archive that are fetched at once, at least: a painting or two."""

Stamp = tuple[int, str]
"""When a file was last changed (nanoseconds since 1970; 0: not told), and where only that is told, its version."""


def find_files(url: str) -> list[tuple[str, int, Stamp]] | None:
    """The files in a folder and its folders: path inside, bytes (0 where nobody tells) and stamp; None for a file.

    Hidden files and symbolic links are passed over. Raises `FileNotFoundError` where nothing is there, and `UserError`
    where the URL cannot be reached: half a listing is none.
    """
    found: list[tuple[str, int, Stamp]] = []
    with reaching(url):
        system, root = _system(url)
        system.invalidate_cache()
        if system.info(root)["type"] != "directory":
            return None
        say(f"Listing {shown(url)}")
        pending = [(root, "")]  # not the file system's own walk, which passes over folders that it fails to list
        while pending:
            folder, inside = pending.pop()
            for about in system.ls(folder, detail=True):
                path = about["name"].rstrip("/")
                name = path.rpartition("/")[2]
                if path == folder.rstrip("/") or name.startswith(".") or about.get("islink"):
                    continue  # stores may list a folder as a file within itself
                if about["type"] == "directory":
                    pending.append((path, f"{inside}{name}/"))
                elif about["type"] == "file":
                    found.append((f"{inside}{name}", about.get("size") or 0, _stamp(about)))
    return found


def stamp_of(url: str) -> Stamp:
    """The stamp of the file at a URL."""
    with reaching(url):
        system, root = _system(url)
        return _stamp(system.info(root))


def read_whole(url: str, file: str, size: int, most: int) -> bytes:
    """A file in a URL's folder, at most that many bytes of it.

    Raises `UserError` where it cannot be fetched, is gone, or breaks off before `size`.
    """
    with _fetching(f"{url}/{file}"):
        system, root = _system(url)
        path = f"{root.rstrip('/')}/{file}"
        if size:
            content: bytes = system.cat_file(path, end=most)  # one request
        else:  # stores refuse a range of an empty file
            with system.open(path, "rb") as opened:
                content = opened.read(most)
        if len(content) < min(size, most):
            raise EOFError(f"{len(content):,} of {size:,} bytes came")
        return content


def open_ranges(url: str) -> IO[bytes]:
    """The file at a URL, of which only what is read is fetched.

    Failures to fetch raise `UserError`, never `OSError`, which readers of archives take for damage.
    """
    with _fetching(url):
        system, root = _system(url)
        # What is read ahead here need not be read ahead there.
        return cast(IO[bytes], io.BufferedReader(_Ranges(url, system.open(root, "rb", cache_type="none")), BUFFER))


def in_time(url: str, fetch: Callable[[], T]) -> T:
    """What `fetch` returns or raises; raises `UserError` where that takes too long."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(fetch())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()  # one that hangs keeps nothing from ending
    try:
        return outcome.result(timeout=PATIENCE)
    except FutureTimeoutError:
        with reaching(url):
            raise TimeoutError(f"nothing came in {PATIENCE} s") from None


class _Ranges(io.RawIOBase):
    def __init__(self, url: str, file: Any) -> None:
        self._url, self._file, self._at = url, file, 0
        self._size: int = file.seek(0, io.SEEK_END)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = offset + (0, self._at, self._size)[whence]
        if at < 0:
            raise OSError("before the beginning of the file")
        self._at = at
        return at

    def readinto(self, buffer: Any) -> int:
        wanted = max(0, min(len(buffer), self._size - self._at))
        with _fetching(self._url):
            self._file.seek(self._at)
            content = self._file.read(wanted) if wanted else b""
            if len(content) < wanted:
                raise EOFError(f"{len(content):,} of {wanted:,} bytes came")
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


@contextmanager
def _fetching(url: str) -> Iterator[None]:
    with reaching(url):
        try:
            yield
        except FileNotFoundError as error:
            raise OSError("gone since it was listed") from error


@lru_cache(maxsize=8)
def _system(url: str) -> tuple[Any, str]:
    # fsspec keeps one a thread; this is one a process.
    return file_system(url)


def _stamp(about: dict[str, Any]) -> Stamp:
    for key in ("mtime", "LastModified", "last_modified", "updated", "created"):
        told = about.get(key)
        if isinstance(told, datetime):
            told = (told if told.tzinfo else told.replace(tzinfo=timezone.utc)).timestamp()
        if isinstance(told, int | float):
            return int(told * 1e9), ""
    return 0, str(about.get("ETag") or about.get("etag") or "")
