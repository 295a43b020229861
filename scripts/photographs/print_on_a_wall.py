"""A print by Hokusai on a wall, as a visitor photographs it: asked about in the demo and in the README's pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from photographs.compositions import compose

PRINT = "Katsushika Hokusai - The Kazusa Sea Route.jpg"
SEED = 13
"""Of the wall, the frame and the light."""
JPEG_QUALITY = 92


def take_photograph(paintings: Path, out: Path) -> None:
    """Photograph the print of a folder of paintings, and take it out of the folder and of its catalogue."""
    files = sorted(paintings.glob("*.jpg"))
    beside = [np.asarray(Image.open(file).convert("RGB")) for file in files[:2]]
    asked = np.asarray(Image.open(paintings / PRINT).convert("RGB"))
    photograph = compose(asked, beside, np.random.default_rng(SEED)).pixels
    Image.fromarray(photograph).save(out, quality=JPEG_QUALITY)
    (paintings / PRINT).unlink()
    catalogue = paintings / "all_data_info.csv"
    rows = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
    catalogue.write_text("".join(row for row in rows if not row.rstrip().endswith(PRINT)), encoding="utf-8")
    with (paintings / "SOURCE.txt").open("a", encoding="utf-8") as source:
        source.write(f"\nOne of them is not in this folder: {PRINT}. {out.name} is a photograph of it.\n")
