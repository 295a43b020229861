"""Indexes at URLs: fetched once into this machine's cache, checked against their manifest, fetched again if changed."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

from painter_search.common.errors import DamagedFileError, NotFoundError, UnreachableError
from painter_search.common.files.atomic_io import digest_file, locked, replace_folder, write_bytes
from painter_search.common.files.cache_folder import cache_folder
from painter_search.common.files.urls import (
    Location,
    file_system,
    join_location,
    parse_location,
    read_bytes_from,
    redact_url,
    translate_fs_errors,
)
from painter_search.common.log import logger
from painter_search.common.progress import track
from painter_search.index.manifest import CURRENT, MANIFEST, FileEntry, find_index, read_manifest

BLOCK_BYTES = 1 << 22
"""Bytes that are fetched at a time."""


def local_folder(place: Location) -> Path:
    """The folder of an index on this machine: `place` itself, or where a URL was fetched to; see `fetch_index`."""
    location = parse_location(place)
    return location if isinstance(location, Path) else fetch_index(location)


def fetch_index(url: str) -> Path:
    """Fetch the index at a URL, or the current one of a folder of indexes there; returns its folder in the cache.

    Only its small manifest is read where the same version was fetched before. An interrupted fetch continues. Where the
    URL cannot be reached, the version fetched before is returned.

    Raises:
        NotFoundError: There is no index at the URL.
        DamagedFileError: A file there is not the one that the manifest names.
        UnreachableError: The URL cannot be reached, and nothing was fetched before.
        BusyError: Another process is fetching it.
    """
    home = cache_folder("indexes") / sha256(redact_url(url).encode()).hexdigest()[:16]
    try:
        place = _current(url)
        manifest = read_bytes_from(place, MANIFEST)
    except FileNotFoundError:
        raise NotFoundError(f"{redact_url(url)} holds no index: there is neither {CURRENT} nor {MANIFEST}.") from None
    except UnreachableError as error:
        try:
            before = find_index(home)
        except NotFoundError:
            raise error from None
        logger.info(f"{redact_url(url)} cannot be reached; the index that was fetched before is used.")
        return before
    folder = home / _name(manifest, url)
    named = (home / CURRENT).read_text(encoding="utf-8").strip() if (home / CURRENT).is_file() else ""
    is_fetched = _is_whole(folder)
    if is_fetched and named == folder.name:
        return folder
    with locked(home / ".lock", f"{redact_url(url)} is being fetched"):
        if not is_fetched:
            _fetch(str(place), manifest, folder)
        write_bytes(home / CURRENT, f"{folder.name}\n".encode())
        for other in home.iterdir():  # a server may still read the version before
            if other.is_dir() and other.name not in (folder.name, named):
                shutil.rmtree(other, ignore_errors=True)
    return folder


def _current(url: str) -> Location:
    """The URL of the index that `CURRENT` names, or `url` itself."""
    try:
        name = read_bytes_from(url, CURRENT).decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return url
    if not name.isalnum():
        raise DamagedFileError(f"{redact_url(url)}/{CURRENT} names no index; copy the whole folder there again.")
    return join_location(url, name)


def _name(manifest: bytes, url: str) -> str:
    try:
        digest = json.loads(manifest)["digest"]
    except (ValueError, LookupError, TypeError, RecursionError):
        digest = None
    if not isinstance(digest, str) or not digest.isalnum():
        raise DamagedFileError(f"{redact_url(url)} has a damaged {MANIFEST}; copy the index there again.")
    return digest


def _fetch(place: str, manifest: bytes, folder: Path) -> None:
    staging = folder.with_name(f".{folder.name}.fetching")
    if folder.exists():  # a cache may be thinned at any time
        shutil.rmtree(staging, ignore_errors=True)
        os.rename(folder, staging)
    staging.mkdir(parents=True, exist_ok=True)
    write_bytes(staging / MANIFEST, manifest)
    try:
        files = read_manifest(staging).files  # checks the manifest's digest, too
    except DamagedFileError as error:
        raise DamagedFileError(str(error).replace(str(staging), redact_url(place))) from error
    finally:
        (staging / MANIFEST).unlink()
    for partial in staging.glob(".*"):  # of a fetch that was killed
        partial.unlink()
    for name, entry in track(files.items(), "Fetching the index", total=len(files)):
        if Path(name).name != name or name.startswith("."):
            raise DamagedFileError(f"{redact_url(place)} names a file {name!r} that no index has; do not use it.")
        if not _is_fetched(staging / name, entry):
            _fetch_file(place, name, entry, staging / name)
    write_bytes(staging / MANIFEST, manifest)
    replace_folder(staging, folder)


def _is_whole(folder: Path) -> bool:
    """Whether an index that was fetched still has all its files."""
    try:
        files = read_manifest(folder).files
        return all((folder / name).stat().st_size == entry.size for name, entry in files.items())
    except (OSError, DamagedFileError):
        return False


def _is_fetched(path: Path, entry: FileEntry) -> bool:
    return path.is_file() and path.stat().st_size == entry.size and digest_file(path) == entry.sha256


def _fetch_file(place: str, name: str, entry: FileEntry, path: Path) -> None:
    partial = path.with_name(f".{name}.{os.getpid()}")
    digest, size = sha256(), 0
    try:
        with translate_fs_errors(place):
            system, root = file_system(place)
            with system.open(f"{root}/{name}", "rb") as source, partial.open("wb") as target:
                while block := source.read(BLOCK_BYTES):
                    digest.update(block)
                    size += len(block)
                    if size > entry.size:
                        break
                    target.write(block)
        if size != entry.size or digest.hexdigest() != entry.sha256:
            raise DamagedFileError(f"{redact_url(place)}/{name} is not its index's file; copy the index there again.")
        os.replace(partial, path)
    except FileNotFoundError:
        raise DamagedFileError(f"{redact_url(place)}/{name} is missing; copy the whole index there again.") from None
    finally:
        partial.unlink(missing_ok=True)
