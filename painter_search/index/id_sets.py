"""Sets of ids, as ascending arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def is_among(ids: NDArray[np.int64], ascending: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ids `[n]` are among ascending ones `[m]`, at least one; `np.isin` is slow where m is large."""
    places = np.minimum(np.searchsorted(ascending, ids), len(ascending) - 1)
    return np.asarray(ascending[places] == ids)
