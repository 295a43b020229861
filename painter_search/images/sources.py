"""Sources of originals: folders and zip archives, local or at URLs; archives are read as they are, never unpacked."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

from painter_search.common.errors import DamagedFileError, NotFoundError, PainterSearchError, UnreadableImageError
from painter_search.common.urls import Location, redact_url
from painter_search.images.decode import MAX_BYTES
from painter_search.images.remote_sources import describe_file, fetch_with_timeout, list_files, open_ranges, read_whole


@dataclass(frozen=True)
class Original:
    """One file in a folder or a zip archive."""

    file: str
    """Path inside the container, with forward slashes."""

    container: Location
    """The folder or archive."""

    zipped: bool
    """Whether the container is an archive."""

    size: int
    """Bytes; 0 if unknown."""

    changed_ns: int = 0
    """Last change of the file, or of its archive, in nanoseconds since 1970; 0 if unknown."""

    version: str = ""
    """Version of the file, or of its archive, at a URL whose file system does not tell the last change."""

    @property
    def base_name(self) -> str:
        """The file's name without folders, as catalogues have it."""
        return PurePosixPath(self.file.replace("\\", "/")).name  # archives made on Windows may have backslashes


def list_originals(containers: Iterable[Location], flag: str = "--originals") -> list[Original]:
    """List the files in folders and zip archives, container by container, in order of path, without hidden files.

    Args:
        containers: Folders and archives: paths on this machine as `Path`, URLs as `str`.
        flag: The flag that errors point to, or the command in backticks.

    Raises:
        NotFoundError: A container does not exist.
        DamagedFileError: A container is neither a folder nor a zip archive, or the archive is damaged.
        UnreachableError: A URL cannot be reached.
    """
    originals: list[Original] = []
    for container in containers:
        try:
            listed = _list_local(container) if isinstance(container, Path) else _list_remote(container)
        except FileNotFoundError:
            raise NotFoundError(f"{redact_url(container)} does not exist; check the path after {flag}.") from None
        except zipfile.BadZipFile:
            raise DamagedFileError(
                f"{redact_url(container)} is neither a folder nor a whole zip archive; {flag} takes those two."
            ) from None
        originals += sorted(listed, key=lambda original: original.file)
    return originals


def read_original(original: Original, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of an original.

    Raises:
        UnreadableImageError: The file cannot be read, or is larger than `max_bytes`.
        UnreachableError: Its URL cannot be reached, which is no fault of the file.
    """
    if original.size > max_bytes:
        raise _too_large(original.size)
    if isinstance(original.container, Path):
        if original.zipped:
            return _read_member(original, max_bytes)
        return read_file(original.container / original.file, original.container, max_bytes)
    url = original.container
    if original.zipped:
        return fetch_with_timeout(url, lambda: _read_member(original, max_bytes))
    content = fetch_with_timeout(url, lambda: read_whole(url, original.file, original.size, max_bytes + 1))
    if len(content) > max_bytes:
        raise UnreadableImageError(f"too large a file to read safely (over {max_bytes / 1e6:,.0f} MB)")
    return content


def read_file(path: Path, within: Path | None = None, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a file; raises `UnreadableImageError` if it is not a regular file, unreadable or too large.

    With `within`, a symbolic link that leads out of that folder is not followed.
    """
    try:
        if within is not None and path.is_symlink() and not path.resolve().is_relative_to(within.resolve()):
            raise UnreadableImageError("a symbolic link out of the folder")
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImageError("a folder that cannot be listed")
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would block
            raise UnreadableImageError("not a regular file")
        if status.st_size > max_bytes:
            raise _too_large(status.st_size)
        return path.read_bytes()
    except RuntimeError as error:  # raised before Python 3.13; later an OSError
        raise UnreadableImageError("a symbolic link that leads in a circle") from error
    except OSError as error:
        raise UnreadableImageError(f"cannot be read ({error.strerror})") from error


def _too_large(size: int) -> UnreadableImageError:
    return UnreadableImageError(f"too large a file to read safely ({size / 1e6:,.0f} MB)")


def _read_member(original: Original, max_bytes: int) -> bytes:
    container = original.container
    try:
        changed_ns = container.stat().st_mtime_ns if isinstance(container, Path) else original.changed_ns
        archive = _open_archive(container, changed_ns, original.version)
        if archive.getinfo(original.file).flag_bits & 1:
            raise UnreadableImageError("encrypted in the archive")
        with archive.open(original.file) as member:
            return member.read(max_bytes)
    except PainterSearchError:
        raise
    except Exception as error:
        # Not the whole message of an OSError: it may name paths of this machine, and rejected.csv is shared.
        reason = getattr(error, "strerror", None) or error
        raise UnreadableImageError(f"cannot be read from the archive ({reason})") from error


def _list_local(container: Path) -> Iterable[Original]:
    if container.is_dir():
        return _walk(container)
    if container.is_file() and zipfile.is_zipfile(container):
        return _list_members(container, container.stat().st_mtime_ns)
    raise zipfile.BadZipFile if container.exists() else FileNotFoundError


def _list_remote(url: str) -> Iterable[Original]:
    files = list_files(url)
    if files is not None:
        return [Original(file.path, url, False, file.size, file.changed_ns, file.version) for file in files]
    with open_ranges(url) as content:
        if not zipfile.is_zipfile(content):
            raise zipfile.BadZipFile
    archive = describe_file(url)
    return _list_members(url, archive.changed_ns, archive.version)


def _walk(folder: Path) -> Iterator[Original]:
    unlisted: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=unlisted.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.startswith("."):
                continue
            path = Path(root, name)
            try:
                status = path.lstat()
            except OSError:
                continue  # deleted since it was listed
            file = path.relative_to(folder).as_posix()
            yield Original(file, folder, False, status.st_size, status.st_mtime_ns)
    for error in unlisted:  # folders without permission: reading them gives the reason
        yield Original(Path(error.filename).relative_to(folder).as_posix(), folder, False, 0)


def _list_members(archive: Location, changed_ns: int, version: str = "") -> list[Original]:
    members: dict[str, Original] = {}
    try:
        with zipfile.ZipFile(_open_container(archive)) as opened:
            for member in opened.infolist():
                file = member.filename
                parts = set(file.replace("\\", "/").split("/")) - {".", ".."}
                is_hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
                if member.is_dir() or is_hidden or file in members:
                    continue
                members[file] = Original(file, archive, True, member.file_size, changed_ns, version)
    except PainterSearchError:
        raise
    except Exception as error:  # a damaged directory makes zipfile raise anything
        raise DamagedFileError(
            f"{redact_url(archive)} cannot be read as a zip archive ({error}); fetch it again."
        ) from error
    return list(members.values())


@lru_cache(maxsize=8)
def _open_archive(archive: Location, changed_ns: int, version: str) -> zipfile.ZipFile:
    # Kept open, one per process: opening an archive of 100,000 members takes seconds. A changed one is opened anew.
    return zipfile.ZipFile(_open_container(archive))


def _open_container(archive: Location) -> Path | IO[bytes]:
    return archive if isinstance(archive, Path) else open_ranges(archive)
