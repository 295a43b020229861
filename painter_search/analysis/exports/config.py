"""Settings of `export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from painter_search.common.errors import InvalidValueError
from painter_search.common.urls import Location, parse_location
from painter_search.index.config import DEFAULT_INDEX

Format = Literal["parquet", "npy", "tensorboard", "fiftyone", "atlas"]
SUFFIXES: dict[Format, str] = {"parquet": ".parquet", "atlas": ".parquet", "npy": ".npy"}
"""How a format's file ends; the other formats are folders."""


@dataclass(frozen=True)
class ExportConfig:
    """Write the embeddings and works of an index for other programs; `build-index --embeddings` reads the first two."""

    out: tyro.conf.Positional[Path | None] = None
    """The file to write, or for tensorboard and fiftyone the folder. Default: works.parquet, works.npy, or a folder
    named after the format."""

    format: Format = "parquet"
    """parquet: a row for each work, with embedding and picture. npy: the embeddings, and a .csv of the works beside.
    tensorboard: a folder for its projector, with a sprite. fiftyone: a FiftyOneDataset. atlas: Parquet with positions
    and neighbours for Embedding Atlas."""

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index; or the URL of either, such as s3://bucket/index."""

    pictures: bool = True
    """Whether Parquet files hold the pictures, 512 px on their longer side."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "out", None if self.out is None else Path(self.out))
        object.__setattr__(self, "index", parse_location(self.index))
        suffix = SUFFIXES.get(self.format, "")
        if self.out is not None and suffix and self.out.suffix.lower() != suffix:
            raise InvalidValueError(f"{self.out} must end in {suffix}; --format {self.format} writes such a file.")

    @property
    def target(self) -> Path:
        """The file or folder to write."""
        if self.out is not None:
            return self.out
        return Path(f"works{SUFFIXES[self.format]}") if self.format in SUFFIXES else Path(self.format)
