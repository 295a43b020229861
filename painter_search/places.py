"""Where files lie: folders of this machine, or URLs that fsspec reaches (`s3://bucket/folder`, `gs://…`, `sftp://…`)."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from painter_search.errors import UserError
from painter_search.folders import write_bytes

Place = str | Path
"""A folder or file of this machine, or the URL of one."""
PATIENCE = 600
"""Seconds after which one file that does not come from a URL is given up."""


def place_of(text: Place) -> Place:
    """A URL as it is given (of this machine's own files the path), anything else as a path."""
    if isinstance(text, Path) or "://" not in text:
        return Path(text)
    return Path(unquote(urlsplit(text).path)) if text.startswith(("file://", "local://")) else text.rstrip("/")


def shown(place: Place) -> str:
    """A place, or a text that names places, as it may be printed: without passwords, or the keys in a signed URL."""
    return re.sub(r"(https?://[^\s?]*)\?\S*", r"\1", re.sub(r"://[^/\s]*@", "://", str(place)))


def within(place: Place, name: str) -> Place:
    """The place of this name inside a folder."""
    return place / name if isinstance(place, Path) else f"{place}/{name}"


def file_system(url: str) -> tuple[Any, str]:
    """What reaches a URL, and the path that it has there.

    Raises `UserError` for a scheme that nobody knows, or whose package is not installed.
    """
    import fsspec

    try:
        return fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise UserError(
            f"{shown(url)} needs a package that is not installed ({shown(str(error))}); install it."
        ) from error
    except ValueError as error:
        raise UserError(f"{shown(url)} is no URL that can be read ({shown(str(error))}).") from error


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Failures to reach a URL, as a `UserError`; that a file is not there stays `FileNotFoundError`."""
    try:
        yield
    except (UserError, FileNotFoundError):
        raise
    except Exception as error:  # every file system has errors of its own
        reason = shown(str(error).splitlines()[0])[:200] if str(error) else type(error).__name__
        raise UserError(
            f"{shown(url)} cannot be reached ({reason}); nothing is lost: run the same command again to continue."
        ) from error


def read_bytes_at(place: Place, name: str) -> bytes:
    """The content of a file in a folder; raises `FileNotFoundError`, and `UserError` for what cannot be reached."""
    if isinstance(place, Path):
        return (place / name).read_bytes()
    with reaching(place):
        system, root = file_system(place)
        content: bytes = system.cat_file(f"{root}/{name}")
        return content


def names_at(place: Place) -> set[str]:
    """The names of the files in a folder; none where there is no folder. Raises `UserError` as `read_bytes_at` does."""
    try:
        if isinstance(place, Path):
            return {path.name for path in place.iterdir() if path.is_file()}  # a pipe would be waited for
        with reaching(place):
            system, root = file_system(place)
            system.invalidate_cache()
            return {str(path).rstrip("/").rpartition("/")[2] for path in system.ls(root, detail=False)}
    except FileNotFoundError:
        return set()


def write_bytes_at(place: Place, name: str, content: bytes) -> None:
    """Write a file into a folder, which is made where it is missing: beside, then renamed."""
    if isinstance(place, Path):
        write_bytes(place / name, content)
        return
    with reaching(place):
        system, root = file_system(place)
        system.makedirs(root, exist_ok=True)
        beside = f"{root}/.{name}.{os.getpid()}-{uuid.uuid4().hex[:8]}"
        system.pipe_file(beside, content)
        system.mv(beside, f"{root}/{name}")
