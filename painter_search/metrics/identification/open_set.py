"""Open-set identification: which artist of an index painted a query, and whether any of them did.

The evidence for an artist is the likelihood ratio of PLDA and the adjusted distance of its nearest works. Two logistic
regressions, fitted on artists that an encoder was not trained on, turn it into probabilities: a binary one that the
painter is among the artists, and a multinomial one that each of them is the painter, if so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from painter_search.metrics.distances import FloatArray

EPSILON = 1e-6
"""Smallest distance whose logarithm is taken."""
PENALTY = 1e-3
"""Of the squared weights of standardised evidence, per query: keeps them finite where artists are told apart wholly."""
ShareWeights = tuple[float, float]
"""Weights of an artist's log likelihood ratio and of the negative logarithm of its distance."""
KnownWeights = tuple[float, float, float]
"""Offset, and weights of the greatest log likelihood ratio and of the logarithm of the number of artists.

Tried on artists left out of training and left out here, for they helped little or unevenly: the least distance, the
lead over the second artist, its number of works, adaptive score normalisation over 20 or 40 other artists, the mean and
the spread of distances, how far a painting's views agree, and its pixels."""


class Evidence(NamedTuple):
    """What speaks for each artist of an index that a query may be by, `[artists]` each."""

    log_ratios: NDArray[np.float64]
    """Log likelihood ratios; see `plda.py`."""
    distances: NDArray[np.float64]
    """Adjusted distances; see `metrics/artist_ranking.py`."""
    artists: int
    """How many artists the index has; a simulated query's own counts even if left out: one fewer would give it away."""


class OpenSetSignals(NamedTuple):
    """Distances from which to predict whether a query's artist is in the index."""

    nearest_artist: float
    """Adjusted distance of the nearest artist."""
    mean: float
    """Mean distance to all works, as a multiple of the mean distance between works by different artists."""
    deviation: float
    """Standard deviation of these distances, in the same unit."""

    @classmethod
    def measured(cls, adjusted: FloatArray, relative: FloatArray) -> OpenSetSignals:
        """The signals of a query.

        Args:
            adjusted: Adjusted distances of the artists, nearest first, `[k]`.
            relative: Distances to all works, as multiples of the mean between works by different artists, `[n]`.
        """
        return cls(float(adjusted[0]), float(relative.mean()), float(relative.std()))


SimulatedQuery = tuple[Evidence, int | None]
"""The evidence for a simulated query, and the number of its artist; None if not in the index."""


def artist_shares(weights: ShareWeights, evidence: Evidence) -> NDArray[np.float64]:
    """Probability of each artist, given that it is one of them: float64 `[artists]`."""
    return softmax(_columns(evidence) @ np.asarray(weights))


def artist_known(weights: KnownWeights, evidence: Evidence) -> float:
    """Probability that a query's artist is in the index, if half of the queries' artists are."""
    offset, of_ratio, of_artists = weights
    log_odds = offset + of_ratio * float(evidence.log_ratios.max()) + of_artists * np.log(max(evidence.artists, 1))
    return float(logistic(log_odds))


def softmax(logits: FloatArray) -> NDArray[np.float64]:
    """Probabilities that sum to 1, `[n]`; SciPy's would slow the start of a query."""
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def logistic(log_odds: ArrayLike) -> NDArray[np.float64]:
    """Log-odds as probabilities, of the same shape."""
    return np.asarray(1 / (1 + np.exp(-np.clip(np.asarray(log_odds, np.float64), -500, 500))))


def fit_identification(indexes: Sequence[Sequence[SimulatedQuery]]) -> tuple[ShareWeights, KnownWeights]:
    """The weights of both regressions, of least cross-entropy over simulated indexes, each of which counts the same."""
    queries = [(evidence, truth, 1 / len(index)) for index in indexes for evidence, truth in index]
    return _fit_shares([query for query in queries if query[1] is not None]), _fit_known(queries)


def _fit_shares(queries: Sequence[tuple[Evidence, int | None, float]]) -> ShareWeights:
    from scipy.optimize import minimize

    width = max(len(evidence.distances) for evidence, _, _ in queries)
    columns = np.zeros((len(queries), width, 2))
    absent = np.ones((len(queries), width), bool)
    for row, (evidence, _, _) in enumerate(queries):
        count = len(evidence.distances)
        columns[row, :count], absent[row, :count] = _columns(evidence), False
    scale = columns[~absent].std(axis=0) + EPSILON
    columns /= scale
    truths = np.array([truth for _, truth, _ in queries])
    shares = np.array([share for _, _, share in queries])
    shares /= shares.sum()
    rows = np.arange(len(queries))

    def cross_entropy(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.where(absent, -np.inf, columns @ weights)
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        sums = powers.sum(axis=1)
        loss = shares @ (np.log(sums) - logits[rows, truths])
        surplus = powers / sums[:, None]
        surplus[rows, truths] -= 1
        gradient = np.einsum("q,qa,qaw->w", shares, surplus, columns)
        return float(loss + PENALTY * weights @ weights), gradient + 2 * PENALTY * weights

    fitted = minimize(cross_entropy, np.zeros(2), jac=True, method="L-BFGS-B").x / scale
    return float(fitted[0]), float(fitted[1])


def _fit_known(queries: Sequence[tuple[Evidence, int | None, float]]) -> KnownWeights:
    from sklearn.linear_model import LogisticRegression

    signals = np.array([(evidence.log_ratios.max(), np.log(evidence.artists)) for evidence, _, _ in queries])
    centre, scale = signals.mean(axis=0), signals.std(axis=0) + EPSILON
    shares = np.array([share for _, _, share in queries])
    model = LogisticRegression(C=10).fit(
        (signals - centre) / scale, [truth is not None for _, truth, _ in queries], shares / shares.mean()
    )
    of_ratio, of_artists = (float(weight) for weight in model.coef_[0] / scale)
    offset = float(model.intercept_[0]) - of_ratio * centre[0] - of_artists * centre[1]
    return float(offset), of_ratio, of_artists


def fit_offset(weights: KnownWeights, queries: Sequence[SimulatedQuery]) -> KnownWeights:
    """The same weights with the offset of least cross-entropy over queries, half of whose artists are in the index."""
    from scipy.optimize import brentq

    _, of_ratio, of_artists = weights
    known = np.mean([truth is not None for _, truth in queries])

    def surplus(offset: float) -> float:
        shifted = (offset, of_ratio, of_artists)
        return float(np.mean([artist_known(shifted, one) for one, _ in queries]) - known)

    return (float(brentq(surplus, -500, 500)) if 0 < known < 1 else weights[0], of_ratio, of_artists)


def _columns(evidence: Evidence) -> NDArray[np.float64]:
    return np.stack([evidence.log_ratios, -np.log(np.maximum(evidence.distances, EPSILON))], axis=1)
