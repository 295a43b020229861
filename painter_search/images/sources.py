"""Sources of originals: folders and zip archives, local or at URLs; archives are read as they are, never unpacked."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

from painter_search.common.errors import DamagedFileError, NotFoundError, PainterSearchError, UnreadableImageError
from painter_search.common.files.urls import Location, redact_url, url_path
from painter_search.images.listing.folder_walk import walk_folder
from painter_search.images.listing.zip_members import list_members
from painter_search.images.remote_sources import describe_file, fetch_with_timeout, list_files, open_ranges, read_whole
from painter_search.images.table_pictures import Cell, read_picture
from painter_search.images.types import ImageFile

MAX_BYTES = 500_000_000
"""Larger files are not read from archives and URLs, which hold them in memory."""
MAX_BYTES_IN_MEMORY = 100_000_000
"""Larger files on this machine are decoded where they lie."""


@dataclass(frozen=True)
class Original:
    """One file in a folder or a zip archive."""

    file: str
    """Path inside the container, with forward slashes and in Unicode's composed form (NFC)."""

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

    stored: str = ""
    """The path that the container knows the file by, where that is not `file`."""
    cell: Cell | None = None
    """The picture's place, if the container is a Parquet or Arrow file."""

    @property
    def base_name(self) -> str:
        """The file's name without folders, as catalogues have it."""
        return PurePosixPath(self.file).name

    @property
    def stored_path(self) -> str:
        """The path that the container knows the file by."""
        return self.stored or self.file


FileInput: TypeAlias = Path | bytes | Original
"""A file to read when it is needed: a path, the bytes themselves, or a file in an archive or at a URL."""


@dataclass
class SourceListing:
    """The originals in some containers, and what was noticed while they were listed."""

    originals: list[Original] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    """Folders that were not listed, links that were not followed and files in iCloud, each with the reason."""
    remarks: list[str] = field(default_factory=list)
    """Sentences on doubtful readings: names whose encoding was guessed."""


def list_originals(containers: Iterable[Location], flag: str = "--originals") -> list[Original]:
    """The `originals` of `list_sources`."""
    return list_sources(containers, flag).originals


def list_sources(
    containers: Iterable[Location], flag: str = "--originals", each_file_once: bool = False
) -> SourceListing:
    """List the files in folders and zip archives, container by container, in order of path.

    Hidden files and what systems leave beside pictures (`Thumbs.db`, `__MACOSX`) are not listed.

    Args:
        containers: Folders and archives: paths on this machine as `Path`, URLs as `str`.
        flag: The flag that errors point to, or the command in backticks.
        each_file_once: Pass over links to files that are listed under another name.

    Raises:
        NotFoundError: A container does not exist.
        DamagedFileError: A container is neither a folder nor a zip archive, or the archive is damaged.
        UnreachableError: A URL cannot be reached.
    """
    sources = SourceListing()
    for container in containers:
        try:
            listed = _list(container, each_file_once)
        except FileNotFoundError:
            raise NotFoundError(f"{redact_url(container)} does not exist; check the path after {flag}.") from None
        except zipfile.BadZipFile:
            raise DamagedFileError(
                f"{redact_url(container)} is neither a folder nor a whole zip archive; {flag} takes those two."
            ) from None
        sources.originals += sorted(_compose_names(listed.originals), key=lambda original: original.file)
        sources.passed_over += sorted(listed.passed_over)
        sources.remarks += listed.remarks
    return sources


def nothing_found(passed_over: Sequence[tuple[str, str]], *sources: Location) -> str:
    """The message that sources hold no files, for what was passed over in them; empty if nothing was."""
    if not passed_over:
        return ""
    place, reason = passed_over[0]
    within = ", ".join(map(redact_url, sources))
    where = f"{place} in {within}" if place else within
    return f"nothing was found: {where} is {reason}; fix that and run the command again."


def single_file(location: Location) -> Original:
    """The file at a path or URL; it is not opened."""
    if isinstance(location, Path):
        try:
            status = location.stat()
        except OSError:  # reading it gives the reason
            return Original(location.name, location.parent, False, 0)
        return Original(location.name, location.parent, False, status.st_size, status.st_mtime_ns)
    folder, _, name = location.rpartition("/")
    shown = PurePosixPath(url_path(location)).name or redact_url(location)
    return Original(shown, folder, False, 0, stored="" if name == shown else name)


def read_original(original: Original, max_bytes: int = MAX_BYTES) -> ImageFile:
    """The bytes of an original, or the path of a large one in a folder on this machine.

    Raises:
        UnreadableImageError: The file cannot be read, or is in an archive or at a URL and larger than `max_bytes`.
        UnreachableError: Its URL cannot be reached, which is not the fault of the file.
    """
    if isinstance(original.container, Path) and original.cell:
        return _read_cell(original.container, original.cell, max_bytes)
    if isinstance(original.container, Path) and not original.zipped:
        return read_file(original.container / original.stored_path)
    if original.size > max_bytes:
        remedy = "unpack the archive and give the folder" if original.zipped else "download it and give its folder"
        raise UnreadableImageError(f"too large a file to read safely ({original.size / 1e6:,.0f} MB; {remedy})")
    if isinstance(original.container, Path):
        return _read_member(original, max_bytes)
    url = original.container
    if original.zipped:
        return fetch_with_timeout(url, lambda: _read_member(original, max_bytes))
    content = fetch_with_timeout(url, lambda: read_whole(url, original.stored_path, original.size, max_bytes + 1))
    if len(content) > max_bytes:
        raise UnreadableImageError(f"too large a file to read safely (over {max_bytes / 1e6:,.0f} MB)")
    return content


