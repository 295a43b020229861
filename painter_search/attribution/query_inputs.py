"""Query paintings as people have them: files, folders, archives, URLs, bytes, PIL images and arrays."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path, PurePosixPath
from typing import TypeAlias, cast

import numpy as np
from PIL import Image

from painter_search.common.errors import InvalidValueError, NotFoundError, UnreadableImageError
from painter_search.common.files.atomic_io import digest_bytes, digest_file
from painter_search.common.files.urls import Location, join_location, parse_location, redact_url
from painter_search.common.log import logger
from painter_search.images.image_inputs import ImageInput, ImageInputs, as_list, image_file, read_content
from painter_search.images.listing.folder_walk import walk_folder
from painter_search.images.listing.side_files import is_note
from painter_search.images.sources import Original, list_originals, nothing_found, single_file


@dataclass(frozen=True)
class WorkId:
    """A work of the index that is asked."""

    id: int


@dataclass(frozen=True)
class QueryInput:
    """One painting to query with."""

    name: str
    """What the answer calls it. Folders of this machine are in it only to tell files of one name apart."""
    content: Path | bytes | Original | WorkId
    """Its file, which need not exist; the bytes of one; a file in an archive or at a URL; or a work of the index."""

    def sha256(self) -> str:
        """Digest of a file or of bytes; empty for a file that cannot be read, or in an archive or at a URL."""
        try:
            if isinstance(self.content, Path):
                return digest_file(self.content)
            return digest_bytes(self.content) if isinstance(self.content, bytes) else ""
        except OSError:
            return ""


PaintingInput: TypeAlias = "ImageInput | QueryInput"
"""A path or URL (of a file, a folder of files, or a zip archive), the bytes of a file, an open file, a PIL image, an
array, a `QueryInput`, or `#17`, the work of the index with this id."""
PaintingInputs: TypeAlias = "PaintingInput | Iterable[PaintingInput]"
"""One of these or many. A string is always one path or URL."""
ARCHIVE = ".zip"
MISSING = ("None", "nan", "<NA>", "NaT")
"""What tables hold where a path is missing, in words."""


def read_query_inputs(paintings: PaintingInputs) -> list[QueryInput]:
    """List every painting; a folder or zip archive stands for the files in it and below.

    Hidden files, side files and notes in a folder are passed over.
    Files and bytes are not opened here. PIL images and arrays, which have no file, are encoded without loss. A path
    that does not exist is listed where there are others, so that a mistyped one does not cost the answers to these.
    Files of one name are called by as much of their paths as tells them apart: `one/front.jpg`, `two/front.jpg`.

    Raises:
        NotFoundError: The only path does not exist.
        InvalidValueError: A folder is empty, an image cannot be decoded, an object is none of these, or there is no
            painting at all.
    """
    queries: list[QueryInput] = []
    given = _as_list(paintings)
    for painting in given:
        if isinstance(painting, str | os.PathLike) and read_work_id(painting) is None:
            location = parse_location(painting)
            if isinstance(location, str):
                queries += input_at_url(location)
            elif len(given) > 1 and not location.exists():
                queries.append(QueryInput(location.name, location))
            else:
                queries += _files_at(location)
        else:
            queries.append(to_query_input(painting, len(queries) + 1))
    if not queries:
        raise InvalidValueError("there is no painting to query with; give at least one.")
    return _told_apart(queries)


def _told_apart(queries: list[QueryInput]) -> list[QueryInput]:
    """The queries, of which files that share a name are called by as much of their paths as tells them apart."""
    times = Counter(query.name for query in queries)
    if len(times) == len(queries):
        return queries
    places = [_place(query) for query in queries]
    files = Counter(ending for place in set(places) for ending in _endings(place))
    told_apart = []
    for query, place in zip(queries, places, strict=True):
        longer = _endings(place)[query.name.count("/") :] if times[query.name] > 1 else []
        told_apart.append(replace(query, name=next((name for name in longer if files[name] == 1), query.name)))
    return told_apart


def _place(query: QueryInput) -> str:
    """Where a query's file is, with forward slashes; empty for what is no file, or is called by another name."""
    content = query.content
    if not isinstance(content, Path | Original):
        return ""
    location = content if isinstance(content, Path) else join_location(content.container, content.file)
    place = Path(os.path.abspath(location)).as_posix() if isinstance(location, Path) else redact_url(location)
    place, name = (unicodedata.normalize("NFC", text) for text in (place, query.name))
    return place if place.endswith(f"/{name}") else ""


def _endings(place: str) -> list[str]:
    """The ends of a path, from its last name to all of it."""
    parts = place.split("/") if place else []
    return ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]


