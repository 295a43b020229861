"""The scores of a finished training on artists it never saw: overall, by artist, and the worst confusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.collection import Collection
from painter_search.collection.triplets import read_triplets
from painter_search.common.errors import PainterSearchError
from painter_search.common.log import logger
from painter_search.metrics.bootstrap import Estimate, mean_by_artist, paired_difference
from painter_search.metrics.distances import FloatArray, IntArray, distance_matrix
from painter_search.training.data.training_sets import TripletPaths, gather_triplets
from painter_search.training.epoch_metrics import TripletDistances

MAX_CONFUSIONS = 8
"""Confusions that a score lists."""
BLOCK = 1024
"""Works whose nearest ones are looked for at once."""


@dataclass(frozen=True)
class BeforeAfter:
    """A metric before and after training, with 95 % intervals by artist."""

    untrained: Estimate
    trained: Estimate
    difference: Estimate
    """trained - untrained, paired."""


@dataclass(frozen=True)
class ArtistScore:
    """The scores of one test artist."""

    artist: str
    works: int
    accuracy: float
    """Triplet accuracy with every work by another artist as the negative, over the pairs in the triplets."""
    recall_1: float
    """Share of the artist's works whose nearest neighbour is by the artist, too."""


@dataclass(frozen=True)
class Confusion:
    """A work whose nearest neighbour is by another artist."""

    frame: str
    """The path of the work's frame."""
    artist: str
    other_frame: str
    """The path of the neighbour's frame."""
    other_artist: str
    distance: float
    """The distance to that neighbour."""
    own_distance: float
    """The distance to the nearest work by the work's own artist."""


@dataclass(frozen=True)
class TestScore:
    """Scores on the test artists, before training and with the best epoch."""

    __test__ = False  # pytest collects classes named Test*

    triplets: int
    artists: int
    """Artists of the works that the triplets name; some may have no anchor."""
    accuracy: BeforeAfter
    """Share of the test triplets with d(a, p) < d(a, n)."""
    all_negatives: BeforeAfter
    """The same with every work by another artist as the negative."""
    recall_1: BeforeAfter
    """Share of works whose nearest neighbour is by their own artist."""
    by_artist: list[ArtistScore]
    """Worst first."""
    confusions: list[Confusion]
    """Worst first."""

    def with_relative_frames(self) -> TestScore:
        """The same with frames named from their collection's folder on, wherever that is: `data/frames/a.jpg`."""

        def shorten(frame: str) -> str:
            return "/".join(Path(frame).parts[-3:])

        confusions = [
            replace(confusion, frame=shorten(confusion.frame), other_frame=shorten(confusion.other_frame))
            for confusion in self.confusions
        ]
        return replace(self, confusions=confusions)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TestScore:
        """The score that `dataclasses.asdict` made plain; raise `KeyError` or `TypeError` for anything else."""
        compared = {
            name: BeforeAfter(**{key: Estimate(**estimate) for key, estimate in values[name].items()})
            for name in ("accuracy", "all_negatives", "recall_1")
        }
        by_artist = [ArtistScore(**score) for score in values["by_artist"]]
        confusions = [Confusion(**confusion) for confusion in values["confusions"]]
        return cls(**{**values, **compared, "by_artist": by_artist, "confusions": confusions})


def gather_test_triplets(collections: Sequence[Collection], triplets: Path | None) -> TripletPaths | None:
    """The test triplets of the collections, or of a file; None (and a message) where there are none."""
    try:
        return gather_triplets(collections, "test", None if triplets is None else read_triplets(triplets))
    except PainterSearchError as error:
        logger.info(f"There will be no score on test artists: {error}")
        return None


