"""Locations of files: paths on this machine, or URLs that fsspec reads (`s3://bucket/folder`, `gs://…`, `sftp://…`)."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from typing import IO, Any, Literal, Protocol, TypeGuard, cast, overload
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


def check_named(text: str | os.PathLike[str]) -> None:
    """Raise `InvalidValueError` for what is not a path, and for a blank string, to `Path` the current folder."""
    if not isinstance(text, str | os.PathLike):
        raise InvalidValueError(f"{type(text).__name__} is not a path; give a path or a URL.")
    if isinstance(text, str) and not text.strip():
        raise InvalidValueError(
            "a path is empty, perhaps by a shell variable that is not set; name one, or . for the current folder."
        )


def parse_location(text: str | os.PathLike[str]) -> Location:
    """A URL as it is, without slashes at its end; a path, or the URL of a local file, as a `Path` (see `expand_home`).

    Raises `InvalidValueError` for an empty string.
    """
    check_named(text)
    if isinstance(text, os.PathLike) or "://" not in text:
        return expand_home(text)
    return Path(url_path(text)) if text.startswith(("file://", "local://")) else text.rstrip("/")


def expand_home(path: str | os.PathLike[str]) -> Path:
    """A path whose `~/`, which shells leave in `--flag=~/folder`, is the home folder, unless there is such a path."""
    literal = Path(path)
    if literal.parts[:1] != ("~",) or os.path.lexists(literal):
        return literal
    return Path(os.path.expanduser(literal))  # that of `Path` fails where there is no home


def as_locations(locations: Location | Iterable[Location]) -> tuple[Location, ...]:
    """Paths and URLs, one or several; a string is one of them, never its letters.

    A pattern such as `scans/*.jpg`, which the shells of Windows leave as it is, stands for the files that it matches.
    """
    return tuple(found for one in _as_iterable(locations) for found in _expand(parse_location(one)))


def _expand(location: Location) -> Sequence[Location]:
    if isinstance(location, str) or not set("*?") & set(str(location)) or os.path.exists(location):
        return [location]
    # Brackets stand for themselves, as in names of files, and so they do in the shells of Windows.
    return sorted(map(Path, glob(str(location).replace("[", "[[]")))) or [location]


def as_paths(paths: Location | Iterable[Location], flag: str) -> tuple[Path, ...]:
    """Paths on this machine that are given as `flag`, one or several; a string is one path, never its letters.

    Raises `InvalidValueError` as `local_path` does.
    """
    return tuple(local_path(path, flag) for path in _as_iterable(paths))


def local_path(path: Location, flag: str) -> Path:
    """What is given as `flag` to be read on this machine, as a `Path`.

    Raises `InvalidValueError` for an empty string, and for a URL, also one that a `Path` has shortened.
    """
    return _path_here(path, flag, " and takes a path on this machine; download that first.")


def writable_path(path: Location, flag: str) -> Path:
    """What is given as `flag` to be written, as a `Path`.

    Raises `InvalidValueError` for an empty string, and for a URL, also one that a `Path` has shortened.
    """
    return _path_here(
        path, flag, ", where nothing is written; write to a path on this machine, and copy that to the URL."
    )


def _path_here(path: Location, flag: str, remedy: str) -> Path:
    check_named(path)
    if scheme := _scheme(path):
        raise InvalidValueError(f"{flag} is a URL ({scheme}…){remedy}")
    return expand_home(path)


def _scheme(path: Location) -> str:
    """The scheme of a URL, `s3://`; empty for a path."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+:)/+", os.fspath(path))  # two letters at least: C:/ is a drive
    return f"{scheme[1]}//" if scheme else ""


def redact_url(text: Location) -> str:
    """A location, or a text with URLs in it, as it may be printed: without passwords and the keys of signed URLs."""
    return re.sub(r"(https?://[^\s?]*)\?\S*", r"\1", re.sub(r"://[^/\s]*@", "://", str(text)))


def _as_iterable(locations: Location | Iterable[Location]) -> Iterable[Location]:
    is_one = isinstance(locations, str | Path | bytes) or not isinstance(locations, Iterable)
    return (cast(Location, locations),) if is_one else cast("Iterable[Location]", locations)


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
        reason = redact_url(str(error))
        raise InvalidValueError(f"{redact_url(url)} is not a URL that can be read ({reason}).") from error
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
