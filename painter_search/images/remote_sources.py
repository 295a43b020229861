"""Originals at URLs, through fsspec: folders listed, files read whole, archives read by ranges."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, TypeVar, cast

from painter_search.common.files.urls import (
    TIMEOUT_SECONDS,
    FileSystem,
    failed_over_http,
    file_system,
    redact_url,
    translate_fs_errors,
)
from painter_search.common.log import logger
from painter_search.images.listing.side_files import is_side_file, is_side_folder

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")
BUFFER_BYTES = 1 << 20
"""Bytes of an archive that one request fetches at least: a painting or two."""


@dataclass(frozen=True)
class RemoteFile:
    """A file as its file system lists it."""

    path: str
    """Path inside the listed folder."""
    size: int
    """Bytes; 0 if the file system does not tell."""
    changed_ns: int
    """Last change in nanoseconds since 1970; 0 if the file system does not tell."""
    version: str
    """The file system's ETag where it does not tell the last change, else empty."""


@dataclass(frozen=True)
class RemoteFolder:
    """What a folder and its sub-folders hold, without hidden and side files."""

    files: list[RemoteFile]
    links: list[str]
    """Paths of symbolic links, which are not followed."""


def list_files(url: str) -> RemoteFolder | None:
    """The files in a folder and its sub-folders; None if the URL is a file.

    Raises `FileNotFoundError` if there is nothing at the URL, `UnreachableError` if any part of it cannot be listed.
    """
    files: list[RemoteFile] = []
    links: list[str] = []
    with translate_fs_errors(url):
        system, root = _system(url)
        system.invalidate_cache()
        if system.info(root)["type"] != "directory":
            return None
        logger.info(f"Listing {redact_url(url)}")
        pending = [(root, "")]  # not fsspec's own `walk`, which skips folders that it fails to list
        while pending:
            folder, prefix = pending.pop()
            for info in system.ls(folder, detail=True):
                path = info["name"].rstrip("/")
                name = path.rpartition("/")[2]
                is_folder = info["type"] == "directory"
                is_side = is_side_folder(name, PurePosixPath(folder).name) if is_folder else is_side_file(name)
                if is_side or path == folder.rstrip("/"):
                    continue  # object stores may list a folder inside itself
                if info.get("islink") or info["type"] == "link":
                    links.append(f"{prefix}{name}")
                elif is_folder:
                    pending.append((path, f"{prefix}{name}/"))
                elif info["type"] == "file":
                    files.append(_remote_file(f"{prefix}{name}", info))
    return RemoteFolder(files, links)


def describe_file(url: str) -> RemoteFile:
    """The file at a URL; its `path` is empty."""
    with translate_fs_errors(url):
        system, root = _system(url)
        return _remote_file("", system.info(root))


def read_whole(url: str, file: str, size: int, max_bytes: int) -> bytes:
    """At most the first `max_bytes` bytes of a file in the folder at a URL.

    Raises `UnreachableError` if it cannot be fetched, is gone, or ends before its listed `size`.
    """
    with _fetching(f"{url}/{file}"):
        system, root = _system(url)
        path = f"{root.rstrip('/')}/{file}"
        if size:
            content = system.cat_file(path, end=max_bytes)  # one request
        else:  # stores refuse to read a range of an empty file
            with system.open(path, "rb") as opened:
                content = opened.read(max_bytes)
        if len(content) < min(size, max_bytes):
            raise EOFError(f"{len(content):,} of {size:,} bytes came")
        return content


def open_ranges(url: str) -> IO[bytes]:
    """Open the file at a URL so that only the ranges that are read are fetched.

    Failures to fetch raise `UnreachableError`, never `OSError`, which readers of archives would take for damage.
    """
    with _fetching(url):
        system, root = _system(url)
        # fsspec need not read ahead: the buffer here does.
        return cast(
            IO[bytes], io.BufferedReader(_RangeReader(url, system.open(root, "rb", cache_type="none")), BUFFER_BYTES)
        )


def fetch_with_timeout(url: str, fetch: Callable[[], T]) -> T:
    """What `fetch` returns or raises; raises `UnreachableError` if it takes longer than `TIMEOUT_SECONDS`."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(fetch())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()  # a daemon: one that hangs does not keep the process alive
    try:
        return outcome.result(timeout=TIMEOUT_SECONDS)
    except FutureTimeoutError:
        with translate_fs_errors(url):
            raise TimeoutError(f"nothing came in {TIMEOUT_SECONDS} s") from None


class _RangeReader(io.RawIOBase):
    """A remote file whose failures to fetch are `UnreachableError`."""

    def __init__(self, url: str, file: IO[bytes]) -> None:
        self._url, self._file, self._position = url, file, 0
        self._size: int = file.seek(0, io.SEEK_END)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        position = offset + (0, self._position, self._size)[whence]
        if position < 0:
            raise OSError("before the beginning of the file")
        self._position = position
        return position

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        wanted = max(0, min(len(target), self._size - self._position))
        with _fetching(self._url):
            self._file.seek(self._position)
            content = self._file.read(wanted) if wanted else b""
            if len(content) < wanted:
                raise EOFError(f"{len(content):,} of {wanted:,} bytes came")
        target[: len(content)] = content
        self._position += len(content)
        return len(content)


@contextmanager
def _fetching(url: str) -> Iterator[None]:
    """Turn all errors into `UnreachableError`, that of a missing file too: it was listed before."""
    with translate_fs_errors(url):
        try:
            yield
        except FileNotFoundError as error:
            if failed_over_http(error.__cause__, url):
                raise
            raise OSError("gone since it was listed") from error


@lru_cache(maxsize=8)
def _system(url: str) -> tuple[FileSystem, str]:
    # One file system per process; fsspec itself keeps one per thread.
    return file_system(url)


def _remote_file(path: str, info: Mapping[str, object]) -> RemoteFile:
    size = info.get("size")
    changed_ns = _changed_ns(info)
    version = "" if changed_ns is not None else str(info.get("ETag") or info.get("etag") or "")
    return RemoteFile(path, size if isinstance(size, int) else 0, changed_ns or 0, version)


def _changed_ns(info: Mapping[str, object]) -> int | None:
    """Last change in nanoseconds since 1970, under any of the keys that fsspec's file systems use."""
    for key in ("mtime", "LastModified", "last_modified", "updated", "created"):
        changed = info.get(key)
        if isinstance(changed, datetime):
            changed = (changed if changed.tzinfo else changed.replace(tzinfo=timezone.utc)).timestamp()
        if isinstance(changed, int | float):
            return int(changed * 1e9)
    return None