def to_query_input(painting: PaintingInput, number: int) -> QueryInput:
    """A single painting, whose path is taken for a file's; one without a file is called after its `number`.

    Raises `InvalidValueError` for an image that cannot be decoded, and for an object that is not a painting.
    """
    if isinstance(painting, QueryInput):
        return painting
    if isinstance(painting, str | os.PathLike):
        work = read_work_id(painting)
        if work is not None:
            return QueryInput(os.fspath(painting), work)
        location = parse_location(painting)
        return QueryInput(location.name, location) if isinstance(location, Path) else input_at_url(location)[0]
    content = read_content(painting)
    if content is not None:
        return QueryInput(_file_name(painting) or f"painting {number}", content)
    if isinstance(painting, Image.Image | np.ndarray):
        return _encode_image(painting, number)
    if isinstance(painting, Integral):
        raise InvalidValueError(f"{painting} is not a painting; write '#{painting}' for the work of the index.")
    shown = str(cast(object, painting))
    if shown in MISSING:
        raise InvalidValueError(f"painting {number} is missing ({shown}); leave it out.")
    raise InvalidValueError(
        f"{type(painting).__name__} is not a painting; give a path, the bytes of an image file, a PIL image or an "
        "array."
    )


def read_work_id(painting: str | os.PathLike[str]) -> WorkId | None:
    """The work that `#17` means; None for anything else, and for a file of this name."""
    name = os.fspath(painting)
    is_id = name.startswith("#") and name[1:].isascii() and name[1:].isdigit() and len(name) < 19  # SQLite's limit
    return WorkId(int(name[1:])) if is_id and not Path(name).exists() else None


def _as_list(paintings: PaintingInputs) -> list[PaintingInput]:
    if isinstance(paintings, QueryInput):
        return [paintings]
    return cast("list[PaintingInput]", as_list(cast("ImageInputs", paintings)))


def _encode_image(image: Image.Image | np.ndarray, number: int) -> QueryInput:
    name = _file_name(image) or f"painting {number}"
    try:
        return QueryInput(name, image_file(image))
    except UnreadableImageError as error:  # PIL decodes late, and may find only now that a file is damaged
        raise InvalidValueError(f"{name} cannot be decoded ({error}); give another image.") from error


def _file_name(image: object) -> str:
    """The name of the file that was opened, by Python or as a PIL image; empty where none was."""
    file = getattr(image, "filename", None) or getattr(image, "name", None)
    return Path(os.fsdecode(file)).name if isinstance(file, str | bytes | os.PathLike) else ""


def input_at_url(url: str) -> list[QueryInput]:
    """The painting at a URL, or those of an archive, or of a folder where URLs have folders; fetched when needed."""
    if holds_several(url):
        return _pictures([url])
    file = single_file(url)
    return [QueryInput(file.file, file)]


def holds_several(url: str) -> bool:
    """Whether a URL names an archive, or a folder where URLs have folders."""
    has_ending = bool(PurePosixPath(url).suffix) or url.startswith(("http://", "https://"))
    return not has_ending or url.lower().endswith(ARCHIVE)


def files_in(path: Path) -> list[QueryInput] | None:
    """The files of a folder or zip archive but hidden, side files and notes; None if the path is neither."""
    try:
        if path.is_dir():
            walk = walk_folder(path, each_file_once=True)
            for place, reason in walk.passed_over:
                logger.info(f"{path / place} is left out: {reason}.")
            files = sorted(PurePosixPath(file.path) for file in walk.files)
            pictures = [file for file in files if not is_note(file.name)]
            return [QueryInput(unicodedata.normalize("NFC", str(file)), path / file) for file in pictures]
        if path.suffix.lower() == ARCHIVE and path.is_file():
            return _pictures([path])
    except (OSError, ValueError):  # not to be listed, or a name that no file can have: reading it gives the reason
        pass
    return None


def _files_at(path: Path) -> list[QueryInput]:
    files = files_in(path)
    if files is not None:
        if not files:
            kind = "folder" if path.is_dir() else "archive"
            passed_over = walk_folder(path).passed_over if path.is_dir() else []
            raise InvalidValueError(
                nothing_found(passed_over, path)
                or f"{path} holds no pictures; give paintings, or a {kind} that holds some."
            )
        return files
    if path.exists() or path.is_symlink():
        return [QueryInput(path.name, path)]
    raise NotFoundError(f"{path} does not exist; check the path.")


def _pictures(containers: list[Location]) -> list[QueryInput]:
    originals = list_originals(containers, "the command")
    return [QueryInput(original.file, original) for original in originals if not is_note(original.file)]
