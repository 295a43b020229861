"""Two groups of paintings compared, of which one may be a single painting: distances, and whether they differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.analysis.comparisons.comparison_inputs import (
    ComparedPainting,
    PaintingGroup,
    cropped_to_dict,
    without_duplicates,
)
from painter_search.attribution.answers import FailedQuery
from painter_search.common.errors import NotEnoughDataError
from painter_search.common.html_repr import Html, html_picture, html_table, html_text
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.group_permutation import (
    GroupTest,
    conformal_p_value,
    least_p,
    leave_out_means,
    permutation_test,
)

if TYPE_CHECKING:
    import pandas as pd

Matrix = NDArray[np.float32]
HTML_WORKS = 20
"""Works of a group that a notebook shows."""

SIGNIFICANCE = 0.05
"""p-value below which groups are said to differ."""


@dataclass(frozen=True)
class PairMean:
    """Means over pairs of works."""

    pairs: int
    distance: float | None
    """Mean distance; None without pairs."""
    same_artist: float | None
    """Mean probability that one artist painted both; None without pairs or calibration."""


@dataclass(frozen=True)
class GroupPlacement:
    """One work between two groups."""

    name: str
    own: float | None
    """Mean distance to the other works of its group; None if there are none."""
    other: float
    """Mean distance to the works of the other group."""
    stays: bool | None
    """Whether it lies nearer to its own group; None if one of the groups is a single work."""


class NearPair(NamedTuple):
    """A work of either group, and their distance."""

    one: ComparedPainting
    other: ComparedPainting
    distance: float


@dataclass(frozen=True)
class GroupComparison:
    """Two groups of paintings compared, one of which may be a single painting."""

    kind: ClassVar[Literal["groups"]] = "groups"

    one: PaintingGroup
    other: PaintingGroup
    distances: Matrix
    """Distance of each work of the one group to each of the other: float32 `[a, b]`."""
    probabilities: NDArray[np.float64] | None
    """Probability that one artist painted both, for each of these pairs; None without calibration."""
    within_one: PairMean
    within_other: PairMean
    between: PairMean
    placements: tuple[tuple[GroupPlacement, ...], tuple[GroupPlacement, ...]]
    """Every work of the one group, and of the other."""
    test: GroupTest | None
    """Whether the groups differ by more than chance; None if one of them is a single work."""
    conformal_p: float | None = field(metadata={"stored": "fit"})
    """If `one` is a single work: the share of works, itself and the other group together, whose mean distance to the
    rest is at least its own. Small if it does not belong to the group. None otherwise."""
    left_out: tuple[FailedQuery, ...]
    """Files that were not compared, and why: unreadable ones, and further files of the same picture."""

    @property
    def cropped(self) -> list[ComparedPainting]:
        """The works of both groups whose photograph was cropped."""
        return [work for work in (*self.one.paintings, *self.other.paintings) if work.crop is not None]

    @property
    def complete(self) -> bool:
        """Whether every file could be read."""
        return not (self.one.unreadable or self.other.unreadable)

    def rows(self) -> list[list[object]]:
        """Column names and a row for every pair of works, one of either group, as CSV tables have them."""
        rows: list[list[object]] = [["one", "other", "distance", "same_artist"]]
        for a, one in enumerate(self.one.paintings):
            for b, other in enumerate(self.other.paintings):
                probability = None if self.probabilities is None else float(self.probabilities[a, b])
                rows.append([one.name, other.name, float(self.distances[a, b]), probability])
        return rows

    def nearest_pairs(self, count: int) -> list[NearPair]:
        """The `count` nearest pairs of works, one of either group, nearest first."""
        order = np.argsort(self.distances, axis=None, kind="stable")[:count]
        return [
            NearPair(self.one.paintings[a], self.other.paintings[b], float(self.distances[a, b]))
            for a, b in (divmod(int(flat), self.distances.shape[1]) for flat in order)
        ]

    def conclusions(self) -> list[str]:
        """What the tests say of the groups as wholes, in sentences."""
        sentences = []
        if self.test is not None:
            sizes = len(self.one.paintings), len(self.other.paintings)
            measured = (
                f"energy distance {self.test.statistic:.3f}, p = {self.test.p:.4f} (permutation test, {sizes[0]:,} and "
                f"{sizes[1]:,} works, {self.test.permutations:,} divisions)"
            )
            if (least := least_p(*sizes)) >= SIGNIFICANCE:
                found = f"So few works cannot show whether the groups differ, as p cannot be less than {least:.2f}"
            else:
                amount = "more" if self.test.p < SIGNIFICANCE else "no more"
                found = f"The groups differ by {amount} than chance explains"
            sentences.append(
                f"{found}: {measured}. Motif, date and reproduction can make groups differ as well as the hand."
            )
        if self.conformal_p is not None:
            count = len(self.other.paintings)
            sentences.append(
                f"Of {self.one.name} and the {count:,} works of {self.other.name}, {100 * self.conformal_p:.1f} % lie "
                f"at least as far from the rest as it does; {100 / (count + 1):.1f} % would mean that no other work "
                "does."
            )
        return sentences

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as under "comparison" in what `compare --json` prints; without pictures."""
        return {
            "one": self.one.name,
            "other": self.other.name,
            "within_one": asdict(self.within_one),
            "within_other": asdict(self.within_other),
            "between": asdict(self.between),
            "test": None if self.test is None else asdict(self.test),
            "fit": self.conformal_p,
            "works_of_one": [asdict(placement) for placement in self.placements[0]],
            "works_of_other": [asdict(placement) for placement in self.placements[1]],
            "distances": self.distances.tolist(),
            "same_artist": None if self.probabilities is None else self.probabilities.tolist(),
            "left_out": [failed.to_dict() for failed in self.left_out],
            **cropped_to_dict(self.cropped),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per pair of works, one of either group, with the columns one, other, distance and same_artist."""
        import pandas as pd

        columns, *rows = self.rows()
        return pd.DataFrame(rows, columns=[str(name) for name in columns])

    def _repr_html_(self) -> str:
        """Mean distances, the test, and the first works of either group with their pictures."""
        means = html_table(
            ("", "pairs", "mean distance", "mean probability of one artist"),
            [
                (name, mean.pairs, mean.distance, mean.same_artist)
                for name, mean in (
                    (f"within {self.one.name}", self.within_one),
                    (f"within {self.other.name}", self.within_other),
                    ("between them", self.between),
                )
                if mean.pairs
            ],
        )
        works = "".join(
            html_table(
                ("", "work", "to its group", "to the other group"),
                [
                    (html_picture(painting.picture, 64), placement.name, placement.own, placement.other)
                    for painting, placement in list(zip(group.paintings, placements, strict=True))[:HTML_WORKS]
                ],
                group.name,
            )
            for group, placements in zip((self.one, self.other), self.placements, strict=True)
        )
        test = html_text(f"Permutation test: p = {self.test.p:.4f}.") if self.test is not None else ""
        return Html(means + test + works)


def compare_groups(index: PaintingIndex, one: PaintingGroup, other: PaintingGroup) -> GroupComparison:
    """Compare two groups of paintings that are embedded already; a single painting goes first.

    Raises `NotEnoughDataError` for a group without a painting.
    """
    one, other, dropped = without_duplicates(one, other)
    for group in (one, other):
        if not group.paintings:
            reasons = "; ".join(f"{failed.painting}: {failed.reason}" for failed in [*group.unreadable, *dropped][:3])
            raise NotEnoughDataError(f"{group.name} holds no painting to compare ({reasons}).")
    paintings = (*one.paintings, *other.paintings)
    count = len(one.paintings)
    embeddings = np.stack([painting.embedding for painting in paintings])
    distances = distance_matrix(embeddings, embeddings)
    in_other = np.arange(len(paintings)) >= count
    between = distances[:count, count:]
    own_means, other_means = leave_out_means(distances, in_other)
    testable = min(count, len(paintings) - count) > 1
    placements = [
        GroupPlacement(
            name=painting.name,
            own=None if np.isnan(own_mean) else float(own_mean),
            other=float(other_mean),
            stays=bool(own_mean < other_mean) if testable else None,
        )
        for painting, own_mean, other_mean in zip(paintings, own_means, other_means, strict=True)
    ]
    return GroupComparison(
        one=one,
        other=other,
        distances=between,
        probabilities=index.same_artist(between),
        within_one=_mean(index, _pairs(distances[:count, :count])),
        within_other=_mean(index, _pairs(distances[count:, count:])),
        between=_mean(index, between.ravel()),
        placements=(tuple(placements[:count]), tuple(placements[count:])),
        test=permutation_test(distances, in_other) if testable else None,
        conformal_p=conformal_p_value(distances) if count == 1 and len(paintings) > 2 else None,
        left_out=(*one.unreadable, *other.unreadable, *dropped),
    )


def _pairs(distances: Matrix) -> Matrix:
    return distances[np.triu_indices(len(distances), 1)]


def _mean(index: PaintingIndex, distances: Matrix) -> PairMean:
    if not len(distances):
        return PairMean(0, None, None)
    probabilities = index.same_artist(distances)
    mean = None if probabilities is None else float(np.mean(probabilities))
    return PairMean(len(distances), float(distances.mean(dtype=np.float64)), mean)
