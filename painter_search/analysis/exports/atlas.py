"""Embeddings and works for Embedding Atlas: Parquet with a position on a plane and the nearest works of each.

Positions and neighbours are given, so that it downloads no model (https://apple.github.io/embedding-atlas/tool.html).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from painter_search.analysis.exports.tables import write_parquet
from painter_search.analysis.projection import layout
from painter_search.common.errors import NotEnoughDataError
from painter_search.common.progress import spinner
from painter_search.index.painting_index import PaintingIndex

NEIGHBOURS = 15
"""Nearest works of each that are written."""


def write_atlas(index: PaintingIndex, path: Path, *, pictures: bool) -> None:
    """Write the Parquet file of `write_parquet` with the columns `projection_x`, `projection_y` and `neighbors`.

    Raises `NotEnoughDataError` for an index of a single work.
    """
    import pyarrow as pa

    ids = index.artists.ids
    if len(ids) < 2:
        raise NotEnoughDataError("the index holds a single work, which has no place among others; build one with more.")
    embeddings = index.embeddings(ids)
    with spinner(f"Laying out {len(ids):,} works"):
        positions = layout(embeddings)
    distances, found = index.search(embeddings, min(NEIGHBOURS + 1, len(ids)))
    neighbours = []
    for id, near, at in zip(ids, found, distances, strict=True):
        others = (near != id) & (near >= 0)
        rows = np.searchsorted(ids, near[others])  # Embedding Atlas knows works by their row
        neighbours.append({"ids": rows.tolist(), "distances": at[others].tolist()})
    kind = pa.struct([("ids", pa.list_(pa.int64())), ("distances", pa.list_(pa.float32()))])
    columns = {
        "projection_x": pa.array(positions[:, 0]),
        "projection_y": pa.array(positions[:, 1]),
        "neighbors": pa.array(neighbours, kind),
    }
    write_parquet(index, path, pictures=pictures, more=columns)
