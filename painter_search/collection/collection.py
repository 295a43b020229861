"""A prepared collection on disk: its works, frames and triplets."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from painter_search.collection.catalogues.preview import Preview
from painter_search.collection.summary import CollectionSummary
from painter_search.collection.triplets import read_triplets
from painter_search.collection.work import Work
from painter_search.common.errors import BusyError, DamagedFileError, NotFoundError
from painter_search.common.files.atomic_io import digest_bytes, read_json, to_json
from painter_search.common.files.csv_io import read_table
from painter_search.common.files.urls import expand_home
from painter_search.common.html_repr import html_table
from painter_search.images.framing import make_thumbnail, read_frame
from painter_search.images.picture_size import THUMBNAIL_SIDE, is_picture_size
from painter_search.images.types import Framing

IndexedSplit = Literal["test", "train", "all"]
"""The works of a collection that are indexed: one split, or both."""
Split = Literal["train", "validation", "test"]
"""Artist-disjoint splits; the validation artists are some of the training artists."""

FORMAT = 1
"""Version of the folder's layout, stored in `prepare.json`."""

CLEAN_FILES = {"train": "df_train_clean.csv", "train_all": "df_train_all.csv", "test": "df_test_clean.csv"}
TRIPLET_FILES: dict[Split, str] = {
    "train": "train_triplets_with_labels_new.csv",
    "validation": "val_triplets_with_labels.csv",
    "test": "test_triplets_with_labels.csv",
}
WORK_COLUMNS = ["new_filename", "artist", "title", "date", "style", "genre"]
RESERVED_NAME = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\.")
"""Device names, which Windows does not accept as file names."""
SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\.jpg")


