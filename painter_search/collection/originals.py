"""Originals where they lie: folders and zip archives, here or at URLs, read as streams and never unpacked."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

from painter_search.collection.framing import MAX_BYTES, UnreadablePainting
from painter_search.collection.remote import find_files, in_time, open_ranges, read_whole, stamp_of
from painter_search.errors import UserError
from painter_search.places import Place, shown


@dataclass(frozen=True)
class Original:
    """One file in a folder or an archive. `file` is its path inside, with forward slashes."""

    file: str
    container: Place
    zipped: bool
    size: int
    changed_ns: int = 0
    """When the file, or the archive, was last changed: nanoseconds since 1970; 0 where nobody tells."""

    version: str = ""
    """Where only that is told: the version that a URL's file system knows the file, or the archive, by."""

    @property
    def base_name(self) -> str:
        """The file's name without folders, as catalogues give it."""
        return PurePosixPath(self.file.replace("\\", "/")).name  # archives made on Windows may have backslashes


def list_originals(containers: Iterable[Place], flag: str = "--originals") -> list[Original]:
    """Every file in the folders and zip archives, in order of path. Hidden files are passed over.

    Raises `UserError` for a place that is neither, or a URL that cannot be reached.
    """
    found: list[Original] = []
    for container in containers:
        try:
            listed = _list_here(container) if isinstance(container, Path) else _list_at(container)
        except FileNotFoundError:
            raise UserError(f"{shown(container)} does not exist; check the path after {flag}.") from None
        except zipfile.BadZipFile:
            neither = f"{shown(container)} is neither a folder nor a whole zip archive; {flag} takes those two."
            raise UserError(neither) from None
        found += sorted(listed, key=lambda original: original.file)
    return found


def read_original(original: Original) -> bytes:
    """The file's bytes. Raises `UnreadablePainting` where they cannot be had.

    That a URL cannot be reached is no fault of the file: it raises `UserError`.
    """
    if original.size > MAX_BYTES:
        raise UnreadablePainting(f"too large a file to read safely ({original.size / 1e6:,.0f} MB)")
    if isinstance(original.container, Path):
        if original.zipped:
            return _read_member(original)
        return read_file(original.container / original.file, original.container)
    url = original.container
    if original.zipped:
        return in_time(url, lambda: _read_member(original))
    content = in_time(url, lambda: read_whole(url, original.file, original.size, MAX_BYTES + 1))
    if len(content) > MAX_BYTES:
        raise UnreadablePainting(f"too large a file to read safely (over {MAX_BYTES / 1e6:,.0f} MB)")
    return content


def _read_member(original: Original) -> bytes:
    container = original.container
    try:
        changed_ns = container.stat().st_mtime_ns if isinstance(container, Path) else original.changed_ns
        archive = _open_archive(container, changed_ns, original.version)
        if archive.getinfo(original.file).flag_bits & 1:
            raise UnreadablePainting("encrypted in the archive")
        with archive.open(original.file) as member:
            return member.read(MAX_BYTES)
    except (UnreadablePainting, UserError):
        raise
    except Exception as error:
        # What the system says may name paths of this machine; what is rejected is listed for everybody.
        reason = getattr(error, "strerror", None) or error
        raise UnreadablePainting(f"cannot be read from the archive ({reason})") from error


def read_file(path: Path, within: Path | None = None) -> bytes:
    """A file's bytes; raises `UnreadablePainting` for anything but a readable regular file.

    With `within`, a symbolic link that leads out of that folder is not followed.
    """
    try:
        if within is not None and path.is_symlink() and not path.resolve().is_relative_to(within.resolve()):
            raise UnreadablePainting("a symbolic link out of the folder")
        information = path.stat()
        if stat.S_ISDIR(information.st_mode):
            raise UnreadablePainting("a folder that cannot be listed")
        if not stat.S_ISREG(information.st_mode):
            raise UnreadablePainting("not a regular file")
        if information.st_size > MAX_BYTES:
            raise UnreadablePainting(f"too large a file to read safely ({information.st_size / 1e6:,.0f} MB)")
        return path.read_bytes()
    except RuntimeError as error:  # before Python 3.13
        raise UnreadablePainting("a symbolic link that leads in a circle") from error
    except OSError as error:
        raise UnreadablePainting(f"cannot be read ({error.strerror})") from error


def _list_here(container: Path) -> Iterable[Original]:
    if container.is_dir():
        return _walk(container)
    if container.is_file() and zipfile.is_zipfile(container):
        return _members(container, container.stat().st_mtime_ns)
    raise zipfile.BadZipFile if container.exists() else FileNotFoundError


def _list_at(url: str) -> Iterable[Original]:
    found = find_files(url)
    if found is not None:
        return [Original(file, url, False, size, *stamp) for file, size, stamp in found]
    with open_ranges(url) as content:
        if not zipfile.is_zipfile(content):
            raise zipfile.BadZipFile
    return _members(url, *stamp_of(url))


def _walk(folder: Path) -> Iterator[Original]:
    unlisted: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=unlisted.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.startswith("."):
                continue
            path = Path(root, name)
            try:
                information = path.lstat()
            except OSError:
                continue  # gone since it was listed
            file = path.relative_to(folder).as_posix()
            yield Original(file, folder, False, information.st_size, information.st_mtime_ns)
    for error in unlisted:  # a folder that may not be looked into: reading it will say so
        yield Original(Path(error.filename).relative_to(folder).as_posix(), folder, False, 0)


def _members(archive: Place, changed_ns: int, version: str = "") -> list[Original]:
    seen: dict[str, Original] = {}
    try:
        with zipfile.ZipFile(_file_of(archive)) as opened:
            for member in opened.infolist():
                parts = set(member.filename.replace("\\", "/").split("/")) - {".", ".."}
                hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
                if member.is_dir() or hidden or member.filename in seen:
                    continue
                seen[member.filename] = Original(member.filename, archive, True, member.file_size, changed_ns, version)
    except UserError:
        raise
    except Exception as error:  # a damaged directory makes zipfile raise anything
        raise UserError(f"{shown(archive)} cannot be read as a zip archive ({error}); fetch it again.") from error
    return list(seen.values())


@lru_cache(maxsize=8)
def _open_archive(archive: Place, changed_ns: int, version: str) -> zipfile.ZipFile:
    # Kept open per process: an archive of 100,000 members takes seconds to open.
    return zipfile.ZipFile(_file_of(archive))


def _file_of(archive: Place) -> Path | IO[bytes]:
    return archive if isinstance(archive, Path) else open_ranges(archive)
