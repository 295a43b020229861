"""Calibration: probabilities for distances, fitted on artists that the encoder was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from painter_search.metrics.artist_ranking import rank_within_artist
from painter_search.metrics.distances import FloatArray, IntArray, distance_matrix
from painter_search.metrics.leave_one_out import LeaveOneOutQuery, OpenSetSignals, leave_one_out
from painter_search.metrics.local_scaling import mean_between_artists

WORKS_PER_ARTIST = (3, 8, None)
"""Indexes with at most this many works of an artist are simulated: few, some, all. With many works of each, an artist
is far easier to recognise, and probabilities fitted there alone would be too high elsewhere."""
MAX_QUERIES = 150
"""Works of each simulated index that are queried with."""
TRUE_NAMES_KEPT = 0.8
"""The threshold names the artist in this share of the queries whose artist ranks first."""
MIN_ARTISTS = 4
"""With fewer artists nothing is fitted."""
EmbeddedWorks = tuple[FloatArray, IntArray]
"""Embeddings `[n, d]`, and the artist of each, `[n]`."""
EPSILON = 1e-6
"""Smallest distance whose logarithm is taken."""


@dataclass(frozen=True)
class Confidence:
    """A fitted calibration: logistic regressions (Platt, 1999) on distances, and the sharpness of a softmax.

    Stored with an encoder and its indexes; see `common/stored.py` for the names on disk.
    """

    same_artist_weights: tuple[float, float] = field(metadata={"stored": "pair"})
    """Offset and weight of a distance, as a multiple of the mean distance between artists, for the log-odds that one
    artist painted both works. Half of the pairs are by one artist."""
    artist_known_weights: tuple[float, float, float, float] = field(metadata={"stored": "known"})
    """Offset and weights of the logarithms of the three `OpenSetSignals`, for the log-odds that a query's artist is in
    the index. Half of the queries' artists are."""
    sharpness: float
    """An artist's probability among those in the index is proportional to distance^(-sharpness)."""
    threshold: float
    """No artist is named below this probability that the artist is in the index."""
    artists: int
    """How many artists it was fitted on."""
    works: int
    """How many works it was fitted on."""

    def same_artist(self, distances: FloatArray) -> NDArray[np.float64]:
        """Probability that one artist painted both works, for distances as multiples of the mean between artists."""
        offset, weight = self.same_artist_weights
        return _logistic(offset + weight * np.asarray(distances, np.float64))

    def artist_known(self, signals: OpenSetSignals) -> float:
        """Probability that a query's artist is in the index."""
        logs = np.log(np.maximum(signals, EPSILON))
        return float(_logistic(self.artist_known_weights[0] + np.dot(self.artist_known_weights[1:], logs)))

    def artist_shares(self, distances: FloatArray) -> NDArray[np.float64]:
        """Probability of each artist, given that it is one of them, from their adjusted distances `[artists]`."""
        logits = -self.sharpness * np.log(np.maximum(distances, EPSILON))
        powers = np.exp(logits - logits.max())
        return np.asarray(powers / powers.sum())


def fit_confidence(groups: Sequence[EmbeddedWorks], seed: int = 0) -> Confidence | None:
    """Fit a calibration to groups of works, each embedded by an encoder that was not trained on its artists.

    Returns None if no group has `MIN_ARTISTS` artists, two of them with several works.
    """
    numbered = ((embeddings, np.unique(artists, return_inverse=True)[1]) for embeddings, artists in groups)
    usable = [(embeddings, artists) for embeddings, artists in numbered if _has_enough(artists)]
    if not usable:
        return None
    rng = np.random.default_rng(seed)
    queries = [
        query
        for embeddings, artists in usable
        for limit in WORKS_PER_ARTIST
        for query in _simulate_queries(embeddings, artists, limit, rng)
    ]
    artist_known_weights = _fit_artist_known(queries)
    sharpness = _fit_sharpness(queries)
    fitted = Confidence(
        same_artist_weights=_fit_same_artist(usable),
        artist_known_weights=artist_known_weights,
        sharpness=sharpness,
        threshold=0.5,
        artists=sum(len(np.unique(artists)) for _, artists in usable),
        works=sum(len(artists) for _, artists in usable),
    )
    correct = [fitted.artist_known(query.signals) for query in queries if query.correct]
    return replace(fitted, threshold=float(np.quantile(correct, 1 - TRUE_NAMES_KEPT))) if correct else fitted


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


def _simulate_queries(
    embeddings: FloatArray, artists: IntArray, limit: int | None, rng: np.random.Generator
) -> list[LeaveOneOutQuery]:
    """Leave-one-out queries to an index with at most `limit` works of each artist, drawn at random."""
    order = rng.permutation(len(artists))
    if limit is not None:
        order = order[rank_within_artist(artists[order]) < limit]
    drawn = np.sort(order)
    answerable = np.flatnonzero(np.bincount(artists[drawn])[artists[drawn]] > 1)
    queries = np.sort(rng.choice(answerable, min(MAX_QUERIES, len(answerable)), replace=False))
    return leave_one_out(embeddings[drawn], np.unique(artists[drawn], return_inverse=True)[1], queries)


def _has_enough(artists: IntArray) -> bool:
    sizes = np.bincount(artists)
    return len(sizes) >= MIN_ARTISTS and bool((sizes > 1).sum() >= 2)


def _logistic(log_odds: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.asarray(log_odds, np.float64))))
