"""Query paintings as people have them: files, folders, lists of files, bytes, PIL images and arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
from PIL import Image

from painter_search.common.errors import InvalidValueError, NotFoundError, UnreadableImageError
from painter_search.images.image_inputs import ImageInput, ImageInputs, as_list, image_file


@dataclass(frozen=True)
class QueryInput:
    """One painting to query with."""

    name: str
    """What the answer calls it. It has no folders of this machine in it."""
    content: Path | bytes
    """Its file, which need not exist, or the bytes of one."""


PaintingInput: TypeAlias = "ImageInput | QueryInput"
"""A path (of a file, or of a folder of files), the bytes of a file, a PIL image, an array, or a `QueryInput`."""
PaintingInputs: TypeAlias = "PaintingInput | Iterable[PaintingInput]"
"""One of these or many. A string is always one path."""


def read_query_inputs(paintings: PaintingInputs) -> list[QueryInput]:
    """List every painting; a folder stands for the files in it and below, hidden ones left out.

    Files and bytes are not opened here. PIL images and arrays, which have no file, are encoded without loss.

    Raises:
        NotFoundError: A path does not exist.
        InvalidValueError: A folder is empty, an image cannot be decoded, or there is no painting at all.
        TypeError: An object that is none of these.
    """
    queries: list[QueryInput] = []
    for painting in _as_list(paintings):
        if isinstance(painting, str | Path):
            queries += _files_at(Path(painting))
        else:
            queries.append(to_query_input(painting, len(queries) + 1))
    if not queries:
        raise InvalidValueError("there is no painting to query with; give at least one.")
    return queries


def to_query_input(painting: PaintingInput, number: int = 1) -> QueryInput:
    """A single painting, whose path is taken for a file's; one without a file is called after its `number`.

    Raises `InvalidValueError` for an image that cannot be decoded, and `TypeError` for an object that is no painting.
    """
    if isinstance(painting, QueryInput):
        return painting
    if isinstance(painting, str | Path):
        return QueryInput(Path(painting).name, Path(painting))
    if isinstance(painting, bytes):
        return QueryInput(f"painting {number}", painting)
    if isinstance(painting, Image.Image | np.ndarray):
        return _encode_image(painting, number)
    raise _not_a_painting(painting)


def read_list(path: Path | str) -> list[QueryInput]:
    """Read a text file that names paintings for `attribute`.

    Args:
        path: A file in UTF-8 with one path a line, absolute or relative to the file's folder. Blank lines and lines
            that begin with # are skipped. A folder stands for the files in it.

    Returns:
        The paintings. One that does not exist is among them, and `attribute` answers it with the reason.

    Raises:
        NotFoundError: The list does not exist.
        InvalidValueError: It cannot be read, is not text in UTF-8, or names no painting.

    Example:
        >>> answers = attribute(index, read_list("list.txt"))  # doctest: +SKIP
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} does not exist; check the path of the list.") from error
    except OSError as error:
        raise InvalidValueError(f"{path} cannot be read ({error.strerror}); give a text file.") from error
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"{path} is not text in UTF-8; give a text file with one path a line.") from error
    queries: list[QueryInput] = []
    for name in map(str.strip, lines):
        if not name or name.startswith("#"):
            continue
        target = path.parent / name
        files = _files_in(target) if _is_folder(target) else []
        if files:
            queries += files
        else:
            queries.append(QueryInput(Path(name).name if os.path.isabs(name) else Path(name).as_posix(), target))
    if not queries:
        raise InvalidValueError(f"{path} names no painting; write one path a line.")
    return queries


def _as_list(paintings: PaintingInputs) -> list[PaintingInput]:
    if isinstance(paintings, QueryInput):
        return [paintings]
    try:
        return cast("list[PaintingInput]", as_list(cast("ImageInputs", paintings)))
    except TypeError:
        raise _not_a_painting(paintings) from None


def _not_a_painting(given: object) -> TypeError:
    return TypeError(
        f"{type(given).__name__} is not a painting; give a path, the bytes of an image file, a PIL image or an array."
    )


def _encode_image(image: Image.Image | np.ndarray, number: int) -> QueryInput:
    file = getattr(image, "filename", "")  # PIL's name for the file that an image was opened from
    name = Path(os.fsdecode(file)).name if file else f"painting {number}"
    try:
        return QueryInput(name, image_file(image))
    except UnreadableImageError as error:  # PIL decodes late, and may find only now that a file is damaged
        raise InvalidValueError(f"{name} cannot be decoded ({error}); give another image.") from error


def _files_at(path: Path) -> list[QueryInput]:
    if path.is_dir():
        files = _files_in(path)
        if not files:
            raise InvalidValueError(f"{path} is an empty folder; give paintings, or a folder that holds some.")
        return files
    if path.exists() or path.is_symlink():
        return [QueryInput(path.name, path)]
    raise NotFoundError(f"{path} does not exist; check the path.")


def _files_in(folder: Path) -> list[QueryInput]:
    files = sorted(p for p in folder.rglob("*") if not p.is_dir() and not p.name.startswith("."))
    return [QueryInput(p.relative_to(folder).as_posix(), p) for p in files]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False
