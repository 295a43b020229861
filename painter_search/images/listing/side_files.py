"""Files that systems and programs leave beside pictures, and files whose endings say that they are no pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

SIDE_FILES = frozenset(
    ["thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "picasa.ini",
     "zbthumbnail.info", "folder.dat", "pspbrwse.jbf", "albumartsmall.jpg"]
)  # fmt: skip
"""Files of Windows, macOS, Picasa and other viewers, in lower case."""
SIDE_FOLDERS = frozenset(
    ["__macosx", "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "$recycle.bin", "lost+found",
     "system volume information", "network trash folder", "temporary items", "__pycache__"]
)  # fmt: skip
"""Folders of macOS' archives, network storages, Windows and Linux, in lower case. They are no one's paintings."""
NOTES = frozenset(
    ["txt", "md", "rst", "rtf", "doc", "docx", "odt", "csv", "tsv", "xls", "xlsx", "ods", "json", "jsonl", "xml",
     "yaml", "yml", "toml", "ini", "cfg", "log", "nfo", "db", "sqlite", "parquet", "xmp", "aae", "pp3", "dop", "url",
     "lnk", "webloc", "md5", "sha1", "sha256", "torrent", "py", "sh", "bat", "ipynb"]
)  # fmt: skip
"""Endings of notes, tables and settings that lie beside pictures."""


def is_side_file(path: str) -> bool:
    """Whether a path is hidden, or one that systems and programs leave in every folder: it is passed over silently."""
    *folders, name = PurePosixPath(path).parts or ("",)
    if any(is_side_folder(folder) for folder in folders):
        return True
    return name.startswith((".", "~$")) or name.casefold() in SIDE_FILES


def is_side_folder(name: str) -> bool:
    """Whether a folder of this name is hidden, or one that systems and programs make."""
    return (name.startswith(".") and name not in (".", "..")) or name.casefold() in SIDE_FOLDERS


def is_note(path: str) -> bool:
    """Whether a file's ending says that it is a note, a table or a setting: no picture."""
    return PurePosixPath(path).suffix[1:].casefold() in NOTES


def without_caches(folders: Iterable[str]) -> list[str]:
    """Sub-folders of one folder without those that others link into: `blobs` beside Hugging Face's `snapshots`."""
    folders = list(folders)
    if "snapshots" in folders:
        return [name for name in folders if name not in ("blobs", "refs")]
    return folders
