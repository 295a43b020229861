"""PLDA on disk: its arrays in a file of NumPy's, and the centre that an index has given it. No pickle is read."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError
from painter_search.common.files.atomic_io import write_bytes
from painter_search.metrics.identification.plda import PLDA


def write_plda(path: Path, plda: PLDA, centre: NDArray[np.float32]) -> None:
    """Write a model and the centre of the works that an index uses it for, `[d]`."""
    buffer = io.BytesIO()
    np.savez(buffer, mean=plda.mean, transform=plda.transform, between=plda.between, centre=centre)
    write_bytes(path, buffer.getvalue())


def read_plda(path: Path) -> tuple[PLDA, PLDA]:
    """Read a model as it was fitted, and around the works of the index. Raises `DamagedFileError` for another file."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            plda = plda_from_arrays(*(arrays[name] for name in ("mean", "transform", "between")))
            centre = plda_from_arrays(arrays["centre"], plda.transform, plda.between).mean
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DamagedFileError(f"{path} is damaged; copy the whole index folder, or build it again.") from error
    return plda, replace(plda, mean=centre)


def plda_from_arrays(mean: NDArray[np.float32], transform: NDArray[np.float32], between: NDArray[np.float32]) -> PLDA:
    """A model of arrays that were read. Raises `ValueError` where they do not fit together."""
    arrays = [np.asarray(array, np.float32) for array in (mean, transform, between)]
    size = arrays[0].size
    if [array.shape for array in arrays] != [(size,), (size, size), (size,)]:
        raise ValueError("shapes")
    if not size or not all(np.isfinite(array).all() for array in arrays) or (arrays[2] < 0).any():
        raise ValueError("values")
    return PLDA(*arrays)
