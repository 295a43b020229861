"""Fits the calibration on artists that an encoder was not trained on, and moves it to the works of an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.artist_ranking import rank_within_artist
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.distances import FloatArray, IntArray, distance_matrix
from painter_search.metrics.identification.naming_threshold import (
    LEAST_ARTISTS,
    LEAST_RIGHT,
    LEAST_WORKS,
    best_balance,
    percentiles,
)
from painter_search.metrics.identification.open_set import EPSILON, fit_identification, fit_offset
from painter_search.metrics.identification.plda import PLDA, EmbeddedWorks
from painter_search.metrics.leave_one_out import LeaveOneOutQuery, draw_artists, leave_one_out
from painter_search.metrics.local_scaling import mean_between_artists

WORKS_PER_ARTIST = (3, 8, None)
"""Indexes with at most this many works of an artist are simulated: few, some, all. With many works of each, an artist
is far easier to recognise, and probabilities fitted there alone would be too high elsewhere."""
ARTISTS = (None, 40, 12)
"""Indexes of so many artists are simulated: all of a group, and as many as a folder of one's own may have."""
MAX_QUERIES = 150
"""Works that are queried with, of each group and each limit of works an artist."""
MIN_ARTISTS = 4
"""With fewer artists nothing is fitted."""
GROUP_WORKS = 3_000
"""Works of a group that a calibration is fitted on: memory and time grow with the square of their number."""


def can_fit_to_index(confidence: Confidence, artists: IntArray) -> bool:
    """Whether a calibration can be moved to an index of works by artists `[n]`, numbered from 0.

    It needs PLDA's evidence, and as many works and artists as costs are told of.
    """
    sizes = np.bincount(artists)
    enough = (sizes > 1).sum() >= LEAST_ARTISTS and (sizes[artists] > 1).sum() >= LEAST_WORKS
    return confidence.known_weights is not None and bool(enough)


def fit_to_index(
    confidence: Confidence, queries: Sequence[LeaveOneOutQuery], asked: IntArray, sample: EmbeddedWorks
) -> Confidence:
    """The calibration of an encoder, moved to the works of an index; see `can_fit_to_index`.

    Some indexes are harder than what an encoder was calibrated on. From leave-one-out queries come the offset of the
    probability that a query's artist is in the index, the costs of a threshold and the best balance; from the pairs of
    a sample of its works come the probabilities of pairs. How the evidence is weighed stays, and so does the threshold
    where too few artists come first.

    Args:
        confidence: The encoder's calibration.
        queries: Queries to the index with works of its own, as `leave_one_out` gives them.
        asked: The artist of each of these works, `[q]`.
        sample: Works of the index, each picture once, and the numbers of their artists.
    """
    assert confidence.known_weights is not None
    cases = [(query.evidence, query.true_rank) for query in queries if query.evidence]
    moved = replace(
        confidence,
        known_weights=fit_offset(confidence.known_weights, cases),
        same_artist_weights=_fit_same_artist([sample]),
    )
    moved = _with_costs(moved, queries, len(asked), len(np.unique(asked)))
    return moved if moved.right else replace(moved, threshold=confidence.threshold)


class HeldOutWorks(NamedTuple):
    """Works by artists that their encoder was not trained on."""

    embeddings: FloatArray
    """`[n, d]`."""
    artists: IntArray
    """The artist of each, `[n]`."""
    plda: PLDA | None = None
    """Fitted on the works that the encoder was trained on."""


def fit_confidence(groups: Sequence[HeldOutWorks]) -> Confidence | None:
    """Fit a calibration to groups of works; without PLDA of each of them, distances alone decide.

    Returns None if no group has `MIN_ARTISTS` artists, two of them with several works.
    """
    with_plda = all(group.plda is not None for group in groups)
    numbered = [(_drawn_works(group), group.plda if with_plda else None) for group in groups]
    usable = [(group, plda) for group, plda in numbered if _has_enough(group.artists)]
    if not usable:
        return None
    rng = np.random.default_rng(0)
    indexes: list[list[LeaveOneOutQuery]] = []
    asked_works = asked_artists = 0
    for group, plda in usable:
        drawn = [
            _simulate_queries(*group, plda, most_artists, limit, rng)
            for most_artists, limit in _simulated_indexes(group.artists, plda)
        ]
        indexes += [queries for queries, _ in drawn]
        asked = np.unique(np.concatenate([rows for _, rows in drawn]))
        asked_works += len(asked)
        asked_artists += len(np.unique(group.artists[asked]))
    queries = [query for index in indexes for query in index]
    fitted = Confidence(
        same_artist_weights=_fit_same_artist([group for group, _ in usable]),
        artist_known_weights=_fit_artist_known(queries),
        sharpness=_fit_sharpness(queries),
        threshold=0.5,
        artists=sum(len(np.unique(artists)) for (_, artists), _ in usable),
        works=sum(len(artists) for (_, artists), _ in usable),
    )
    cases = [[(query.evidence, query.true_rank) for query in index if query.evidence] for index in indexes]
    if all(cases):
        share_weights, known_weights = fit_identification(cases)
        fitted = replace(fitted, share_weights=share_weights, known_weights=known_weights)
    return _with_costs(fitted, queries, asked_works, asked_artists)


def _drawn_works(group: HeldOutWorks) -> EmbeddedWorks:
    """About `GROUP_WORKS` works of a group, at most, and the numbers of their artists."""
    rows = draw_artists(np.unique(group.artists, return_inverse=True)[1], GROUP_WORKS, np.random.default_rng(0))
    return EmbeddedWorks(group.embeddings[rows], np.unique(group.artists[rows], return_inverse=True)[1])


