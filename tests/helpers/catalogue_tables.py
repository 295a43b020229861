"""Tables of works as text, and what a catalogue makes of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from painter_search.collection.catalogues.catalogue import read_catalogue

ROWS = [("Albrecht Dürer", "1.jpg", "Hase; jung"), ("Claude Monet", "2.jpg", "Seine, 1872")]
WANTED = [list(row) for row in ROWS]


def text_of(header: str, delimiter: str, end: str = "\n") -> str:
    """A table of `ROWS`, its cells quoted only where they must be."""
    rows = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in ROWS]
    return end.join([header, *(delimiter.join(row) for row in rows)]) + end


def read(path: Path) -> tuple[pd.DataFrame, list[str]]:
    table, remarks, *_ = read_catalogue([path], 0.4, 42)
    return table, remarks


def values(path: Path) -> list[list[str]]:
    return read(path)[0][["artist", "new_filename", "title"]].to_numpy().tolist()
