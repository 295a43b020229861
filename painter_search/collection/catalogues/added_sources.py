"""What is added to an index: picture files, folders and archives, one or several, local or at URLs."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from painter_search.common.errors import NotEnoughDataError, NotFoundError
from painter_search.common.files.urls import Location, redact_url
from painter_search.images.listing.zip_members import without_zip
from painter_search.images.sources import SourceListing, list_sources, nothing_found, single_file

ADD_COMMAND = "`build-index add`"
ARCHIVE, ENDING = ".zip", re.compile(r"\.\w{1,5}$")


class AddedSources(NamedTuple):
    """Files to add."""

    name: str
    """Name of the collection that they become: of the folder or archive, or the folder that they have in common."""
    place: Path
    """The folder or archive, for messages."""
    listing: SourceListing
    """The files: by their paths in the one source, or in the folder that several have in common."""
    are_files: bool
    """Whether each was named itself, as a file."""


def list_added_sources(sources: Sequence[Location]) -> AddedSources:
    """List the files of sources.

    Raises:
        NotFoundError: A source does not exist.
        NotEnoughDataError: There are no files.
        DamagedFileError: An archive is damaged.
        UnreachableError: A URL cannot be reached.
    """
    for source in sources:
        if isinstance(source, Path) and not source.exists():
            raise NotFoundError(f"{source} does not exist; check the path after {ADD_COMMAND}.")
    common = _common_folder(sources)
    merged = SourceListing()
    taken: set[str] = set()
    for number, source in enumerate(sources, start=1):
        listing = _list(source)
        prefix = _folder_within(source, common) if len(sources) > 1 else ""
        if any(f"{prefix}{original.file}" in taken for original in listing.originals):
            prefix = f"{number}/{prefix}"  # every URL of an IIIF server ends in default.jpg
        taken.update(f"{prefix}{original.file}" for original in listing.originals)
        for original in listing.originals:
            merged.originals.append(
                replace(original, file=f"{prefix}{original.file}", stored=original.stored_path) if prefix else original
            )
        merged.passed_over += [(f"{prefix}{file}", reason) for file, reason in listing.passed_over]
        merged.remarks += listing.remarks
    if not merged.originals:
        raise NotEnoughDataError(
            nothing_found(merged.passed_over, *sources[:3])
            or f"{_said(sources)} is empty; {ADD_COMMAND} takes pictures, and folders of them."
        )
    place = Path(redact_url(sources[0])) if len(sources) == 1 else common
    return AddedSources(_name(sources, common), place, merged, all(map(_is_file, sources)))


def _list(source: Location) -> SourceListing:
    if _is_file(source):
        return SourceListing([single_file(source)])
    return list_sources([source], ADD_COMMAND, each_file_once=True)


def _is_file(source: Location) -> bool:
    """Whether a source is a single picture: any file but an archive."""
    if isinstance(source, Path):
        return source.is_file() and source.suffix.lower() != ARCHIVE and not zipfile.is_zipfile(source)
    if source.startswith(("http://", "https://")):
        return not source.lower().endswith(ARCHIVE)
    return bool(ENDING.search(source)) and not source.lower().endswith(ARCHIVE)


def _common_folder(sources: Sequence[Location]) -> Path:
    parents = [source.resolve().parent for source in sources if isinstance(source, Path)]
    try:
        return Path(os.path.commonpath(parents))
    except ValueError:  # none, or on several drives
        return Path()


def _folder_within(source: Location, common: Path) -> str:
    """The folder of a source's files within the common folder, with a slash behind it; empty for the folder itself."""
    if isinstance(source, str):
        folder = "" if _is_file(source) else without_zip(source.rpartition("/")[2])
    else:
        place = source.resolve()
        inner = place.parent if _is_file(source) else place.with_suffix("") if place.is_file() else place
        folder = inner.relative_to(common).as_posix() if inner.is_relative_to(common) else inner.name
    return "" if folder in ("", ".") else f"{folder}/"


def _name(sources: Sequence[Location], common: Path) -> str:
    if len(sources) > 1 or (isinstance(sources[0], Path) and _is_file(sources[0])):
        return common.name or "added"
    source = sources[0]
    if isinstance(source, str):
        parts = redact_url(source).rstrip("/").split("/")
        return without_zip(parts[-2] if _is_file(source) and len(parts) > 1 else parts[-1])
    return source.resolve().stem if source.is_file() else source.resolve().name


def _said(sources: Sequence[Location]) -> str:
    return ", ".join(redact_url(source) for source in sources[:3])