def _with_costs(confidence: Confidence, queries: Sequence[LeaveOneOutQuery], works: int, artists: int) -> Confidence:
    """The same with the costs of thresholds as these queries show them, and the threshold of the best balance.

    Args:
        confidence: The calibration.
        queries: The queries.
        works: How many works were queried with.
        artists: By how many artists.
    """
    answers = [(query, confidence.answer(query)) for query in queries]
    strangers = [answer.artist_known for query, answer in answers if not query.artist_in_index]
    right = [answer.artist_known for query, answer in answers if query.true_rank == answer.first]
    if not right or not strangers:
        return replace(confidence, strangers=(), right=(), measured_works=works, measured_artists=artists)
    of_strangers, of_right = percentiles(np.array(strangers)), percentiles(np.array(right))
    enough = len(right) >= LEAST_RIGHT
    return replace(
        confidence,
        threshold=best_balance(of_strangers, of_right).probability,
        strangers=of_strangers if enough else (),
        right=of_right if enough else (),
        measured_works=works,
        measured_artists=artists,
    )


def pair_distances(
    embeddings: FloatArray, artists: IntArray
) -> tuple[NDArray[np.float64], NDArray[np.bool_], IntArray]:
    """Every pair of works once, `[pairs]` each.

    Returns:
        Its distance as a multiple of the mean between artists, whether one artist painted both, and the artist of the
        first work.
    """
    first, second = np.triu_indices(len(artists), 1)
    matrix = distance_matrix(embeddings, embeddings)
    distances = matrix[first, second] / mean_between_artists(matrix, artists)
    return distances.astype(np.float64), artists[first] == artists[second], artists[first]


def _fit_same_artist(groups: Iterable[EmbeddedWorks]) -> tuple[float, float]:
    """Logistic regression in which same-artist pairs weigh as much as others, and each artist as much as another."""
    from sklearn.linear_model import LogisticRegression

    columns = []
    for embeddings, artists in groups:
        distances, same, first_artists = pair_distances(embeddings, artists)
        pairs_of = np.bincount(first_artists[same], minlength=int(artists.max()) + 1)
        same_weights = 1.0 / pairs_of[first_artists].clip(1).astype(np.float64)
        different_weight = int((pairs_of > 0).sum()) / max(1, int((~same).sum()))
        columns.append((distances, same, np.where(same, same_weights, different_weight)))
    distances, same, weights = (np.concatenate(column) for column in zip(*columns, strict=True))
    model = LogisticRegression(C=1e6).fit(distances[:, None], same, sample_weight=weights / weights.mean())
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def _fit_artist_known(queries: Sequence[LeaveOneOutQuery]) -> tuple[float, float, float, float]:
    from sklearn.linear_model import LogisticRegression

    logs = np.log(np.maximum([query.signals for query in queries], EPSILON))
    scale = logs.std(axis=0) + 1e-6  # the penalty should treat all signals alike
    model = LogisticRegression().fit(logs / scale, [query.artist_in_index for query in queries])
    nearest_artist, mean, deviation = (float(value) for value in model.coef_[0] / scale)
    return float(model.intercept_[0]), nearest_artist, mean, deviation


def _fit_sharpness(queries: Sequence[LeaveOneOutQuery]) -> float:
    """The sharpness that minimises the cross-entropy of the true artist, over queries whose artist is in the index."""
    from scipy.optimize import minimize_scalar

    answerable = [(query.artist_distances, query.true_rank) for query in queries if query.true_rank is not None]

    def cross_entropy(sharpness: float) -> float:
        total = 0.0
        for distances, true_rank in answerable:
            logits = -sharpness * np.log(np.maximum(distances, EPSILON))
            total -= logits[true_rank] - np.logaddexp.reduce(logits)
        return total / len(answerable)

    return float(minimize_scalar(cross_entropy, bounds=(0.1, 200.0), method="bounded").x)


def _simulated_indexes(artists: IntArray, plda: PLDA | None) -> list[tuple[int | None, int | None]]:
    """The most artists, and the most works of each, of the indexes that are simulated; None for all."""
    sizes = ARTISTS if plda is not None else ARTISTS[:1]
    count = int(artists.max()) + 1
    return [(most, limit) for most in sizes for limit in WORKS_PER_ARTIST if most is None or 1.3 * most < count]


def _simulate_queries(
    embeddings: FloatArray,
    artists: IntArray,
    plda: PLDA | None,
    most_artists: int | None,
    limit: int | None,
    rng: np.random.Generator,
) -> tuple[list[LeaveOneOutQuery], IntArray]:
    """Leave-one-out queries to an index of some artists, with at most `limit` works of each, drawn at random.

    Returns:
        The queries, and the rows that were queried with.
    """
    order = rng.permutation(len(artists))
    if most_artists is not None:
        several = np.flatnonzero(np.bincount(artists) > 1)
        order = order[np.isin(artists[order], rng.permutation(several)[:most_artists])]
    if limit is not None:
        order = order[rank_within_artist(artists[order]) < limit]
    drawn = np.sort(order)
    answerable = np.flatnonzero(np.bincount(artists[drawn])[artists[drawn]] > 1)
    most = MAX_QUERIES if plda is None else MAX_QUERIES // len(ARTISTS)
    queries = np.sort(rng.choice(answerable, min(most, len(answerable)), replace=False))
    numbers = np.unique(artists[drawn], return_inverse=True)[1]
    return leave_one_out(embeddings[drawn], numbers, queries, plda), drawn[queries]


def _has_enough(artists: IntArray) -> bool:
    sizes = np.bincount(artists)
    return len(sizes) >= MIN_ARTISTS and bool((sizes > 1).sum() >= 2)
