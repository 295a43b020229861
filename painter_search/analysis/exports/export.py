"""Exports an index: one function for every format."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from painter_search.analysis.exports.atlas import write_atlas
from painter_search.analysis.exports.config import SUFFIXES, ExportConfig
from painter_search.analysis.exports.fiftyone import write_fiftyone
from painter_search.analysis.exports.projector import write_projector
from painter_search.analysis.exports.tables import check_replaced, write_csv, write_npy, write_parquet
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.atomic_io import replace_folder
from painter_search.index.painting_index import PaintingIndex


@dataclass(frozen=True)
class Exported:
    """What was written."""

    path: Path
    """The file or folder."""
    works: int
    dimensions: int
    """Numbers of an embedding; 0 for works alone."""
    hint: str
    """How the other program opens it."""

    def to_dict(self) -> dict[str, object]:
        """Plain values, as `export --json` prints them."""
        return {"path": self.path.as_posix(), "works": self.works, "dimensions": self.dimensions, "hint": self.hint}


def export_index(config: ExportConfig) -> Exported:
    """Write the embeddings and works of an index for other programs.

    A file or folder appears complete or not at all.

    Raises:
        NotFoundError: There is no index.
        InvalidValueError: The folder to write exists and is not empty, or the file exists and is no export of works.

    Example:
        >>> export_index(ExportConfig(Path("works.parquet")))  # doctest: +SKIP
    """
    index, out = PaintingIndex.load(config.index), config.target
    path = out.as_posix()
    out.parent.mkdir(parents=True, exist_ok=True)
    if config.kind in SUFFIXES:
        check_replaced(out)
    if config.kind == "parquet":
        write_parquet(index, out, pictures=config.pictures)
        hint = f'pandas.read_parquet("{path}"), or build-index --embeddings {path}'
    elif config.kind == "npy":
        write_npy(index, out)
        hint = f'numpy.load("{path}"); its rows are those of {out.with_suffix(".csv").as_posix()}'
    elif config.kind == "csv":
        write_csv(index, out)
        id = index.artists.ids[0]
        hint = f"any spreadsheet; query '#{id}' asks about the work with the id {id}"
    elif config.kind == "atlas":
        write_atlas(index, out, pictures=config.pictures)
        image = " --image image" if config.pictures else ""
        hint = f"embedding-atlas {path}{image} --x projection_x --y projection_y --neighbors neighbors"
    elif config.kind == "tensorboard":
        _write_folder(out, lambda folder: write_projector(index, folder))
        hint = f"tensorboard --logdir {path}"
    else:
        _write_folder(out, lambda folder: write_fiftyone(index, folder))
        hint = f'fiftyone.Dataset.from_dir("{path}", fiftyone.types.FiftyOneDataset)'
    return Exported(out, len(index), 0 if config.kind == "csv" else index.store.dim, hint)


def _write_folder(folder: Path, write: Callable[[Path], None]) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InvalidValueError(f"{folder} is there already; choose another folder, or delete it.")
    staging = folder.with_name(f".{folder.name}.exporting")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        write(staging)
        replace_folder(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
