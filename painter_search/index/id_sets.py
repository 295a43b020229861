"""Ids of works as arrays: as they are given, and as ascending sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import InvalidValueError


def as_ids(ids: int | Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """One id or several as an array int64 `[n]`; raises `InvalidValueError` for what is no whole number."""
    given = np.atleast_1d(ids)
    if given.ndim > 1 or (given.size and given.dtype.kind not in "iu"):
        raise InvalidValueError(f"{ids!r} is no id; ids are whole numbers, one or a list of them.")
    return given.astype(np.int64, copy=False)


def is_among(ids: NDArray[np.int64], ascending: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ids `[n]` are among ascending ones `[m]`, at least one; `np.isin` is slow where m is large."""
    places = np.minimum(np.searchsorted(ascending, ids), len(ascending) - 1)
    return np.asarray(ascending[places] == ids)
