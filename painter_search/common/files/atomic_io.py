"""Atomic writes: files and folders appear complete or not at all; and digests that identify their contents."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from glob import escape
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from painter_search.common.errors import BusyError, DamagedFileError
from painter_search.common.files.lfs import refuse_lfs_pointer

if TYPE_CHECKING:
    from filelock import BaseFileLock

IDENTITY = "identity.json"
"""File in a staging folder that names the settings and inputs it is made from."""
NO_LOCKS = {getattr(errno, name, errno.ENOLCK) for name in ("ENOLCK", "ENOTSUP", "EOPNOTSUPP")}
"""What shares that keep no locks answer; where the system has none at all, `filelock` helps itself."""


def check_writable(path: Path) -> None:
    """Find out before long work whether the file `path` can be written after it; nothing stays behind.

    Raises `OSError` as the writing would.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        folder = next(parent for parent in path.parents if parent.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a temporary file next to `path`, then rename it to `path`.

    The file is flushed to disk before the rename, so that a power cut leaves the old file or the new one. What killed
    processes left of it is removed. An `OSError` names a path, also where the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for partial in path.parent.glob(f".{escape(path.name)}.*"):
        number = partial.suffix[1:]
        if number.isdigit() and not _is_running(int(number)):
            partial.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    # A killed process with the same id may have left one, possibly as a second name (hard link) of a finished file.
    temporary.unlink(missing_ok=True)
    try:
        write(temporary)
        # The second name of a file that may only be read is flushed, too, but on Windows.
        with temporary.open("rb+" if os.name == "nt" else "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.filename is None and error.errno is not None:  # writing to an open file knows no name
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name == "nt":
        return True  # whether or not: to ask as below would end it there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # another user's, or no number of a process
    return True


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content` to `path` atomically."""
    write_file(path, lambda temporary: temporary.write_bytes(content))


def link_or_copy(source: Path, target: Path) -> None:
    """Give a finished file a second name: a hard link where the file system has them, else a copy."""

    def link(temporary: Path) -> None:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)

    write_file(target, link)


def write_json(path: Path, content: object) -> None:
    """Write `content` as readable JSON, atomically, for `read_json`; what is not a number is written as `NaN`."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=_to_plain)
    # The surrogates of a path whose bytes are no UTF-8 are written as JSON's escapes.
    write_bytes(path, f"{text}\n".encode("utf-8", "backslashreplace"))


def to_json(content: object, ascii_only: bool = False) -> str:
    """JSON for any program, with keys in their given order.

    Paths become text, dataclasses objects, NumPy scalars numbers, and numbers that JSON lacks (`nan`) `null`.
    """
    try:
        return json.dumps(content, indent=2, ensure_ascii=ascii_only, default=_to_plain, allow_nan=False)
    except ValueError:
        finite = json.loads(json.dumps(content, default=_to_plain), parse_constant=lambda constant: None)
        return json.dumps(finite, indent=2, ensure_ascii=ascii_only)


def _to_plain(value: object) -> object:
    if isinstance(value, PurePath):
        return value.as_posix()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if hasattr(value, "item"):  # a NumPy scalar
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def read_json(path: Path) -> Any:
    """Read a JSON file; raises `DamagedFileError` if that fails."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        refuse_lfs_pointer(path)
        raise DamagedFileError(f"{path} cannot be read ({error}); it is damaged: make it again.") from error


@contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock file while a folder is written.

    Args:
        path: The lock file; its folder is made if necessary.
        busy: What another process is doing if it holds the lock, as in "data is being prepared".

    Raises:
        BusyError: Another process holds the lock.
    """
    from filelock import FileLock, Timeout  # not needed by a query, which starts faster without it

    path.parent.mkdir(parents=True, exist_ok=True)
    lock: BaseFileLock = FileLock(path)
    try:
        try:
            lock.acquire(timeout=0)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            from filelock import SoftFileLock

            # Under a name of its own: that the attempt has left `path` behind does not mean that another holds it.
            lock = SoftFileLock(path.with_name(f"{path.name}.soft"))
            lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"{busy} by another process; wait until it has finished.") from None
    try:
        yield
    finally:
        # Before the release: afterwards the file may be another process's lock already.
        with suppress(OSError):  # Windows deletes no open file
            path.unlink()
        lock.release()


def start_stage_folder(staging: Path, identity: object) -> None:
    """Make the folder a stage works in. What an interrupted run with the same `identity` left in it is kept."""
    record = staging / IDENTITY
    if staging.exists() and not (record.is_file() and read_json(record) == identity):
        shutil.rmtree(staging)
    staging.mkdir(parents=True, exist_ok=True)
    remove_partial_files(staging)
    write_json(record, identity)


def replace_folder(staging: Path, target: Path) -> None:
    """Rename a finished folder to `target` and remove the folder that was there.

    On Linux the two are exchanged in one step. Elsewhere a kill between two renames can leave the old folder under
    another name, from which `recover_folder` restores it.
    """
    discarded = _discarded(target)
    if target.exists():
        remove_folder(discarded)
        if _exchange(staging, target):
            os.rename(staging, discarded)
        else:
            os.rename(target, discarded)
            os.rename(staging, target)
    else:
        os.rename(staging, target)
    remove_folder(discarded)


def recover_folder(target: Path) -> None:
    """Clean up after a kill in `replace_folder`: restore the old folder, or remove it if the new one is in place."""
    if not target.exists() and _discarded(target).exists():
        os.rename(_discarded(target), target)
    remove_folder(_discarded(target))


def remove_folder(folder: Path) -> None:
    """Remove a folder, renaming it first: a kill cannot leave half of it under its name."""
    renamed = folder.with_name(f".{folder.name}.rest")
    shutil.rmtree(renamed, ignore_errors=True)
    if folder.exists():
        os.rename(folder, renamed)
        shutil.rmtree(renamed, ignore_errors=True)


def remove_partial_files(folder: Path) -> None:
    """Remove the half-written files that killed processes left in a folder. The caller holds the folder's lock."""
    for path in folder.glob(".*"):
        if path.suffix[1:].isdigit() and path.is_file():
            path.unlink()


def _discarded(target: Path) -> Path:
    return target.with_name(f".{target.name}.discarded")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step by Linux's renameat2(2); False where the system has no such call."""
    import ctypes  # not needed elsewhere, and commands start faster without it

    current_folder, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(renameat2(current_folder, os.fsencode(one), current_folder, os.fsencode(other), exchange) == 0)


def digest_bytes(*parts: bytes) -> str:
    """SHA-256 of the concatenated parts, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 24):
            digest.update(block)
    return digest.hexdigest()
