"""How sure: probabilities for distances, fitted on artists that the encoder was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.scores.artists import mean_between_artists, place_among_own
from painter_search.scores.leave_out import Trial, leave_out
from painter_search.scores.triplets import FloatArray, IntArray, distance_matrix

WORKS_AN_ARTIST = (3, 8, None)
"""The indexes that are tried have at most this many works of an artist: few, some, all. With many works of each, an
artist is far easier to tell, and what was learned there would be too sure elsewhere."""
TRIED_WORKS = 150
"""Works of each such index that are asked about."""
TRUE_NAMES_KEPT = 0.8
"""Share of rightly named queries that are to keep their name."""
LEAST_ARTISTS = 4
"""With fewer artists nothing is fitted."""
Group = tuple[FloatArray, IntArray]


@dataclass(frozen=True)
class Confidence:
    """What distances are worth. Logistic regressions (Platt 1999), but for `sharpness`."""

    pair: tuple[float, float]
    """Offset and factor of a distance as a multiple of the typical one: the odds that one artist painted both, of pairs
    of which half are by one artist."""
    known: tuple[float, float, float, float]
    """Offset, and factors of the logarithms of three distances: the nearest artist's, the mean over all works, and the
    deviation from it. The odds that a query's artist is in the index, of queries of which half are."""
    sharpness: float
    """An artist's probability among those in the index is proportional to the artist's distance to the power of minus
    this."""
    threshold: float
    """With less than this probability that the artist is in the index, nobody is named."""
    artists: int
    """Artists that it was fitted on."""
    works: int

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Confidence:
        """The settings as JSON or a checkpoint holds them; raises `TypeError` for unknown ones."""
        plain: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return cls(**plain)

    def same_artist(self, distances: FloatArray) -> NDArray[np.float64]:
        """The probability that one artist painted both, for distances as multiples of the typical one."""
        return _logistic(self.pair[0] + self.pair[1] * np.asarray(distances, np.float64))

    def in_index(self, nearest: float, mean: float, deviation: float) -> float:
        """The probability that a query's artist is in the index; see `known`."""
        logs = np.log(np.maximum([nearest, mean, deviation], 1e-6))
        return float(_logistic(self.known[0] + np.dot(self.known[1:], logs)))

    def among(self, artists: FloatArray) -> NDArray[np.float64]:
        """Each artist's probability, given that it is one of them, from their distances `[artists]`."""
        logits = -self.sharpness * np.log(np.maximum(artists, 1e-6))
        powers = np.exp(logits - logits.max())
        return np.asarray(powers / powers.sum())


def fit_confidence(groups: Sequence[Group], seed: int = 0) -> Confidence | None:
    """Fit to groups of works: embeddings `[n, d]` and the number of each one's artist `[n]`.

    Each group was embedded by an encoder that was not trained on its artists. None where there are too few artists.
    """
    groups = [(vectors, np.unique(artists, return_inverse=True)[1]) for vectors, artists in groups]
    groups = [group for group in groups if _enough(group[1])]
    if not groups:
        return None
    rng = np.random.default_rng(seed)
    trials = [
        trial for vectors, artists in groups for most in WORKS_AN_ARTIST for trial in _try(vectors, artists, most, rng)
    ]
    known = _fit_known(trials)
    sharpness = _fit_sharpness([trial for trial in trials if trial.true is not None])
    found = Confidence(
        _fit_pairs(groups), known, sharpness, 0.0, sum(len(np.unique(g[1])) for g in groups), sum(map(_size, groups))
    )
    named = [found.in_index(*trial.signs) for trial in trials if trial.true is not None and trial.right]
    return Confidence(**{**vars(found), "threshold": float(np.quantile(named, 1 - TRUE_NAMES_KEPT)) if named else 0.5})


def pair_distances(vectors: FloatArray, artists: IntArray) -> tuple[NDArray[np.float64], NDArray[np.bool_], IntArray]:
    """Every pair of works once: its distance as a multiple of the typical one, whether one artist painted both, and the
    first work's artist; `[pairs]` each."""
    first, second = np.triu_indices(len(artists), 1)
    apart = distance_matrix(vectors, vectors)
    distances = apart[first, second] / mean_between_artists(apart, artists)
    return distances.astype(np.float64), artists[first] == artists[second], artists[first]


def _fit_pairs(groups: Iterable[Group]) -> tuple[float, float]:
    """Pairs by one artist count as much as pairs by two, and every artist's as much as another's."""
    from sklearn.linear_model import LogisticRegression

    found = []
    for vectors, artists in groups:
        distances, same, owners = pair_distances(vectors, artists)
        pairs_of = np.bincount(owners[same], minlength=int(artists.max()) + 1)
        each = 1.0 / pairs_of[owners].clip(1).astype(np.float64)
        balance = int((pairs_of > 0).sum()) / max(1, int((~same).sum()))
        weights = np.where(same, each, balance)
        found.append((distances, same, weights))
    distances, same, weights = (np.concatenate(column) for column in zip(*found, strict=True))
    model = LogisticRegression(C=1e6).fit(distances[:, None], same, sample_weight=weights / weights.mean())
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def _fit_known(trials: Sequence[Trial]) -> tuple[float, float, float, float]:
    from sklearn.linear_model import LogisticRegression

    logs = np.log(np.maximum([trial.signs for trial in trials], 1e-6))
    scale = logs.std(axis=0) + 1e-6  # so that the penalty treats all alike
    model = LogisticRegression().fit(logs / scale, [trial.true is not None for trial in trials])
    nearest, mean, deviation = (float(value) for value in model.coef_[0] / scale)
    return float(model.intercept_[0]), nearest, mean, deviation


def _fit_sharpness(trials: Sequence[Trial]) -> float:
    from scipy.optimize import minimize_scalar

    def surprise(power: float) -> float:
        total = 0.0
        for trial in trials:
            logits = -power * np.log(np.maximum(trial.artists, 1e-6))
            total -= logits[trial.true] - np.logaddexp.reduce(logits)
        return total / len(trials)

    return float(minimize_scalar(surprise, bounds=(0.1, 200.0), method="bounded").x)


def _try(vectors: FloatArray, artists: IntArray, most: int | None, rng: np.random.Generator) -> list[Trial]:
    order = rng.permutation(len(artists))
    if most is not None:
        place = place_among_own(artists[order])
        order = order[place < most]
    kept = np.sort(order)
    able = np.flatnonzero(np.bincount(artists[kept])[artists[kept]] > 1)
    queries = np.sort(rng.choice(able, min(TRIED_WORKS, len(able)), replace=False))
    return leave_out(vectors[kept], np.unique(artists[kept], return_inverse=True)[1], queries)


def _enough(artists: IntArray) -> bool:
    sizes = np.bincount(artists)
    return len(sizes) >= LEAST_ARTISTS and (sizes > 1).sum() >= 2


def _size(group: Group) -> int:
    return len(group[1])


def _logistic(odds: Any) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.asarray(odds, np.float64)))
