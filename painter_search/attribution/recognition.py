"""Works of an index that a picture shows: light, glare, a cut edge, grey for colour and mirroring change more than a
fingerprint allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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

    nearest = ids[np.argsort(distances, kind="stable")[:LOOKED_AT]]
    asked, *works = (
        _detail(jpeg) for jpeg in (frame.thumbnail or frame.jpeg, *map(index.works.thumbnail, nearest.tolist()))
    )
    mirrored = np.ascontiguousarray(asked[:, ::-1])
    agrees = [agree_in_detail(asked, work) for work in works]
    if not any(agrees):
        agrees = [
            _correlation(mirrored, work) > MIN_MIRRORED_CORRELATION and agree_in_detail(mirrored, work)
            for work in works
        ]
    return np.asarray(nearest[np.array(agrees, dtype=bool)])


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    blank = one.std() == 0 or other.std() == 0
    return 0.0 if blank else float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _detail(jpeg: bytes) -> NDArray[np.uint8]:
    from painter_search.images.duplicates.sketch import WHOLE, View

    return View.from_part(open_frame(jpeg).convert("L"), WHOLE).detail
