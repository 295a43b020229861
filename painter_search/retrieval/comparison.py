"""How alike are two paintings, or two groups of them? Distances, and what they mean in this index."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.fingerprint import same_picture, stack_fingerprints
from painter_search.encoder.parts import MatchingParts, match_parts
from painter_search.errors import UserError
from painter_search.retrieval.attribution import Unanswered
from painter_search.retrieval.groups import Group, Painting, is_group, read_group, read_painting, without_repeats
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.yardstick import Standing, same_artist, standing_of
from painter_search.scores.groups import GroupTest, leave_out_means, permutation_test, place_in_group
from painter_search.scores.triplets import distance_matrix

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class PairComparison:
    """Two paintings."""

    one: Painting
    other: Painting
    distance: float
    same_artist: float | None
    """Probability that one artist painted both; None where the index has no calibration."""
    standing: Standing
    same_picture: bool
    """Whether both files show one and the same picture."""
    parts: MatchingParts | None
    """None where the index's encoder shows nothing by place."""

    @property
    def complete(self) -> bool:
        """Always: a pair with a file that cannot be read is no comparison."""
        return True

    def as_json(self) -> dict[str, Any]:
        """Plain values, without pictures and maps."""
        parts = None if self.parts is None else [asdict(pair) for pair in self.parts.pairs]
        return {
            "one": self.one.name,
            "other": self.other.name,
            "distance": self.distance,
            "same_artist": self.same_artist,
            **asdict(self.standing),
            "same_picture": self.same_picture,
            "parts": parts,
        }


@dataclass(frozen=True)
class Mean:
    """Pairs of works, taken together."""

    pairs: int
    distance: float | None
    """Mean distance; None without pairs."""
    same_artist: float | None
    """Mean probability of one hand; None without pairs or calibration."""


@dataclass(frozen=True)
class Placing:
    """One work between two groups."""

    name: str
    own: float | None
    """Mean distance to the other works of its group; None where it has none."""
    other: float
    """Mean distance to the works of the other group."""

    stays: bool | None
    """Whether it lies nearer to its own group's others; None where one of the two is a single work."""


@dataclass(frozen=True)
class GroupComparison:
    """Two groups of paintings, either of which may be a single one."""

    one: Group
    other: Group
    distances: Matrix
    """Distance of each work of the one group from each of the other: float32 `[a, b]`."""
    probabilities: NDArray[np.float64] | None
    """The same as probabilities of one hand; None where the index has no calibration."""
    within_one: Mean
    within_other: Mean
    between: Mean
    placings: tuple[tuple[Placing, ...], tuple[Placing, ...]]
    """Every work of the one group, and of the other."""
    test: GroupTest | None
    """Whether the groups differ by more than chance; None where one of them has a single work."""
    fit: float | None
    """Where the one group is a single work: the share of works in the group, with it among them, that lie at least as
    far from the others as it does; None otherwise."""
    left_out: tuple[Unanswered, ...]
    """Files that were not compared, and why: those that cannot be read, and repeats of others."""

    @property
    def complete(self) -> bool:
        """Whether every file could be read."""
        return not (self.one.unreadable or self.other.unreadable)

    def as_json(self) -> dict[str, Any]:
        """Plain values, without pictures."""
        return {
            "one": self.one.name,
            "other": self.other.name,
            "within_one": asdict(self.within_one),
            "within_other": asdict(self.within_other),
            "between": asdict(self.between),
            "test": None if self.test is None else asdict(self.test),
            "fit": self.fit,
            "works_of_one": [asdict(placing) for placing in self.placings[0]],
            "works_of_other": [asdict(placing) for placing in self.placings[1]],
            "distances": self.distances.tolist(),
            "same_artist": None if self.probabilities is None else self.probabilities.tolist(),
            "left_out": [unanswered.as_json() for unanswered in self.left_out],
        }


Comparison = PairComparison | GroupComparison


def compare_paintings(index: PaintingIndex, one: Path | str, other: Path | str) -> Comparison:
    """Compare two paintings, two groups (folders or zip archives), or a painting with a group.

    Raises `UserError` for a path that does not exist, a group without a painting that can be read, and for one of two
    paintings that cannot.
    """
    one, other = Path(one), Path(other)
    if is_group(one) or is_group(other):
        if not is_group(other):  # a painting is asked about before the group that it may belong to
            one, other = other, one
        return compare_groups(index, read_group(one, index), read_group(other, index))
    return compare_pair(index, read_painting(one, index), read_painting(other, index))


def compare_pair(index: PaintingIndex, one: Painting, other: Painting) -> PairComparison:
    """Compare two paintings that were embedded before."""
    distance = float(distance_matrix(one.embedding[None], other.embedding[None])[0, 0])
    probability = same_artist(index, np.array([distance]))
    return PairComparison(
        one,
        other,
        distance,
        None if probability is None else float(probability[0]),
        standing_of(index, distance),
        bool(same_picture(one.fingerprint, stack_fingerprints([other.fingerprint]))[0]),
        match_parts(index.encoder, one.picture, other.picture),
    )


def compare_groups(index: PaintingIndex, one: Group, other: Group) -> GroupComparison:
    """Compare two groups of paintings that were embedded before; a single painting goes first.

    Raises `UserError` for a group without a painting.
    """
    one, other, repeats = without_repeats(one, other)
    for group in (one, other):
        if not group.paintings:
            reasons = "; ".join(f"{left.painting}: {left.reason}" for left in [*group.unreadable, *repeats][:3])
            raise UserError(f"{group.name} holds no painting to compare ({reasons}).")
    count = len(one.paintings)
    embeddings = np.stack([painting.embedding for painting in (*one.paintings, *other.paintings)])
    every = distance_matrix(embeddings, embeddings)
    groups = np.arange(len(embeddings)) >= count
    between = every[:count, count:]
    own, cross = leave_out_means(every, groups)
    several = min(count, len(groups) - count) > 1
    placings = [
        Placing(
            painting.name, None if np.isnan(near) else float(near), float(far), bool(near < far) if several else None
        )
        for painting, near, far in zip((*one.paintings, *other.paintings), own, cross, strict=True)
    ]
    return GroupComparison(
        one,
        other,
        between,
        same_artist(index, between),
        _mean(index, _pairs(every[:count, :count])),
        _mean(index, _pairs(every[count:, count:])),
        _mean(index, between.ravel()),
        (tuple(placings[:count]), tuple(placings[count:])),
        permutation_test(every, groups) if several else None,
        place_in_group(every) if count == 1 and len(groups) > 2 else None,
        (*one.unreadable, *other.unreadable, *repeats),
    )


def nearest_pairs(comparison: GroupComparison, count: int) -> list[tuple[Painting, Painting, float]]:
    """The pairs of works of two groups that lie nearest to each other, nearest first."""
    order = np.argsort(comparison.distances, axis=None, kind="stable")[:count]
    places = [divmod(int(place), comparison.distances.shape[1]) for place in order]
    return [
        (comparison.one.paintings[a], comparison.other.paintings[b], float(comparison.distances[a, b]))
        for a, b in places
    ]


def _pairs(distances: Matrix) -> Matrix:
    return distances[np.triu_indices(len(distances), 1)]


def _mean(index: PaintingIndex, distances: Matrix) -> Mean:
    if not len(distances):
        return Mean(0, None, None)
    probabilities = same_artist(index, distances)
    mean = None if probabilities is None else float(np.mean(probabilities))
    return Mean(len(distances), float(distances.mean(dtype=np.float64)), mean)
