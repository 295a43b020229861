"""What a training comes to on artists it never saw: scores, artist by artist, and the worst confusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from painter_search.collection.collection import Collection
from painter_search.collection.triplets import read_triplets
from painter_search.encoder.checkpoint import encoder_of_checkpoint, read_checkpoint
from painter_search.errors import UserError
from painter_search.progress import say
from painter_search.scores.intervals import Estimate, mean_by_artist, paired_difference
from painter_search.scores.triplets import distance_matrix
from painter_search.training.dataset import gather_triplets
from painter_search.training.phases import TripletDistances

CONFUSIONS = 8
"""How many confusions are kept."""


@dataclass(frozen=True)
class Comparison:
    """One figure before and after training, with 95 % intervals by artist."""

    untrained: Estimate
    trained: Estimate
    difference: Estimate
    """trained - untrained, paired."""


@dataclass(frozen=True)
class ArtistScore:
    """How well one test artist is told from the others."""

    artist: str
    works: int
    accuracy: float
    """Against every negative, the mean over the pairs that the triplets name."""
    recall_1: float
    """Share of works whose nearest neighbour is by the artist."""


@dataclass(frozen=True)
class Confusion:
    """A work, and a nearer work by another artist than any by its own."""

    frame: str
    """The work's frame."""
    artist: str
    other_frame: str
    other_artist: str
    distance: float
    own_distance: float
    """The distance to the nearest work by its own artist."""


@dataclass(frozen=True)
class TestScore:
    """Scores on the test artists, before training and with the best epoch."""

    __test__ = False  # pytest takes every Test* for its own

    triplets: int
    artists: int
    accuracy: Comparison
    """Share of the test triplets with d(a, p) < d(a, n)."""
    all_negatives: Comparison
    """The same with every work by another artist as the negative."""
    recall_1: Comparison
    """Share of works whose nearest neighbour is by their own artist."""
    by_artist: list[ArtistScore]
    """Worst first."""
    confusions: list[Confusion]
    """Worst first."""


def score_on_test_artists(
    before: Path, best: Path, collections: Sequence[Collection], triplets: Path | None, device: torch.device
) -> TestScore | None:
    """Score two checkpoints on the test triplets of the collections (or a file's); None where there are none."""
    try:
        testing = gather_triplets(collections, "test", None if triplets is None else read_triplets(triplets))
    except UserError as error:
        say(f"Not scored on test artists: {error}")
        return None
    untrained, trained = (
        TripletDistances(encoder_of_checkpoint(read_checkpoint(path), path).to(device), testing)
        for path in (before, best)
    )
    anchors = trained.artists[trained.rows[:, 0]]
    pairs, works = trained.all_negatives(), trained.recall_1()
    return TestScore(
        triplets=len(testing.paths),
        artists=len(np.unique(anchors)),
        accuracy=_compare(untrained.hits(), trained.hits(), anchors),
        all_negatives=_compare(untrained.all_negatives(), pairs, anchors),
        recall_1=_compare(untrained.recall_1(), works, trained.artists),
        by_artist=_by_artist(trained, anchors, pairs, works),
        confusions=_confusions(trained),
    )


def portable(score: TestScore | None) -> TestScore | None:
    """The same with frames named by their collection's folder, wherever that lies: `data/frames/a.jpg`."""
    if score is None:
        return None

    def shortened(frame: str) -> str:
        return "/".join(Path(frame).parts[-3:])

    confusions = [
        replace(one, frame=shortened(one.frame), other_frame=shortened(one.other_frame)) for one in score.confusions
    ]
    return replace(score, confusions=confusions)


def _compare(untrained: np.ndarray, trained: np.ndarray, artists: np.ndarray) -> Comparison:
    return Comparison(
        mean_by_artist(untrained, artists),
        mean_by_artist(trained, artists),
        paired_difference(trained, untrained, artists),
    )


def _by_artist(found: TripletDistances, anchors: np.ndarray, pairs: np.ndarray, works: np.ndarray) -> list[ArtistScore]:
    scores = [
        ArtistScore(
            str(found.names[artist]),
            int((found.artists == artist).sum()),
            float(np.nanmean(pairs[anchors == artist])),
            float(np.nanmean(works[found.artists == artist])),
        )
        for artist in np.unique(anchors)
    ]
    return sorted(scores, key=lambda score: (score.accuracy, score.artist))


def _confusions(found: TripletDistances) -> list[Confusion]:
    """The works that lie nearest to another's compared with their own artist's, one a pair of artists."""
    distances = distance_matrix(found.embeddings, found.embeddings)
    np.fill_diagonal(distances, np.inf)
    alike = found.artists[:, None] == found.artists[None, :]
    own = np.where(alike, distances, np.inf)
    other = np.where(alike, np.inf, distances)
    nearest_own, nearest_other = own.min(axis=1), other.min(axis=1)
    wrong = np.flatnonzero(np.isfinite(nearest_own) & (nearest_other < nearest_own))
    worst = wrong[np.argsort(nearest_other[wrong] / nearest_own[wrong], kind="stable")]
    chosen: dict[frozenset[int], Confusion] = {}
    for row in worst:
        column = int(other[row].argmin())
        pair = frozenset((int(found.artists[row]), int(found.artists[column])))
        if pair not in chosen and len(chosen) < CONFUSIONS:
            chosen[pair] = Confusion(
                str(found.paths[row]),
                str(found.names[found.artists[row]]),
                str(found.paths[column]),
                str(found.names[found.artists[column]]),
                float(nearest_other[row]),
                float(nearest_own[row]),
            )
    return list(chosen.values())