def score_on_test_artists(
    untrained: NDArray[np.float32], trained: NDArray[np.float32], triplets: TripletPaths
) -> TestScore:
    """Score two encoders by the embeddings `[n, 256]` that each gives of the triplets' distinct paintings."""
    before, after = TripletDistances(untrained, triplets), TripletDistances(trained, triplets)
    anchor_artists = after.artists[after.rows[:, 0]]
    pair_accuracy, recall_1 = after.all_negatives(), after.recall_1()
    return TestScore(
        triplets=len(triplets.paths),
        artists=len(np.unique(after.artists)),
        accuracy=_compare(before.hits(), after.hits(), anchor_artists),
        all_negatives=_compare(before.all_negatives(), pair_accuracy, anchor_artists),
        recall_1=_compare(before.recall_1(), recall_1, after.artists),
        by_artist=_score_by_artist(after, anchor_artists, pair_accuracy, recall_1),
        confusions=_worst_confusions(after),
    )


def _compare(untrained: FloatArray, trained: FloatArray, artists: IntArray) -> BeforeAfter:
    return BeforeAfter(
        mean_by_artist(untrained, artists),
        mean_by_artist(trained, artists),
        paired_difference(trained, untrained, artists),
    )


def _score_by_artist(
    distances: TripletDistances, anchor_artists: IntArray, pair_accuracy: FloatArray, recall_1: FloatArray
) -> list[ArtistScore]:
    """The scores of every artist of an anchor, worst first."""
    scores = [
        ArtistScore(
            artist=str(distances.names[artist]),
            works=int((distances.artists == artist).sum()),
            accuracy=float(np.nanmean(pair_accuracy[anchor_artists == artist])),
            recall_1=float(np.nanmean(recall_1[distances.artists == artist])),
        )
        for artist in np.unique(anchor_artists)
    ]
    return sorted(scores, key=lambda score: (score.accuracy, score.artist))


def _worst_confusions(measured: TripletDistances) -> list[Confusion]:
    """The works nearest to another artist's in relation to their own artist's, at most one for a pair of artists."""
    nearest_own, nearest_other, neighbours = _nearest_works(measured.embeddings, measured.artists)
    confused = np.flatnonzero(np.isfinite(nearest_own) & (nearest_other < nearest_own))
    worst = confused[np.argsort(nearest_other[confused] / nearest_own[confused], kind="stable")]
    chosen: dict[frozenset[int], Confusion] = {}
    for row in worst:
        neighbour = int(neighbours[row])
        pair = frozenset((int(measured.artists[row]), int(measured.artists[neighbour])))
        if pair not in chosen and len(chosen) < MAX_CONFUSIONS:
            chosen[pair] = Confusion(
                frame=str(measured.paths[row]),
                artist=str(measured.names[measured.artists[row]]),
                other_frame=str(measured.paths[neighbour]),
                other_artist=str(measured.names[measured.artists[neighbour]]),
                distance=float(nearest_other[row]),
                own_distance=float(nearest_own[row]),
            )
    return list(chosen.values())


def _nearest_works(
    embeddings: FloatArray, artists: IntArray, block: int = BLOCK
) -> tuple[FloatArray, FloatArray, IntArray]:
    """For each work the distances to its nearest by its artist and by another artist, and the latter's row: `[n]`.

    A distance is `inf` where there is no such work. Those of `block` works to all are held in memory at once.
    """
    own, other = np.empty(len(artists), np.float32), np.empty(len(artists), np.float32)
    neighbours = np.empty(len(artists), np.int64)
    center = embeddings.mean(axis=0, dtype=np.float64)
    for start in range(0, len(artists), block):
        rows = np.arange(start, min(start + block, len(artists)))
        distances = distance_matrix(embeddings[rows], embeddings, center)
        distances[np.arange(len(rows)), rows] = np.inf
        same_artist = artists[rows, None] == artists[None, :]
        own[rows] = distances.min(axis=1, where=same_artist, initial=np.inf)
        distances[same_artist] = np.inf
        neighbours[rows] = distances.argmin(axis=1)
        other[rows] = distances.min(axis=1)
    return own, other, neighbours
