"""Finds the works of an index that a picture shows where fingerprints alone do not: under other light, with glare, a
cut edge, grey for colour, or mirrored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError
from painter_search.images.framing import Frame, open_frame
from painter_search.index.painting_index import PaintingIndex

LOOKED_AT = 5
"""Nearest works that a picture is compared with in detail. Of 95 paintings cropped from composed photographs, of
which 1,744 works include each, 91 are the nearest work and 93 among the nearest five."""
MIN_MIRRORED_CORRELATION = 0.3
"""Mirrored pictures whose greys correlate less are not aligned, which takes longest."""


def recognised_works(
    index: PaintingIndex, frame: Frame, distances: NDArray[np.float32], ids: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Those of the nearest of the works `ids` `[n]`, at `distances` `[n]`, whose picture agrees in detail with a frame.

    Ids, nearest first; the frame may be mirrored.
    """
    from painter_search.images.duplicates.search import agree_in_detail
    from painter_search.images.duplicates.sketch import whole_detail

    nearest = ids[np.argsort(distances, kind="stable")[:LOOKED_AT]].tolist()
    works = {id: detail for id in nearest if (detail := _work_detail(index, id)) is not None}
    asked = whole_detail(open_frame(frame.thumbnail or frame.jpeg))
    found = [id for id, work in works.items() if agree_in_detail(asked, work)]
    if not found:
        mirrored = np.ascontiguousarray(asked[:, ::-1])
        near = {id: work for id, work in works.items() if _correlation(mirrored, work) > MIN_MIRRORED_CORRELATION}
        found = [id for id, work in near.items() if agree_in_detail(mirrored, work)]
    return np.array(found, np.int64)


def _work_detail(index: PaintingIndex, id: int) -> NDArray[np.uint8] | None:
    """None for a work whose picture is damaged: an answer does not need it."""
    from painter_search.images.duplicates.sketch import whole_detail

    try:
        return whole_detail(open_frame(index.works.thumbnail(id)))
    except DamagedFileError:
        return None


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    blank = one.std() == 0 or other.std() == 0
    return 0.0 if blank else float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
