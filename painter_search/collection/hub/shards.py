"""The files of a data set, the splits that they are in, and the configurations that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from painter_search.common.errors import InvalidValueError, NotEnoughDataError
from painter_search.common.text import first_few

SPLITS = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
    "dev": "validation", "test": "test", "testing": "test", "eval": "test",
}  # fmt: skip
"""What names of files and folders say of the split (https://huggingface.co/docs/datasets/repository_structure)."""
WORD = re.compile(r"[a-z]+")
PLAIN_FOLDERS = {"data", "default"}
"""Folders that name no configuration."""
WORKING_FILES = ("cache-", "indices-", "tmp")
"""Beginnings of the names of files that `datasets` keeps beside a data set's own."""


class Shard(NamedTuple):
    """One file of a data set, Parquet or Arrow."""

    path: Path
    split: str
    """`train`, `validation` or `test`."""


def list_shards(place: Path, name: str) -> list[Shard]:
    """The files of the data set at a path: its Parquet files, or else its Arrow files; of a file, itself.

    Raises `NotEnoughDataError` if there are none, `InvalidValueError` if they belong to several configurations.
    """
    if place.is_file():
        return [Shard(place, split_of(place.name))]
    for ending in ("*.parquet", "*.arrow"):
        paths = [path for path in sorted(place.rglob(ending)) if not path.name.startswith((".", *WORKING_FILES))]
        files = [path.relative_to(place).as_posix() for path in paths]
        if paths:
            check_one_configuration(files, name)
            return [Shard(path, split_of(file)) for path, file in zip(paths, files, strict=True)]
    raise NotEnoughDataError(
        f"{name} holds no Parquet or Arrow files; prepare a folder of pictures with --folder or --originals."
    )


def split_of(file: str) -> str:
    """The split that the path of a file names, in its last word that is one; `train` if there is none."""
    for part in reversed(PurePosixPath(file).parts):
        for word in WORD.findall(part.lower()):
            if word in SPLITS:
                return SPLITS[word]
    return "train"


def check_one_configuration(files: Iterable[str], name: str) -> None:
    """Raise `InvalidValueError` if files belong to several configurations, of which one must be chosen."""
    found = sorted({_configuration_of(file) for file in files})
    if len(found) > 1:
        listed = first_few([one or "the files above the folders" for one in found], 5)
        raise InvalidValueError(
            f"{name} has several configurations ({listed}); give one of them: --from-hub {name}/{found[-1]}."
        )


def _configuration_of(file: str) -> str:
    """The folders of a file that name no split."""
    folders = PurePosixPath(file).parent.parts
    return "/".join(one for one in folders if one not in PLAIN_FOLDERS and not SPLITS.keys() & set(WORD.findall(one)))
