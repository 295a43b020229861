"""The files in a folder on this machine and below, links followed where that is safe."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from painter_search.images.listing.side_files import is_side_file, is_side_folder, name_in_icloud, without_caches

FileId = tuple[int, int] | str
"""Device and inode, equal for one file or folder under two names; its real path where the file system numbers none."""

IN_ICLOUD = "in iCloud, not on this machine; download it in Finder"
"""The reason for a file of which macOS keeps a placeholder only."""


@dataclass(frozen=True)
class WalkedFile:
    """A file as the file system has it."""

    path: str
    """Path inside the folder, with forward slashes."""
    size: int
    changed_ns: int


@dataclass
class FolderWalk:
    """What is in a folder and below, without hidden and side files."""

    files: list[WalkedFile] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    """Folders that were not listed, links that were not followed and files in iCloud, each with the reason."""


def walk_folder(folder: Path, each_file_once: bool = False) -> FolderWalk:
    """List a folder.

    Links to files are followed, and links to folders inside or outside the folder where these are not listed anyway:
    no folder is listed twice, and none that a link to it lies in.

    Args:
        folder: The folder.
        each_file_once: Pass over links to files that are listed under another name.
    """
    walk = _Walk(folder)
    walk.list_tree("")
    while walk.linked_folders:  # linked folders may hold further links
        walk.follow(walk.linked_folders.pop(0))
    walk.add_linked_files(each_file_once)
    return walk.result


class _Walk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.result = FolderWalk()
        self.linked_folders: list[str] = []
        """Links to folders that are still to be followed."""
        self._linked_files: list[str] = []
        self._files: dict[FileId, str] = {}
        self._folders: dict[FileId, str] = {}
        """Path of every listed folder."""
        self._above = _ids_above(folder)

    def list_tree(self, top: str) -> None:
        """List a folder and those below, without following links; `top` is its path inside the walked folder."""
        for root, folders, files in os.walk(self.folder / top, onerror=self._note_unlisted):
            prefix = self._inside(root)
            folders[:] = [
                name
                for name in sorted(without_caches(folders))
                if not is_side_folder(name, Path(root).name) and self._enters(f"{prefix}{name}")
            ]
            for name in files:
                evicted = name_in_icloud(name)
                if evicted is not None and not is_side_file(evicted):
                    self._pass_over(f"{prefix}{evicted}", IN_ICLOUD)
                elif not is_side_file(name):
                    self._add_file(f"{prefix}{name}")

    def follow(self, link: str) -> None:
        """List the folder that a link leads to."""
        path = self.folder / link
        try:
            target = _id(path, path.stat())
            above = self._above | _ids_above(path.parent)
        except OSError as error:
            self._pass_over(link, f"a link that cannot be followed ({error.strerror})")
            return
        if target in above:
            self._pass_over(link, "a link to a folder that it lies in")
        elif target in self._folders:
            self._pass_over(link, f"a link to the folder {self._folders[target]}, which is listed there")
        else:
            self._folders[target] = link
            self.list_tree(link)

    def add_linked_files(self, each_once: bool) -> None:
        """Add the files that links lead to, after all files that lie in the folders themselves."""
        for link in sorted(self._linked_files):
            path = self.folder / link
            try:
                status = path.stat()
            except (OSError, RuntimeError):  # it leads nowhere or in a circle; reading it gives the reason
                self.result.files.append(WalkedFile(link, 0, 0))
                continue
            first = self._files.setdefault(_id(path, status), link)
            if each_once and first != link:
                self._pass_over(link, f"a link to the file {first}, which is listed there")
            else:
                self.result.files.append(WalkedFile(link, status.st_size, status.st_mtime_ns))

    def _add_file(self, file: str) -> None:
        path = self.folder / file
        try:
            status = path.lstat()
        except FileNotFoundError:
            return  # deleted since it was listed
        except OSError:  # in a folder that may be listed but not entered; reading the file gives the reason
            self.result.files.append(WalkedFile(file, 0, 0))
            return
        if stat.S_ISLNK(status.st_mode):
            self._linked_files.append(file)
            return
        self._files.setdefault(_id(path, status), file)
        self.result.files.append(WalkedFile(file, status.st_size, status.st_mtime_ns))

    def _enters(self, folder: str) -> bool:
        """Whether to list a sub-folder now; a link is kept for later, and one that a link has led to is passed over."""
        path = self.folder / folder
        try:
            status = path.lstat()
        except FileNotFoundError:
            return False  # deleted since it was listed
        except OSError as error:
            self._pass_over(folder, _unlisted(error))
            return False
        if stat.S_ISLNK(status.st_mode):
            self.linked_folders.append(folder)
            return False
        first = self._folders.setdefault(_id(path, status), folder)
        if first != folder:
            self._pass_over(folder, f"the folder that the link {first} leads to, which is listed there")
        return first == folder

    def _pass_over(self, path: str, reason: str) -> None:
        self.result.passed_over.append((path, reason))

    def _note_unlisted(self, error: OSError) -> None:
        self._pass_over(self._inside(error.filename).rstrip("/"), _unlisted(error))

    def _inside(self, root: str) -> str:
        """The path of a folder inside the walked one, ready to go before a name."""
        path = Path(root).relative_to(self.folder).as_posix()
        return "" if path == "." else f"{path}/"


def _unlisted(error: OSError) -> str:
    return f"a folder that cannot be listed ({error.strerror})"


def _ids_above(folder: Path) -> set[FileId]:
    """A folder and all that it lies in."""
    real = folder.resolve()
    return {_id(path, path.stat()) for path in (real, *real.parents)}


def _id(path: Path, status: os.stat_result) -> FileId:
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)
