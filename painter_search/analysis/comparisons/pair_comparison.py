"""Two paintings compared: their distance, what it means in an index, and which of their parts match."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from painter_search.analysis.comparisons.comparison_inputs import ComparedPainting, cropped_to_dict
from painter_search.analysis.distance_percentiles import DistancePercentile, distance_percentile
from painter_search.analysis.local_matching import MatchingParts, match_parts_in
from painter_search.common.html_repr import html_picture, html_table, html_text
from painter_search.images.fingerprint import same_picture, stack_fingerprints
from painter_search.images.framing import open_frame
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.distances import distance_matrix

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PairComparison:
    """Two paintings compared."""

    kind: ClassVar[Literal["pair"]] = "pair"

    one: ComparedPainting
    other: ComparedPainting
    distance: float
    """Euclidean distance of their embeddings."""
    same_artist: float | None
    """Probability that one artist painted both, if half of such pairs are by one artist; None without calibration."""
    percentile: DistancePercentile
    """Where the distance stands among those between works of the index."""
    same_picture: bool
    """Whether both files show the same picture."""
    parts: MatchingParts | None
    """Which parts match; None if the index's encoder has no feature maps."""

    @property
    def cropped(self) -> list[ComparedPainting]:
        """Those of the two whose photograph was cropped."""
        return [side for side in (self.one, self.other) if side.crop is not None]

    @property
    def complete(self) -> bool:
        """True: a pair with a file that cannot be read is an error."""
        return True

    def rows(self) -> list[list[object]]:
        """Column names and one row, as CSV tables have them."""
        columns = ["one", "other", "distance", "same_artist", "nearer_than_different", "nearer_than_same"]
        values = self.to_dict()
        return [[*columns], [values[column] for column in columns]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as under "comparison" in what `compare --json` prints; without pictures and maps."""
        return {
            "one": self.one.name,
            "other": self.other.name,
            "distance": self.distance,
            "same_artist": self.same_artist,
            **asdict(self.percentile),
            "same_picture": self.same_picture,
            "parts": None if self.parts is None else [asdict(pair) for pair in self.parts.pairs],
            **cropped_to_dict(self.cropped),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row, with the columns one, other, distance, same_artist, nearer_than_different and nearer_than_same."""
        import pandas as pd

        columns, *rows = self.rows()
        return pd.DataFrame(rows, columns=[str(name) for name in columns])

    def _repr_html_(self) -> str:
        pictures = [[html_picture(side.picture, 160, side.name) for side in (self.one, self.other)]]
        figures = {
            "distance": self.distance,
            "probability that one artist painted both": self.same_artist,
            "share of pairs by different artists that lie further apart": self.percentile.nearer_than_different,
            "share of pairs by one artist that lie further apart": self.percentile.nearer_than_same,
        }
        same = html_text("Both files show the same picture.") if self.same_picture else ""
        return (
            html_table((self.one.name, self.other.name), pictures)
            + same
            + html_table(("", ""), [row for row in figures.items() if row[1] is not None])
        )


def compare_pair(index: PaintingIndex, one: ComparedPainting, other: ComparedPainting) -> PairComparison:
    """Compare two paintings that are embedded already, as those of their readings that show one picture, if any do."""
    pairs = product(one.readings, other.readings)
    alike = next((pair for pair in pairs if _show_one_picture(*pair)), None)
    one, other = (replace(side, possible=None) for side in alike or (one, other))
    distance = float(distance_matrix(one.embedding[None], other.embedding[None])[0, 0])
    probability = index.same_artist(np.array([distance]))
    return PairComparison(
        one=one,
        other=other,
        distance=distance,
        same_artist=None if probability is None else float(probability[0]),
        percentile=distance_percentile(index, distance),
        same_picture=alike is not None,
        parts=match_parts_in(index, one.picture, other.picture),
    )


def _show_one_picture(one: ComparedPainting, other: ComparedPainting) -> bool:
    """Whether two paintings are one picture; what is cropped from a photograph is compared in detail, too."""
    if same_picture(one.fingerprint, stack_fingerprints([other.fingerprint]))[0]:
        return True
    if one.crop is None and other.crop is None:
        return False
    from painter_search.images.duplicates.search import agree_in_detail
    from painter_search.images.duplicates.sketch import whole_detail

    return agree_in_detail(*(whole_detail(open_frame(side.picture)) for side in (one, other)))
