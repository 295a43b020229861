"""The paintings to ask about: files, folders, lists of files, or the bytes of a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from painter_search.errors import UserError


@dataclass(frozen=True)
class Question:
    """One painting to ask about."""

    name: str
    """What the answer calls it: no path of the machine."""
    content: Path | bytes
    """Its file, which may turn out not to be there, or the bytes of one."""


def read_questions(paintings: Sequence[Path | str | bytes | Question]) -> list[Question]:
    """Every painting among files, folders of files (hidden ones are passed over), and bytes.

    Raises `UserError` for a path that does not exist and for a folder without files.
    """
    found: list[Question] = []
    for painting in paintings:
        if isinstance(painting, Question):
            found.append(painting)
        elif isinstance(painting, bytes):
            found.append(Question(f"painting {len(found) + 1}", painting))
        else:
            found += _on_disk(Path(painting))
    if not found:
        raise UserError("there is no painting to ask about.")
    return found


def read_list(path: Path | str) -> list[Question]:
    """The paintings that a text file names, one a line: absolute, or relative to the list's folder.

    Blank lines and lines that begin with # are passed over. A file that is not there is a question nonetheless, and is
    answered with the reason. Raises `UserError` for a list that cannot be read or names nothing.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check the path after --from.") from error
    except ValueError as error:
        raise UserError(f"{path} is no text in UTF-8; --from takes a text file with one path a line.") from error
    found: list[Question] = []
    for name in map(str.strip, lines):
        if not name or name.startswith("#"):
            continue
        place = path.parent / name
        inside = _files_in(place) if _is_folder(place) else []
        if inside:
            found += inside
        else:
            found.append(Question(Path(name).name if os.path.isabs(name) else Path(name).as_posix(), place))
    if not found:
        raise UserError(f"{path} names no painting; write one path a line.")
    return found


def _on_disk(path: Path) -> list[Question]:
    if path.is_dir():
        inside = _files_in(path)
        if not inside:
            raise UserError(f"{path} is an empty folder; give paintings, or a folder that holds some.")
        return inside
    if path.exists() or path.is_symlink():
        return [Question(path.name, path)]
    raise UserError(f"{path} does not exist; check the path.")


def _files_in(folder: Path) -> list[Question]:
    files = sorted(p for p in folder.rglob("*") if not p.is_dir() and not p.name.startswith("."))
    return [Question(p.relative_to(folder).as_posix(), p) for p in files]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False
