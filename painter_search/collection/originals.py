"""Originals where they lie: folders and zip archives, read as streams and never unpacked."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from painter_search.collection.framing import MAX_BYTES, UnreadablePainting
from painter_search.errors import UserError


@dataclass(frozen=True)
class Original:
    """One file in a folder or an archive. `file` is its path inside, with forward slashes."""

    file: str
    container: Path
    zipped: bool
    size: int
    changed_ns: int = 0
    """When the file, or the archive, was last changed: nanoseconds since 1970."""

    @property
    def base_name(self) -> str:
        """The file's name without folders, as catalogues give it."""
        return PurePosixPath(self.file.replace("\\", "/")).name  # archives made on Windows may have backslashes


def list_originals(containers: Iterable[Path], flag: str = "--originals") -> list[Original]:
    """Every file in the folders and zip archives, in order of path. Hidden files are passed over.

    Raises `UserError` for a path that is neither.
    """
    found: list[Original] = []
    for container in containers:
        if container.is_dir():
            found += sorted(_walk(container), key=lambda original: original.file)
        elif container.is_file() and zipfile.is_zipfile(container):
            found += sorted(_members(container), key=lambda original: original.file)
        elif container.exists():
            raise UserError(f"{container} is neither a folder nor a whole zip archive; {flag} takes those two.")
        else:
            raise UserError(f"{container} does not exist; check the path after {flag}.")
    return found


def read_original(original: Original) -> bytes:
    """The file's bytes. Raises `UnreadablePainting` where they cannot be had."""
    if original.size > MAX_BYTES:
        raise UnreadablePainting(f"too large a file to read safely ({original.size / 1e6:,.0f} MB)")
    if not original.zipped:
        return read_file(original.container / original.file, original.container)
    try:
        archive = _open_archive(original.container, original.container.stat().st_mtime_ns)
        if archive.getinfo(original.file).flag_bits & 1:
            raise UnreadablePainting("encrypted in the archive")
        with archive.open(original.file) as member:
            return member.read(MAX_BYTES)
    except UnreadablePainting:
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


def _members(archive: Path) -> Iterator[Original]:
    seen: set[str] = set()
    changed = archive.stat().st_mtime_ns
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                parts = set(member.filename.replace("\\", "/").split("/")) - {".", ".."}
                hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
                if member.is_dir() or hidden or member.filename in seen:
                    continue
                seen.add(member.filename)
                yield Original(member.filename, archive, True, member.file_size, changed)
    except Exception as error:  # a damaged directory makes zipfile raise anything
        raise UserError(f"{archive} cannot be read as a zip archive ({error}); fetch it again.") from error


@lru_cache(maxsize=8)
def _open_archive(path: Path, changed_ns: int) -> zipfile.ZipFile:
    # Kept open per process: an archive of 100,000 members takes seconds to open.
    return zipfile.ZipFile(path)
