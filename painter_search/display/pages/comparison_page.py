"""The page of a comparison that `compare --page` writes and the server shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from painter_search.analysis.comparisons.comparison import Comparison
from painter_search.analysis.comparisons.comparison_inputs import ComparedPainting
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.analysis.distance_percentiles import distance_histogram
from painter_search.analysis.local_matching import MatchingParts, Point, match_parts_in
from painter_search.display.charts import histogram_chart
from painter_search.display.matching_parts import make_icon, veil
from painter_search.display.pages.page import ServedPage, data_uri, open_template, write_page
from painter_search.display.words.citation import citation_line
from painter_search.display.words.comparison_text import comparison_bibtex, comparison_citation, pair_standing
from painter_search.images.framing import encode_jpeg, open_frame
from painter_search.index.painting_index import PaintingIndex

NEAREST_PAIRS = 3
"""Pairs of works shown of two groups."""
MAX_CELLS = 2500
"""Distances in the largest heat table that can still be read."""


class SideView(NamedTuple):
    """One of two paintings."""

    painting: ComparedPainting
    veiled: bytes | None
    """The painting, veiled but for what matches, as a JPEG file; None without matching parts."""
    places: tuple[Point, ...]
    """Centres of the numbered parts."""


@dataclass(frozen=True)
class PairView:
    """Two paintings side by side."""

    one: ComparedPainting
    other: ComparedPainting
    distance: float
    parts: MatchingParts | None
    """What matches in them; None where the encoder has no feature maps, and for one and the same picture."""

    @property
    def sides(self) -> tuple[SideView, SideView]:
        """The one and the other as they are shown."""
        if self.parts is None:
            return SideView(self.one, None, ()), SideView(self.other, None, ())
        veiled = [
            encode_jpeg(veil(open_frame(painting.largest), clear), quality=85)
            for painting, clear in zip((self.one, self.other), self.parts.maps, strict=True)
        ]
        return (
            SideView(self.one, veiled[0], tuple(pair.one for pair in self.parts.pairs)),
            SideView(self.other, veiled[1], tuple(pair.other for pair in self.parts.pairs)),
        )


class Cited(NamedTuple):
    """How a comparison is cited."""

    citation: str
    bibtex: str


class HeatCell(NamedTuple):
    """A distance in a heat table."""

    distance: float
    nearness: float
    """0 for the largest distance of the table, 1 for the smallest."""


def write_comparison_page(path: Path, comparison: Comparison, index: PaintingIndex) -> None:
    """Write a page of two paintings, or the nearest works of two groups, with their matching parts."""
    write_page(path, comparison_page(comparison, index))


def comparison_page(comparison: Comparison, index: PaintingIndex, served: ServedPage | None = None) -> str:
    """The page of a comparison as HTML."""
    content: dict[str, object]
    if comparison.kind == "pair":
        parts = None if comparison.same_picture else comparison.parts  # all of it matches, which no veil should deny
        pairs = [PairView(comparison.one, comparison.other, comparison.distance, parts)]
        content = {
            "pair": comparison,
            "standing": pair_standing(comparison.percentile),
            "histogram": _histogram(comparison, index),
        }
    else:
        pairs = [
            PairView(one, other, distance, match_parts_in(index, one.picture, other.picture))
            for one, other, distance in comparison.nearest_pairs(NEAREST_PAIRS)
        ]
        content = {
            "groups": comparison,
            "heat": heat_table(comparison.distances),
            "sentences": comparison.conclusions(),
        }
    citation = comparison_citation(comparison, index)
    return open_template("compare.html").render(
        **content,
        pairs=pairs,
        index=index,
        embed=data_uri,
        icon=make_icon,
        served=served,
        cited=Cited(citation, comparison_bibtex(comparison, index)),
        running=citation,
        citation=citation_line(index),
    )


def _histogram(pair: PairComparison, index: PaintingIndex) -> Markup | None:
    """Where the pair stands among the pairs of works in the index."""
    spread = distance_histogram(index)
    if spread is None:
        return None
    shares = [("pairs by two artists", "two", spread.different)]
    if spread.same:
        shares.append(("pairs by one artist", "one", spread.same))
    title = "Distances between works of this index, and of this pair"
    return histogram_chart(title, spread.edges, shares, (pair.distance, "this pair"), "distance")


def heat_table(distances: NDArray[np.float32]) -> list[list[HeatCell]]:
    """Distances `[a, b]` as the rows of a heat table; empty for more than `MAX_CELLS`."""
    if distances.size > MAX_CELLS:
        return []
    largest = distances.max()
    span = max(float(largest - distances.min()), 1e-9)
    return [[HeatCell(float(value), float(largest - value) / span) for value in row] for row in distances]
