"""Works of an index that a photograph shows: light, glare and a cut edge change more than a fingerprint allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from painter_search.images.framing import Frame, open_frame
from painter_search.index.painting_index import PaintingIndex

LOOKED_AT = 5
"""Nearest works that a photograph is compared with in detail. Of 95 paintings cropped from composed photographs, of
which 1,744 works include each, 91 are the nearest work and 93 among the nearest five."""


def recognised_works(
    index: PaintingIndex, frame: Frame, distances: NDArray[np.float32], ids: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Those of the nearest of the works `ids` `[n]`, at `distances` `[n]`, whose picture agrees in detail with a frame.

    Ids, nearest first; none if the frame is no crop of a photograph.
    """
    if frame.crop is None:
        return np.empty(0, np.int64)
    from painter_search.images.duplicates.search import agree_in_detail
    from painter_search.images.duplicates.sketch import PictureSketch

    sketch = PictureSketch.from_image(open_frame(frame.thumbnail or frame.jpeg))
    nearest = ids[np.argsort(distances, kind="stable")[:LOOKED_AT]]
    pictures = (open_frame(index.works.thumbnail(int(id))) for id in nearest)
    agrees = [agree_in_detail(sketch, PictureSketch.from_image(picture)) for picture in pictures]
    return np.asarray(nearest[np.array(agrees, dtype=bool)])
