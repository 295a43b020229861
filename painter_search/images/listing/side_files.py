"""Files that systems and programs leave beside pictures, and files whose endings say that they are no pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
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
"""Folders of macOS' archives, network storages, Windows and Linux, in lower case; no one's paintings."""
CAPTURE_ONE = "captureone"
"""The folder that Capture One makes beside pictures, in lower case."""
ITS_FOLDERS = re.compile(r"cache|settings\d*", re.IGNORECASE)
"""Folders in it that hold no one's paintings."""
PREVIEWS = ".lrdata"
"""Ending of the folders in which Lightroom keeps previews."""
LIBRARIES = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
"""Endings of the folders in which photo programs of macOS keep all they have, in lower case."""
LIBRARY_PICTURES = frozenset(["originals", "masters"])
"""Folders of such a library that hold the user's pictures; the others hold smaller copies of them."""
NOTES = frozenset(
    ["txt", "md", "rst", "rtf", "doc", "docx", "odt", "csv", "tsv", "xls", "xlsx", "ods", "json", "jsonl", "xml",
     "yaml", "yml", "toml", "ini", "cfg", "log", "nfo", "db", "sqlite", "parquet", "xmp", "aae", "pp3", "dop", "url",
     "lnk", "webloc", "md5", "sha1", "sha256", "torrent", "py", "sh", "bat", "ipynb"]
)  # fmt: skip
"""Endings of notes, tables and settings that lie beside pictures."""


def is_side_file(path: str) -> bool:
    """Whether a path is hidden, or one that systems and programs leave in every folder: it is passed over silently."""
    *folders, name = PurePosixPath(path).parts or ("",)
    if any(is_side_folder(folder, parent) for parent, folder in pairwise(["", *folders])):
        return True
    return name.startswith((".", "~$")) or name.casefold() in SIDE_FILES


def is_side_folder(name: str, parent: str) -> bool:
    """Whether a folder of this name in one named `parent` is hidden, or one that systems and programs make."""
    if parent.casefold().endswith(LIBRARIES):
        return name.casefold() not in LIBRARY_PICTURES
    if parent.casefold() == CAPTURE_ONE and ITS_FOLDERS.fullmatch(name):
        return True
    is_hidden = name.startswith(".") and name not in (".", "..")
    return is_hidden or name.casefold() in SIDE_FOLDERS or name.casefold().endswith(PREVIEWS)


def name_in_icloud(name: str) -> str | None:
    """The name of the file in iCloud that macOS keeps a placeholder of this name for; None if it is no placeholder."""
    return name[1:-7] if name.startswith(".") and name.endswith(".icloud") and len(name) > 8 else None


def is_note(path: str) -> bool:
    """Whether a file's ending says that it is a note, a table or a setting: no picture."""
    return PurePosixPath(path).suffix[1:].casefold() in NOTES


def without_caches(folders: Iterable[str]) -> list[str]:
    """Sub-folders of one folder without those that others link into: `blobs` beside Hugging Face's `snapshots`."""
    folders = list(folders)
    if "snapshots" in folders:
        return [name for name in folders if name not in ("blobs", "refs")]
    return folders
