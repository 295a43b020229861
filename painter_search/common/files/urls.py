"""Locations of files: paths on this machine, or URLs that fsspec reads (`s3://bucket/folder`, `gs://…`, `sftp://…`)."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, Protocol, TypeGuard, overload
from urllib.parse import unquote, urlsplit

from painter_search.common.errors import (
    InvalidValueError,
    MissingPackageError,
    PainterSearchError,
    UnreachableError,
    first_line,
)
from painter_search.common.files.atomic_io import write_bytes

Location = str | Path
"""A folder or file: a `Path` on this machine, or a URL as a `str`."""
TIMEOUT_SECONDS = 600
"""Seconds after which fetching one file from a URL is given up."""


class FileSystem(Protocol):
    """The methods of fsspec's `AbstractFileSystem` that this package calls."""

    def info(self, path: str) -> Mapping[str, Any]: ...
    @overload
    def ls(self, path: str, detail: Literal[False]) -> Sequence[str]: ...
    @overload
    def ls(self, path: str, detail: Literal[True]) -> Sequence[Mapping[str, Any]]: ...
    def open(self, path: str, mode: str, **options: str) -> IO[bytes]: ...
    def cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes: ...
    def pipe_file(self, path: str, value: bytes) -> None: ...
    def makedirs(self, path: str, exist_ok: bool) -> None: ...
    def mv(self, path1: str, path2: str) -> None: ...
    def invalidate_cache(self) -> None: ...


def parse_location(text: Location) -> Location:
    """A URL as it is, without slashes at its end; a path, or the URL of a local file, as a `Path`."""
    if isinstance(text, Path) or "://" not in text:
        return Path(text)
    return Path(url_path(text)) if text.startswith(("file://", "local://")) else text.rstrip("/")


def as_locations(locations: Location | Iterable[Location]) -> tuple[Location, ...]:
    """Paths and URLs, one or several; a string is one of them, never its letters."""
    return tuple(map(parse_location, _as_iterable(locations)))


def as_paths(paths: Location | Iterable[Location]) -> tuple[Path, ...]:
    """Paths on this machine, one or several; a string is one path, never its letters."""
    return tuple(map(Path, _as_iterable(paths)))


def writable_path(path: Location, flag: str) -> Path:
    """What is given as `flag` to be written, as a `Path`.

    Raises `InvalidValueError` for a URL, also one that a `Path` has shortened.
    """
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/+", os.fspath(path))  # two letters at least: C:/ is a drive
    if scheme is not None:
        raise InvalidValueError(
            f"{flag} is a URL ({scheme[0].rstrip('/')}//…), where nothing is written; write to a path on this machine, "
            "and copy that to the URL."
        )
    return Path(path)


def redact_url(text: Location) -> str:
    """A location, or a text with URLs in it, as it may be printed: without passwords and the keys of signed URLs."""
    return re.sub(r"(https?://[^\s?]*)\?\S*", r"\1", re.sub(r"://[^/\s]*@", "://", str(text)))


def _as_iterable(locations: Location | Iterable[Location]) -> Iterable[Location]:
    return (locations,) if isinstance(locations, str | Path) else locations


def url_path(url: str) -> str:
    """The path of a URL, unquoted; of one that is none, all after its scheme."""
    try:
        return unquote(urlsplit(url).path)
    except ValueError:  # brackets that close nowhere, as for an address of IPv6
        return url.partition("://")[2]


def join_location(folder: Location, name: str) -> Location:
    """The location of a file or folder inside a folder."""
    return folder / name if isinstance(folder, Path) else f"{folder}/{name}"


def file_system(url: str) -> tuple[FileSystem, str]:
    """The fsspec file system of a URL, and the URL's path in it.

    Raises:
        InvalidValueError: No file system has this scheme.
        MissingPackageError: The scheme's package is not installed.
    """
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise MissingPackageError(
            f"{redact_url(url)} needs a package that is not installed ({redact_url(str(error))}); `pip install` it."
        ) from error
    except ValueError as error:
        raise InvalidValueError(f"{redact_url(url)} is no URL that can be read ({redact_url(str(error))}).") from error
    return system, path


@contextmanager
def translate_fs_errors(url: str) -> Iterator[None]:
    """Turn errors of a file system into `UnreachableError`; a missing file stays a `FileNotFoundError`."""
    try:
        yield
    except PainterSearchError:
        raise
    except Exception as error:  # every file system has its own exceptions
        failure = error
        if isinstance(error, FileNotFoundError):
            if not failed_over_http(error.__cause__, url):
                raise
            failure = error.__cause__
        reason = first_line(redact_url(str(failure)) or failure)
        raise UnreachableError(
            f"{redact_url(url)} cannot be reached ({reason}); nothing is lost: run the same command again to continue."
        ) from error


def failed_over_http(cause: BaseException | None, url: str) -> TypeGuard[Exception]:
    """Whether this is why fsspec calls a file missing that may be there: over HTTP it does so whatever went wrong."""
    if "http" not in url or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == 404:
        return False
    return isinstance(cause, OSError | TimeoutError) or type(cause).__module__.partition(".")[0] == "aiohttp"


def read_bytes_from(folder: Location, name: str) -> bytes:
    """The content of a file in a folder.

    Raises `FileNotFoundError` if the file is missing, `UnreachableError` if its URL cannot be reached.
    """
    if isinstance(folder, Path):
        return (folder / name).read_bytes()
    with translate_fs_errors(folder):
        system, root = file_system(folder)
        return system.cat_file(f"{root}/{name}")


def list_names(folder: Location) -> set[str]:
    """The names of the files in a folder; empty if there is no such folder.

    Raises `UnreachableError` if its URL cannot be reached.
    """
    try:
        if isinstance(folder, Path):
            return {path.name for path in folder.iterdir() if path.is_file()}  # opening a pipe would block
        with translate_fs_errors(folder):
            system, root = file_system(folder)
            system.invalidate_cache()
            return {str(path).rstrip("/").rpartition("/")[2] for path in system.ls(root, detail=False)}
    except FileNotFoundError:
        return set()


def write_bytes_to(folder: Location, name: str, content: bytes) -> None:
    """Write a file into a folder under a temporary name, then rename it; the folder is made if it is missing."""
    if isinstance(folder, Path):
        write_bytes(folder / name, content)
        return
    with translate_fs_errors(folder):
        system, root = file_system(folder)
        system.makedirs(root, exist_ok=True)
        temporary = f"{root}/.{name}.{os.getpid()}-{uuid.uuid4().hex[:8]}"
        system.pipe_file(temporary, content)
        system.mv(temporary, f"{root}/{name}")
