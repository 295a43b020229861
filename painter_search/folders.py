"""Writing so that nothing is lost: files and folders appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from filelock import FileLock, Timeout

from painter_search.errors import UserError

IDENTITY = "identity.json"
"""What a stage is working on, in the folder it works in."""


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path`, then rename it into place.

    The file is flushed to disk before the rename, so that a power cut leaves the old file or the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    # A killed process of the same number may have left one, and that may be a second name of a finished file.
    beside.unlink(missing_ok=True)
    try:
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """`write_file` for bytes at hand."""
    write_file(path, lambda beside: beside.write_bytes(content))


def link_or_copy(source: Path, target: Path) -> None:
    """Give a finished file a second name, without its bytes taking space twice where the file system can."""

    def link(beside: Path) -> None:
        try:
            os.link(source, beside)
        except OSError:
            shutil.copyfile(source, beside)

    write_file(target, link)


def write_json(path: Path, content: object) -> None:
    """Write `content` as readable JSON; paths inside it are written as text, dataclasses as objects."""
    write_bytes(path, (to_json(content) + "\n").encode())


def to_json(content: object, ascii_only: bool = False) -> str:
    """JSON with the order left as given, paths as text and dataclasses as objects."""
    return json.dumps(content, indent=2, ensure_ascii=ascii_only, default=_as_plain)


def _as_plain(value: Any) -> Any:
    if isinstance(value, PurePath):
        return value.as_posix()
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def read_json(path: Path) -> Any:
    """Read a JSON file; raises `UserError` when it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read ({error}); it is damaged: make it again.") from error


@contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock file while a folder is written; raises `UserError` where another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"{busy} by another process; wait until it has finished.") from None
    try:
        yield
    finally:
        # While it is still held: once it is free, the file may be the next one's lock already.
        with suppress(OSError):  # Windows deletes no open file
            path.unlink()
        lock.release()


def begin_folder(beside: Path, identity: object) -> None:
    """Make the folder that a stage works in; one left by an interrupted run of the same `identity` is kept as it is."""
    started = beside / IDENTITY
    if beside.exists() and not (started.is_file() and read_json(started) == identity):
        shutil.rmtree(beside)
    beside.mkdir(parents=True, exist_ok=True)
    sweep(beside)
    write_json(started, identity)


def put_in_place(beside: Path, target: Path) -> None:
    """Rename a finished folder to `target`; what stood there is removed.

    On Linux the two change places in one step. Elsewhere a kill between two renames can leave `target` aside, from
    where `recover` fetches it.
    """
    aside = _aside(target)
    if target.exists():
        discard(aside)
        if _exchange(beside, target):
            os.rename(beside, aside)
        else:
            os.rename(target, aside)
            os.rename(beside, target)
    else:
        os.rename(beside, target)
    discard(aside)


def recover(target: Path) -> None:
    """Make good what a kill in `put_in_place` left: an old folder aside is put back, or removed where a new one is."""
    if not target.exists() and _aside(target).exists():
        os.rename(_aside(target), target)
    discard(_aside(target))


def discard(folder: Path) -> None:
    """Remove a folder so that it is gone at once: a kill cannot leave half of it under its name."""
    rest = folder.with_name(f".{folder.name}.rest")
    shutil.rmtree(rest, ignore_errors=True)
    if folder.exists():
        os.rename(folder, rest)
        shutil.rmtree(rest, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove the half-written files that killed processes left in a folder; hold its lock meanwhile."""
    for path in folder.glob(".*"):
        if path.suffix[1:].isdigit() and path.is_file():
            path.unlink()


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.discarded")


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, by Linux's renameat2(2); False where that is not to be had."""
    import ctypes

    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def digest_bytes(*parts: bytes) -> str:
    """SHA-256 of the parts one after another, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
