"""How sure an index's answers are, measured on its own works: each asked about without itself, and without its artist.

All that works drawn from one index can say: whether its probabilities come true among its own artists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.progress import track
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.scores.calibration import Reliability, reliability
from painter_search.scores.confidence import LEAST_ARTISTS, TRUE_NAMES_KEPT, Confidence
from painter_search.scores.intervals import Estimate, mean_by_artist
from painter_search.scores.leave_out import Trial, leave_out
from painter_search.scores.triplets import distance_matrix, paired_distances

MOST_WORKS = 4_000
"""Whole artists are drawn until there are about so many works."""
ASKED = 1_500
"""Works that are asked about, at most."""
LEAST_ASKED = 20
"""With fewer there is nothing to measure."""
PAIRS_AN_ARTIST = 20
"""Pairs of works of one artist, at most, so that nobody's many works outweigh everybody else's."""
QUICK = 300
"""Works that are asked about within a breath or two."""


@dataclass(frozen=True)
class Telling:
    """How well works by artists in the index are told from works by others, of which there are equally many."""

    auroc: float
    """Share of comparisons in which the one is thought likelier to be by an artist in the index than the other."""
    false_names: float
    """Share of works by others that are given a name, where `TRUE_NAMES_KEPT` of those rightly named keep theirs."""


@dataclass(frozen=True)
class Trust:
    """How far the answers of an index can be trusted. Probabilities are None without calibration."""

    index: str
    """The index's digest."""
    split: str
    """Which part of its collections the index was built from: test, train, all, or folder."""
    works: int
    """Works that were measured on; where the index has more, whole artists were drawn."""
    artists: int
    asked: int
    """Works that were asked about."""
    recall_1: Estimate
    """Share of works whose nearest work is by their own artist, with its 95 % interval by artist."""
    first_artist: Estimate
    """Share of works whose own artist ranks first."""
    nearest: Telling
    """By the distance of the nearest work alone."""
    known: Telling | None
    """By the probability that the artist is in the index."""
    true_named: float | None
    """With the threshold in use: share of the rightly named works that are given their name."""
    false_named: float | None
    """With the threshold in use: share of works by artists who are not in the index that are given a name."""
    pairs: Reliability | None
    """That one artist painted both works of a pair; as many pairs by one artist as by two."""
    answers: Reliability | None
    """That a work is by the artist ranked first; each is asked about with its artist in the index and without."""


def measure_trust(index: PaintingIndex, seed: int = 0) -> Trust | None:
    """Ask an index about its own works; None where it has too few artists or works for that.

    The same index and seed give the same figures.
    """
    rng = np.random.default_rng(seed)
    ids, numbers, _ = index.artists
    kept = _whole_artists(numbers, rng)
    vectors, artists = index.vectors(ids[kept]), np.unique(numbers[kept], return_inverse=True)[1]
    sizes = np.bincount(artists)
    able = np.flatnonzero(sizes[artists] > 1)
    if len(sizes) < LEAST_ARTISTS or len(able) < LEAST_ASKED:
        return None
    queries = np.sort(rng.choice(able, min(ASKED, len(able)), replace=False))
    asked = track(queries, "Measuring", total=len(queries)) if len(queries) > QUICK else queries
    trials = leave_out(vectors, artists, asked)
    inside = [trial for trial in trials if trial.true is not None]
    confidence = index.confidence
    sure = None if confidence is None else _in_index(confidence, trials)
    named = None if confidence is None or sure is None else sure >= confidence.threshold
    known, right = _outcomes(trials)
    return Trust(
        index=index.digest,
        split=str(index.manifest["split"]),
        works=len(kept),
        artists=len(sizes),
        asked=len(queries),
        recall_1=mean_by_artist(_nearest_is_own(vectors, artists, queries), artists[queries]),
        first_artist=mean_by_artist(np.array([trial.right for trial in inside], float), artists[queries]),
        nearest=_telling(-np.array([trial.nearest_work for trial in trials]), known, right),
        known=None if sure is None else _telling(sure, known, right),
        true_named=None if named is None or not right.any() else float(named[right].mean()),
        false_named=None if named is None else float(named[~known].mean()),
        pairs=None if confidence is None else _pairs(confidence, vectors / index.typical, artists, rng),
        answers=None if confidence is None or sure is None else reliability(_first(confidence, sure, trials), right),
    )


def _whole_artists(numbers: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Places of the works of artists drawn until there are `MOST_WORKS`: of all of them, where there are fewer."""
    sizes = np.bincount(numbers)
    order = rng.permutation(len(sizes))
    before = np.cumsum(sizes[order]) - sizes[order]
    return np.flatnonzero(np.isin(numbers, order[before < MOST_WORKS]))


def _outcomes(trials: Sequence[Trial]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each trial's artist was in the index, and whether it ranked first."""
    return np.array([trial.true is not None for trial in trials]), np.array([trial.right for trial in trials])


def _in_index(confidence: Confidence, trials: Sequence[Trial]) -> NDArray[np.float64]:
    return np.array([confidence.in_index(*trial.signs) for trial in trials])


def _first(confidence: Confidence, sure: NDArray[np.float64], trials: Sequence[Trial]) -> NDArray[np.float64]:
    """The probability that each answer gives the artist it ranks first."""
    return sure * np.array([confidence.among(trial.artists)[0] for trial in trials])


def _telling(signal: NDArray[np.float64], known: NDArray[np.bool_], right: NDArray[np.bool_]) -> Telling:
    from sklearn.metrics import roc_auc_score

    threshold = np.quantile(signal[right], 1 - TRUE_NAMES_KEPT) if right.any() else np.inf
    return Telling(float(roc_auc_score(known, signal)), float((signal[~known] >= threshold).mean()))


def _nearest_is_own(
    vectors: NDArray[np.float32], artists: NDArray[np.int64], queries: NDArray[np.int64]
) -> NDArray[np.float64]:
    distances = distance_matrix(vectors[queries], vectors)
    distances[np.arange(len(queries)), queries] = np.inf
    return (artists[distances.argmin(axis=1)] == artists[queries]).astype(np.float64)


def _pairs(
    confidence: Confidence, vectors: NDArray[np.float32], artists: NDArray[np.int64], rng: np.random.Generator
) -> Reliability:
    """Pairs of works by one artist, and as many by two, drawn; `vectors` in units of the typical distance."""
    same = []
    for number in range(int(artists.max()) + 1):
        own = rng.permutation(np.flatnonzero(artists == number))[: 2 * PAIRS_AN_ARTIST]
        pairs = np.stack(np.triu_indices(len(own), 1), axis=1)
        same.append(own[rng.permutation(pairs)[:PAIRS_AN_ARTIST]])
    alike = np.concatenate(same)
    drawn = rng.integers(0, len(artists), (20 * len(alike) + 1000, 2))
    apart = drawn[artists[drawn[:, 0]] != artists[drawn[:, 1]]][: len(alike)]
    pairs = np.concatenate([alike, apart])
    distances = paired_distances(vectors[pairs[:, 0]], vectors[pairs[:, 1]])
    return reliability(confidence.same_artist(distances), np.arange(len(pairs)) < len(alike))
