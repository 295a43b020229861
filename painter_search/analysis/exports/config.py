"""Settings of `export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from painter_search.common.command_line.flag_types import IfGiven, check_choices
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import Location, parse_location, writable_path
from painter_search.index.config import DEFAULT_INDEX

Format = Literal["parquet", "npy", "csv", "tensorboard", "fiftyone", "atlas"]
SUFFIXES: dict[Format, str] = {"parquet": ".parquet", "atlas": ".parquet", "npy": ".npy", "csv": ".csv"}
"""How a format's file ends; the other formats are folders."""
NO_PICTURES = "Leave the pictures, 512 px on their longer side, out of Parquet files."
"""What the flag --no-pictures does."""


@dataclass(frozen=True)
class ExportConfig:
    """Write the embeddings and works of an index for other programs; `build-index --embeddings` reads parquet, npy."""

    out: tyro.conf.Positional[IfGiven[Path]] = None
    """The file to write, or for tensorboard and fiftyone the folder. Default: works.parquet, works.npy, works.csv,
    atlas.parquet, or a folder named after the format."""

    format: IfGiven[Format] = None
    """parquet: a row for each work, with embedding and picture. npy: the embeddings, and a .csv of the works beside.
    csv: the works alone, with their ids, for spreadsheets.
    tensorboard: a folder for its projector, with a sprite. fiftyone: a FiftyOneDataset. atlas: Parquet with positions
    and neighbours for Embedding Atlas. Default: npy or csv for a file that ends so, else parquet."""

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index; or the URL of either, such as s3://bucket/index."""

    pictures: Annotated[bool, tyro.conf.arg(help=NO_PICTURES, help_behavior_hint="")] = True
    """Whether Parquet files hold the pictures, 512 px on their longer side."""

    def __post_init__(self) -> None:
        check_choices(self)
        object.__setattr__(self, "out", None if self.out is None else writable_path(self.out, "the path to write"))
        object.__setattr__(self, "index", parse_location(self.index))
        suffix = SUFFIXES.get(self.kind, "")
        if self.out is not None and suffix and self.out.suffix.lower() != suffix:
            raise InvalidValueError(f"{self.out} must end in {suffix}; --format {self.kind} writes such a file.")

    @property
    def kind(self) -> Format:
        """The format, whether it was named or follows from the file's name."""
        by_ending: dict[str, Format] = {".npy": "npy", ".csv": "csv"}
        return self.format or by_ending.get("" if self.out is None else self.out.suffix.lower(), "parquet")

    @property
    def target(self) -> Path:
        """The file or folder to write."""
        if self.out is not None:
            return self.out
        name = "works" if self.kind in ("parquet", "npy", "csv") else self.kind
        return Path(f"{name}{SUFFIXES.get(self.kind, '')}")
