"""A prepared collection on disk."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from painter_search.collection.framing import make_thumbnail, read_frame
from painter_search.collection.settings import Framing
from painter_search.collection.triplets import read_table, read_triplets
from painter_search.collection.work import Work
from painter_search.errors import UserError
from painter_search.folders import digest_bytes, read_json, to_json

Split = Literal["test", "train", "all"]
Part = Literal["train", "validation", "test"]

FORMAT = 1
"""Version of the folder's layout, kept in `prepare.json`."""

CLEAN_FILES = {"train": "df_train_clean.csv", "train_all": "df_train_all.csv", "test": "df_test_clean.csv"}
TRIPLET_FILES: dict[Part, str] = {
    "train": "train_triplets_with_labels_new.csv",
    "validation": "val_triplets_with_labels.csv",
    "test": "test_triplets_with_labels.csv",
}
WORK_COLUMNS = ["new_filename", "artist", "title", "date", "style", "genre"]
DEVICE_NAME = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\.")  # Windows keeps these for itself
SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\.jpg")


@dataclass(frozen=True)
class Collection:
    """A folder that `prepare` wrote: frames, cleaned catalogues and triplets."""

    folder: Path
    name: str
    framing: Framing
    report: dict[str, Any]
    """The content of `prepare.json`."""

    @classmethod
    def open(cls, folder: Path) -> Collection:
        """Open a prepared folder. Raises `UserError` where there is none, or one of another format."""
        if not (folder / "prepare.json").is_file():
            raise UserError(
                f"{folder} holds no prepared collection; run `python -m painter_search.prepare --out {folder}` first."
            )
        report = read_json(folder / "prepare.json")
        found = report.get("format") if isinstance(report, dict) else None
        if found != FORMAT:
            raise UserError(
                f"{folder} has format {found}, and this version reads format {FORMAT}; "
                f"run `python -m painter_search.prepare --out {folder} --replace` to make it again."
            )
        said = all(isinstance(report.get(key), str) for key in ("name", "framing", "inputs_digest"))
        if not said or report["framing"] not in get_args(Framing):
            raise UserError(
                f"{folder / 'prepare.json'} lacks the name, the framing or the inputs' digest; prepare the collection "
                "again."
            )
        return cls(folder, report["name"], report["framing"], report)

    @property
    def digest(self) -> str:
        """What these paintings, so prepared, are known by."""
        return digest_bytes(to_json(self.report).encode("utf-8", "surrogatepass"))

    def confirm(self) -> None:
        """Raises `UserError` where the folder was prepared anew since it was opened, so that two were mixed."""
        if Collection.open(self.folder).digest != self.digest:
            raise UserError(f"{self.folder} was prepared anew while it was being read; run the command again.")

    def works(self, split: Split = "test") -> list[Work]:
        """The works of a part, in the order of its catalogue. `train` has every training work that was kept."""
        if split == "all":
            return self.works("train") + self.works("test")
        path = self.folder / CLEAN_FILES["train_all" if split == "train" else "test"]
        if split == "train" and not path.is_file():
            path = self.folder / CLEAN_FILES["train"]
        catalogue = read_clean(path)
        missing = [column for column in WORK_COLUMNS if column not in catalogue.columns]
        if missing:
            raise UserError(f"{path} lacks the column {' and '.join(missing)}; prepare the collection again.")
        return works_of_catalogue(catalogue, self.name)

    def frame_path(self, file: str) -> Path:
        """Where the frame of a work lies."""
        return self.folder / "frames" / frame_name(file)

    def thumbnail(self, file: str) -> bytes:
        """The whole painting as a JPEG file, 512 px on its longer side."""
        kept = self.folder / "thumbnails" / frame_name(file)
        if kept.is_file():
            return kept.read_bytes()
        return make_thumbnail(read_frame(self.frame_path(file)))

    def triplets(self, part: Part) -> pd.DataFrame:
        """The triplets of a part: columns `anchor, positive, negative`, file names."""
        return read_triplets(self.folder / TRIPLET_FILES[part])


def frame_name(file: str) -> str:
    """The frame's file name for a work's file.

    Plain lower-case JPEG names are kept; all others (folders, capitals, other endings, any script, any length) get
    a name that every file system takes, told apart by a digest.
    """
    if SAFE_NAME.fullmatch(file) and not DEVICE_NAME.match(file):
        return file
    digest = hashlib.sha256(file.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^a-z0-9]+", "-", file.rsplit(".", 1)[0].lower()).strip("-")[:40]
    return f"{readable}-{digest}.jpg"


def read_clean(path: Path) -> pd.DataFrame:
    """Read a cleaned catalogue, ours or a published one; all columns as text."""
    try:
        return read_table(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); prepare the collection again.") from error


def works_of_catalogue(catalogue: pd.DataFrame, collection: str) -> list[Work]:
    """The rows of a cleaned catalogue as works."""
    return [Work(collection, *map(str, row)) for row in catalogue[WORK_COLUMNS].itertuples(index=False)]