@dataclass(frozen=True)
class Collection:
    """A prepared collection: a folder with frames, cleaned catalogues and triplets.

    `prepare_collection` makes one, `Collection.open` opens an existing one.

    Example:
        >>> from painter_search import PrepareConfig, prepare_collection
        >>> collection = prepare_collection(PrepareConfig(out="data", workers=1))  # the built-in sample
        >>> collection.name, collection.framing
        ('openclipart', 'whole')
        >>> collection.to_frame("test")[["file", "artist"]].shape
        (187, 2)
    """

    folder: Path
    name: str
    framing: Framing
    summary: CollectionSummary
    """The content of `prepare.json`: settings, counts and digests."""
    preview: Preview | None = field(default=None, compare=False, repr=False)
    """What was read as an artist, if the collection has just been prepared."""
    picture_size: int = THUMBNAIL_SIDE
    """Long side in pixels of the largest pictures that it has of its paintings."""

    @classmethod
    def open(cls, folder: Path | str) -> Collection:
        """Open a prepared folder.

        Raises:
            NotFoundError: The folder holds no prepared collection.
            DamagedFileError: Its `prepare.json` is damaged, or of another version.
        """
        folder = expand_home(folder)
        path = folder / "prepare.json"
        if not path.is_file():
            raise NotFoundError(
                f"{folder} holds no prepared collection; run `python -m painter_search.prepare --folder FOLDER --out "
                f"{folder}` first, with one sub-folder per artist (without --folder the built-in sample is prepared)."
            )
        summary = read_json(path)
        version = summary.get("format") if isinstance(summary, dict) else None
        if version != FORMAT:
            raise DamagedFileError(
                f"{folder} has format {version}, and this version reads format {FORMAT}; "
                "prepare it again from its originals, with the same flags and --replace."
            )
        has_texts = all(isinstance(summary.get(key), str) for key in ("name", "framing", "inputs_digest"))
        if not has_texts or summary["framing"] not in get_args(Framing):
            raise DamagedFileError(
                f"{path} lacks the name, the framing or the inputs' digest; prepare the collection again."
            )
        settings = summary.get("config")
        picture_size = settings.get("picture_size", THUMBNAIL_SIDE) if isinstance(settings, dict) else THUMBNAIL_SIDE
        if not is_picture_size(picture_size):
            raise DamagedFileError(f"{path} has an impossible size of its pictures; prepare the collection again.")
        return cls(folder, summary["name"], summary["framing"], summary, picture_size=picture_size)

    @property
    def digest(self) -> str:
        """SHA-256 of the summary, which identifies these paintings prepared with these settings."""
        return digest_bytes(to_json(self.summary).encode("utf-8", "surrogatepass"))

    def confirm(self) -> None:
        """Raise `BusyError` if the folder was prepared anew since it was opened, so that two versions may be mixed."""
        if Collection.open(self.folder).digest != self.digest:
            raise BusyError(f"{self.folder} was prepared anew while it was being read; run the command again.")

    def works(self, split: IndexedSplit = "test") -> list[Work]:
        """The works of a split, in catalogue order; `train` has all training works that were prepared."""
        if split == "all":
            return self.works("train") + self.works("test")
        path = self.folder / CLEAN_FILES["train_all" if split == "train" else "test"]
        if split == "train" and not path.is_file():
            path = self.folder / CLEAN_FILES["train"]
        catalogue = read_clean(path)
        missing = [column for column in WORK_COLUMNS if column not in catalogue.columns]
        if missing:
            raise DamagedFileError(f"{path} lacks the column {' and '.join(missing)}; prepare the collection again.")
        return read_works(catalogue, self.name)

    def to_dict(self) -> dict[str, Any]:
        """The settings, counts and digests as plain values, as `prepare --json` prints them."""
        preview = {} if self.preview is None else {"artists_read": self.preview.to_dict()}
        return {**{key: value for key, value in self.summary.items() if key != "identity"}, **preview}

    def to_frame(self, split: IndexedSplit = "test") -> pd.DataFrame:
        """The works of a split as a table.

        Args:
            split: `test`, `train` (all training works that were prepared) or `all`.

        Returns:
            One row per work, in catalogue order, with the columns `collection`, `file`, `artist`, `title`, `date`,
            `style` and `genre`, all text.
        """
        columns = [field.name for field in fields(Work)]
        return pd.DataFrame([astuple(work) for work in self.works(split)], columns=columns, dtype=object)

    def frame_path(self, file: str) -> Path:
        """Path of the frame of a work."""
        return self.folder / "frames" / frame_name(file)

    def thumbnail(self, file: str) -> bytes:
        """The whole painting as a JPEG file, long side 512 px."""
        path = self.folder / "thumbnails" / frame_name(file)
        if path.is_file():
            return path.read_bytes()
        return make_thumbnail(read_frame(self.frame_path(file)))

    def picture(self, file: str) -> bytes | None:
        """The whole painting as a JPEG file, long side `picture_size`; None if the thumbnail is all there is."""
        path = self.folder / "pictures" / frame_name(file)
        return path.read_bytes() if path.is_file() else None

    def triplets(self, split: Split) -> pd.DataFrame:
        """The triplets of a split: columns `anchor`, `positive` and `negative`, file names of works."""
        return read_triplets(self.folder / TRIPLET_FILES[split])

    def _repr_html_(self) -> str:
        """The name, the framing and the main counts, as Jupyter shows them."""
        counts = self.summary.get("counts", {})
        rows = [
            (rule, f"{counts[rule]['works']:,}", f"{counts[rule]['artists']:,}")
            for rule in ("catalogue", "train, clean", "test, clean")
            if rule in counts
        ]
        return html_table(("", "works", "artists"), rows, f"Collection {self.name} ({self.framing})")


def frame_name(file: str) -> str:
    """The file name of a work's frame.

    Plain lower-case JPEG names are kept. All others (with folders, capitals, other extensions, any script, any length)
    are replaced by a name that every file system accepts, made unique by a digest.
    """
    if SAFE_NAME.fullmatch(file) and not RESERVED_NAME.match(file):
        return file
    digest = digest_bytes(file.encode("utf-8", "surrogatepass"))[:16]
    readable = re.sub(r"[^a-z0-9]+", "-", file.rsplit(".", 1)[0].lower()).strip("-")[:40]
    return f"{readable}-{digest}.jpg"


def read_clean(path: Path) -> pd.DataFrame:
    """Read a cleaned catalogue, of this package or published with the report, with all values as text.

    Raises `DamagedFileError` if it is missing or not CSV.
    """
    try:
        return read_table(path)
    except (OSError, ValueError) as error:
        raise DamagedFileError(f"{path} cannot be read ({error}); prepare the collection again.") from error


def read_works(catalogue: pd.DataFrame, collection: str) -> list[Work]:
    """The rows of a cleaned catalogue as works."""
    return [Work(collection, *map(str, row)) for row in catalogue[WORK_COLUMNS].itertuples(index=False)]
