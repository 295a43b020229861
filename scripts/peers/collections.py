"""Real paintings for the parts that need them."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from painter_search.common.errors import NotFoundError


def real_collection(name: str) -> Path:
    """The folder of a collection; raises `NotFoundError` where PAINTER_SEARCH_COLLECTIONS has none of this name."""
    folder = Path(os.environ.get("PAINTER_SEARCH_COLLECTIONS", ""), name)
    if not (folder / "all_data_info.csv").is_file():
        raise NotFoundError(f"{folder} is no collection; PAINTER_SEARCH_COLLECTIONS names the folder that has {name}.")
    return folder


def read_originals(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Each work's artist, name of file and bytes."""
    archives = [zipfile.ZipFile(path) for path in sorted(folder.glob("*.zip"))]
    members = {Path(name).name: (archive, name) for archive in archives for name in archive.namelist()}
    with (folder / "all_data_info.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row["new_filename"]
            path = folder / "originals" / name
            if path.is_file():
                yield row["artist"], name, path.read_bytes()
            elif name in members:
                archive, member = members[name]
                yield row["artist"], name, archive.read(member)
