"""Calibration: probabilities for distances and likelihood ratios; `confidence_fit.py` fits it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray
from painter_search.metrics.identification.naming_threshold import (
    LEAST_ARTISTS,
    LEAST_WORKS,
    NamingThreshold,
    Percentiles,
    threshold_at,
    threshold_for,
)
from painter_search.metrics.identification.open_set import (
    EPSILON,
    Evidence,
    KnownWeights,
    OpenSetSignals,
    ShareWeights,
    artist_known,
    artist_shares,
    logistic,
    softmax,
)
from painter_search.metrics.leave_one_out import LeaveOneOutQuery


class LeaveOneOutAnswer(NamedTuple):
    """What a calibrated index says of a leave-one-out query."""

    first: int
    """The artist of the highest probability, by its place among the query's `artist_distances`."""
    probability: float
    """Of that artist."""
    artist_known: float
    """Probability that the artist is in the index."""


@dataclass(frozen=True)
class Confidence:
    """A fitted calibration: logistic regressions (Platt, 1999) on distances, and the sharpness of a softmax.

    Stored with an encoder and its indexes; see `common/files/stored.py` for the names on disk.
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
    """No artist is named below this probability that the artist is in the index: the best balance."""
    artists: int
    """How many artists it was fitted on."""
    works: int
    """How many works it was fitted on."""
    share_weights: ShareWeights | None = None
    """How likelihood ratios and distances become shares, in place of the sharpness; None for an encoder without PLDA,
    and for one of an earlier version."""
    known_weights: KnownWeights | None = None
    """How they become the probability that a query's artist is in the index, in place of `artist_known_weights`."""
    strangers: Percentiles = ()
    """Of the probability that the artist is in the index, over queries whose artist is not; empty if never measured."""
    right: Percentiles = ()
    """The same over queries whose artist ranks first."""
    measured_works: int = 0
    """How many works these queries are; 0 in a calibration of an earlier version, of which `works` bounds them."""
    measured_artists: int = 0
    """By how many artists they are."""

    def same_artist(self, distances: FloatArray) -> NDArray[np.float64]:
        """Probability that one artist painted both works, for distances as multiples of the mean between artists."""
        offset, weight = self.same_artist_weights
        return logistic(offset + weight * np.asarray(distances, np.float64))

    def known_by_distances(self, signals: OpenSetSignals) -> float:
        """Probability that a query's artist is in the index."""
        logs = np.log(np.maximum(signals, EPSILON))
        return float(logistic(self.artist_known_weights[0] + np.dot(self.artist_known_weights[1:], logs)))

    def shares_by_distances(self, distances: FloatArray) -> NDArray[np.float64]:
        """Probability of each artist, given that it is one of them, from their adjusted distances `[artists]`."""
        return softmax(-self.sharpness * np.log(np.maximum(distances, EPSILON)))

    def probabilities(
        self, signals: OpenSetSignals, distances: FloatArray, log_ratios: FloatArray | None, artists: int
    ) -> NDArray[np.float64]:
        """Probability that each artist painted a query; their sum is that the artist is in the index.

        Args:
            signals: Of the query; they decide without `log_ratios`.
            distances: Adjusted distances of the artists that may have painted it, `[k]`.
            log_ratios: Their log likelihood ratios by PLDA, `[k]`.
            artists: How many artists the index has, at least k.
        """
        if self.share_weights is None or self.known_weights is None or log_ratios is None:
            return self.known_by_distances(signals) * self.shares_by_distances(distances)
        evidence = Evidence(np.asarray(log_ratios, np.float64), np.asarray(distances, np.float64), artists)
        return artist_known(self.known_weights, evidence) * artist_shares(self.share_weights, evidence)

    def answer(self, query: LeaveOneOutQuery) -> LeaveOneOutAnswer:
        """The answer to a leave-one-out query."""
        distances = query.artist_distances
        chances = self.probabilities(query.signals, distances, query.log_ratios, query.artists)
        return LeaveOneOutAnswer(int(chances.argmax()), float(chances.max()), float(chances.sum()))

    def naming_threshold(self, false_names: float | None = None) -> NamingThreshold | None:
        """The threshold in use, or the one at which `false_names` (a share) of strangers are given a name.

        None where its costs were not measured, or on too few works or artists to mean anything.
        """
        works, artists = self.measured_works or self.works, self.measured_artists or self.artists
        if not self.right or works < LEAST_WORKS or artists < LEAST_ARTISTS:
            return None
        if false_names is None:
            found = threshold_at(self.threshold, self.strangers, self.right)
        else:
            found = threshold_for(false_names, self.strangers, self.right)
        return replace(found, works=works, artists=artists)
