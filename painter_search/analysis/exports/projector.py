"""A folder that TensorBoard's projector opens: vectors, metadata, and a sprite of all pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from painter_search.analysis.exports.tables import work_rows
from painter_search.common.progress import track
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import COLUMNS

SPRITE_SIDE = 8192
"""Largest side of a sprite that TensorBoard takes, in pixels."""
PICTURE_SIDE = 64
"""Side of a picture in the sprite, in pixels; smaller where there are many."""


def write_projector(index: PaintingIndex, folder: Path) -> None:
    """Write `tensors.tsv`, `metadata.tsv`, `sprite.png` and the `projector_config.pbtxt` that names them."""
    ids = index.artists.ids
    np.savetxt(folder / "tensors.tsv", index.embeddings(ids), fmt="%.7g", delimiter="\t")
    rows: list[list[object]] = [["id", *COLUMNS], *work_rows(index)]
    # TensorBoard labels points by the first column of words.
    order = sorted(range(len(rows[0])), key=lambda column: rows[0][column] not in ("id", "artist"))
    rows = [[row[column] for column in order] for row in rows]
    lines = ["\t".join(" ".join(str(cell).split()) for cell in row) for row in rows]  # a cell has no tab or new line
    (folder / "metadata.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")
    side = _write_sprite(index, folder / "sprite.png")
    (folder / "projector_config.pbtxt").write_text(
        "embeddings {\n"
        '  tensor_name: "painter_search"\n'
        '  tensor_path: "tensors.tsv"\n'
        '  metadata_path: "metadata.tsv"\n'
        "  sprite {\n"
        '    image_path: "sprite.png"\n'
        f"    single_image_dim: {side}\n"
        f"    single_image_dim: {side}\n"
        "  }\n"
        "}\n",
        encoding="utf-8",
    )


def _write_sprite(index: PaintingIndex, path: Path) -> int:
    """Write the pictures, padded to squares, row by row into one square picture; returns the side of each."""
    ids = index.artists.ids.tolist()
    columns = math.ceil(math.sqrt(len(ids)))
    side = max(1, min(PICTURE_SIDE, SPRITE_SIDE // columns))
    sprite = Image.new("RGB", (columns * side, columns * side), "white")
    for number, id in enumerate(track(ids, "Sprite")):
        picture = ImageOps.pad(index.open_thumbnail(id), (side, side), color="white")
        sprite.paste(picture, (number % columns * side, number // columns * side))
    sprite.save(path)
    return side
