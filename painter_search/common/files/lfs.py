"""Pointers of Git LFS, which a clone without git-lfs has in place of large files."""

from __future__ import annotations

from pathlib import Path

from painter_search.common.errors import DamagedFileError

POINTER = b"version https://git-lfs"
"""First bytes of one."""


def refuse_lfs_pointer(path: Path) -> None:
    """Raise `DamagedFileError` for a file that is a pointer of Git LFS; one that cannot be read is none."""
    try:
        with path.open("rb") as file:
            is_pointer = file.read(len(POINTER)) == POINTER
    except OSError:
        return
    if is_pointer:
        raise DamagedFileError(f"{path} is a pointer of Git LFS, not the file; fetch it with `git lfs pull`.")
