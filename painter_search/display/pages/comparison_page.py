"""The page of a comparison that `compare --page` writes and the server shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.analysis.comparison import Comparison
from painter_search.analysis.comparison_inputs import ComparedPainting
from painter_search.common.atomic_io import write_bytes
from painter_search.display.matching_parts import draw_parts, make_icon, parts_figures
from painter_search.display.pages.page import ServedPage, data_uri, open_template
from painter_search.index.painting_index import PaintingIndex

NEAREST_PAIRS = 3
"""Pairs of works shown of two groups."""
MAX_CELLS = 2500
"""Distances in the largest heat table that can still be read."""


@dataclass(frozen=True)
class PairView:
    """Two paintings side by side."""

    one: ComparedPainting
    other: ComparedPainting
    distance: float
    figures: tuple[bytes, bytes] | None
    """Both with their matching parts, as JPEG files; None where the encoder has no feature maps."""


class HeatCell(NamedTuple):
    """A distance in a heat table."""

    distance: float
    nearness: float
    """0 for the largest distance of the table, 1 for the smallest."""


def write_comparison_page(path: Path, comparison: Comparison, index: PaintingIndex) -> None:
    """Write a page of two paintings, or the nearest works of two groups, with their matching parts."""
    write_bytes(path, comparison_page(comparison, index).encode("utf-8", "replace"))


def comparison_page(comparison: Comparison, index: PaintingIndex, served: ServedPage | None = None) -> str:
    """The page of a comparison as HTML."""
    content: dict[str, object]
    if comparison.kind == "pair":
        one, other, parts = comparison.one, comparison.other, comparison.parts
        figures = None if parts is None else draw_parts(parts, one.picture, other.picture)
        pairs = [PairView(one, other, comparison.distance, figures)]
        content = {"pair": comparison}
    else:
        pairs = [
            PairView(one, other, distance, parts_figures(index, one.picture, other.picture))
            for one, other, distance in comparison.nearest_pairs(NEAREST_PAIRS)
        ]
        content = {
            "groups": comparison,
            "heat": heat_table(comparison.distances),
            "sentences": comparison.conclusions(),
        }
    return open_template("compare.html").render(
        **content,
        pairs=pairs,
        index=index,
        embed=data_uri,
        icon=make_icon,
        served=served,
        today=date.today().isoformat(),
    )


def heat_table(distances: NDArray[np.float32], max_cells: int = MAX_CELLS) -> list[list[HeatCell]]:
    """Distances `[a, b]` as the rows of a heat table; empty for more than `max_cells`."""
    if distances.size > max_cells:
        return []
    largest = distances.max()
    span = max(float(largest - distances.min()), 1e-9)
    return [[HeatCell(float(value), float(largest - value) / span) for value in row] for row in distances]