def read_input(file: FileInput) -> ImageFile:
    """The bytes of a file, or the path of a large one on this machine.

    Raises `UnreadableImageError` if it cannot be read, `UnreachableError` if its URL cannot be reached, and
    `MissingPackageError` if a package that reads such URLs is not installed.
    """
    if isinstance(file, bytes):
        return file
    return read_file(file) if isinstance(file, Path) else read_original(file)


def read_file(path: Path, max_bytes: int = MAX_BYTES_IN_MEMORY) -> ImageFile:
    """The bytes of a file, or its path if it has more than `max_bytes`.

    Raises `UnreadableImageError` if it is not a regular file or unreadable.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImageError("a folder that cannot be listed")
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would block
            raise UnreadableImageError("not a regular file but a pipe or device; save it as a file")
        if status.st_size > max_bytes:
            path.open("rb").close()
            return path
        return path.read_bytes()
    except RuntimeError as error:  # raised before Python 3.13; later an OSError
        raise UnreadableImageError("a symbolic link that leads in a circle") from error
    except OSError as error:
        raise UnreadableImageError(f"cannot be read ({error.strerror})") from error


def _read_cell(table: Path, cell: Cell, max_bytes: int) -> ImageFile:
    picture = read_picture(table, cell)
    if isinstance(picture, Path):
        return read_file(picture)
    if len(picture) > max_bytes:
        raise UnreadableImageError(f"too large a file to read safely ({len(picture) / 1e6:,.0f} MB)")
    return picture


def _read_member(original: Original, max_bytes: int) -> bytes:
    container = original.container
    try:
        changed_ns = container.stat().st_mtime_ns if isinstance(container, Path) else original.changed_ns
        archive = _open_archive(container, changed_ns, original.version)
        if archive.getinfo(original.stored_path).flag_bits & 1:
            raise UnreadableImageError("encrypted in the archive; unpack it with its password, and give the folder")
        with archive.open(original.stored_path) as member:
            return member.read(max_bytes)
    except PainterSearchError:
        raise
    except Exception as error:
        # Not the whole message of an OSError: it may name paths of this machine, and rejected.csv is shared.
        reason = getattr(error, "strerror", None) or error
        remedy = "; unpack the archive and give the folder" if isinstance(error, NotImplementedError) else ""
        raise UnreadableImageError(f"cannot be read from the archive ({reason}{remedy})") from error


def _list(container: Location, each_file_once: bool) -> SourceListing:
    if isinstance(container, str):
        return _list_remote(container)
    if container.is_dir():
        walk = walk_folder(container, each_file_once)
        originals = [Original(file.path, container, False, file.size, file.changed_ns) for file in walk.files]
        return SourceListing(originals, walk.passed_over)
    if container.is_file() and zipfile.is_zipfile(container):
        return _list_archive(container, container.stat().st_mtime_ns)
    raise zipfile.BadZipFile if container.exists() else FileNotFoundError


def _list_remote(url: str) -> SourceListing:
    listing = list_files(url)
    if listing is not None:
        originals = [
            Original(file.path, url, False, file.size, file.changed_ns, file.version) for file in listing.files
        ]
        return SourceListing(originals, [(path, "a link at a URL, which is not followed") for path in listing.links])
    with open_ranges(url) as content:
        if not zipfile.is_zipfile(content):
            raise zipfile.BadZipFile
    archive = describe_file(url)
    return _list_archive(url, archive.changed_ns, archive.version)


def _list_archive(archive: Location, changed_ns: int, version: str = "") -> SourceListing:
    try:
        with zipfile.ZipFile(_open_container(archive)) as opened:
            members, encoding = list_members(opened)
    except PainterSearchError:
        raise
    except Exception as error:  # a damaged directory makes zipfile raise anything
        raise DamagedFileError(
            f"{redact_url(archive)} cannot be read as a zip archive ({error}); fetch it again."
        ) from error
    originals = [
        Original(member.path, archive, True, member.info.file_size, changed_ns, version, stored=member.info.filename)
        for member in members
    ]
    sample = next((member.path for member in members if not member.path.isascii()), None)
    if encoding in ("ascii", "utf-8") or sample is None:
        return SourceListing(originals)
    remark = (
        f"the names in {redact_url(archive)} do not say their encoding and were read as {encoding}, such as {sample}; "
        "if that is wrong, unpack the archive and give the folder"
    )
    return SourceListing(originals, remarks=[remark])


def _compose_names(originals: list[Original]) -> list[Original]:
    """The originals under their names in composed form; one whose name another has by then keeps its own."""
    taken = {original.file for original in originals if unicodedata.is_normalized("NFC", original.file)}
    composed = []
    for original in originals:
        stored = original.stored_path
        file = unicodedata.normalize("NFC", original.file)
        if file != original.file:
            file = original.file if file in taken else file
            taken.add(file)
        composed.append(replace(original, file=file, stored="" if stored == file else stored))
    return composed


@lru_cache(maxsize=8)
def _open_archive(archive: Location, changed_ns: int, version: str) -> zipfile.ZipFile:
    # Kept open, one per process: opening an archive of 100,000 members takes seconds. A changed one is opened anew.
    return zipfile.ZipFile(_open_container(archive))


def _open_container(archive: Location) -> Path | IO[bytes]:
    return archive if isinstance(archive, Path) else open_ranges(archive)
