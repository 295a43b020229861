"""Two-covariance PLDA: how much likelier a painting is if an artist of known works painted it than if another did.

An artist is a Gaussian around a mean that is itself Gaussian: x = mean + artist + work, with artist ~ N(0, B) and
work ~ N(0, W) (Ioffe, Probabilistic Linear Discriminant Analysis, 2006). Speaker verification scores voices so; the
formulas are those of Kaldi's `ivector/plda.cc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray, IntArray

SHRINKAGE = 0.5
"""How far both covariances are drawn towards a multiple of the identity. Estimated on the works that an encoder was
trained on, they look too certain; 0.35 to 0.7 ranked unseen artists best, on three collections."""
PRIOR_ARTISTS = 4
"""As many artists as the mean of the training works counts for in the centre of an index."""
MIN_ARTISTS = 8
"""With fewer artists, or fewer than two of several works, nothing is fitted."""


class EmbeddedWorks(NamedTuple):
    """Works `[n]` as embeddings."""

    embeddings: FloatArray
    """`[n, d]`."""
    artists: IntArray
    """The artist of each, `[n]`."""


@dataclass(frozen=True)
class PLDA:
    """A fitted model, in the space in which W is the identity and B is diagonal."""

    mean: NDArray[np.float32]
    """The centre of the embeddings, `[d]`."""
    transform: NDArray[np.float32]
    """Into that space, `[d, d]`."""
    between: NDArray[np.float32]
    """The diagonal of B there, `[d]`."""

    def project(self, embeddings: FloatArray) -> NDArray[np.float32]:
        """Embeddings `[n, d]` in that space, each at the length that the model expects of it: float32 `[n, d]`."""
        projected = (embeddings - self.mean) @ self.transform.T
        lengths = np.linalg.norm(projected / np.sqrt(1 + self.between), axis=1, keepdims=True)
        return np.asarray(projected * (np.sqrt(len(self.between)) / np.maximum(lengths, 1e-9)), np.float32)

    def log_likelihood_ratios(self, queries: FloatArray, means: FloatArray, works: FloatArray) -> NDArray[np.float64]:
        """log p(query | its artist painted it) - log p(query | an unknown artist did): float64 `[m, k]`.

        Args:
            queries: Projected, `[m, d]`.
            means: The mean of each artist's projected works, `[k, d]`.
            works: How many works that is, `[k]`, at least 1.
        """
        queries = np.asarray(queries, np.float64)
        between = self.between.astype(np.float64)
        seen = np.asarray(works, np.float64)[:, None] * between
        expected = seen / (seen + 1) * means
        variance = 1 + between / (seen + 1)
        squares = queries**2 @ (1 / variance).T - 2 * queries @ (expected / variance).T
        of_artist = squares + (expected**2 / variance + np.log(variance)).sum(axis=1)
        of_anyone = (queries**2 / (1 + between) + np.log(1 + between)).sum(axis=1)
        return np.asarray((of_anyone[:, None] - of_artist) / 2)

    def centred_on(self, embeddings: FloatArray, artists: IntArray) -> PLDA:
        """The same model around the works `[n, d]` of an index: its artists' mean, and `PRIOR_ARTISTS` of the model's.

        A folder of photographs, say, lies elsewhere than the training works. A few artists say little of where.
        """
        if not len(artists):
            return self
        means, sizes = artist_means(embeddings, artists)
        weights = (sizes / (sizes + 1))[:, None]
        total = (weights * means).sum(axis=0) + PRIOR_ARTISTS * self.mean.astype(np.float64)
        return replace(self, mean=np.asarray(total / (weights.sum() + PRIOR_ARTISTS), np.float32))


def fit_plda(groups: Sequence[EmbeddedWorks]) -> PLDA | None:
    """Fit a model to the works of collections, each around its own mean; None for fewer artists than `MIN_ARTISTS`.

    Collections differ in how they were photographed, which is no matter of hand. An artist in two of them is two.
    """
    centres = [embeddings.mean(axis=0, dtype=np.float64) for embeddings, _ in groups]
    parts = [artist_means(works - centre, artists) for (works, artists), centre in zip(groups, centres, strict=True)]
    if not parts:
        return None
    means, sizes = (np.concatenate(column) for column in zip(*parts, strict=True))
    several = sizes > 1
    if len(sizes) < MIN_ARTISTS or several.sum() < 2:
        return None
    within = np.zeros((means.shape[1], means.shape[1]))
    for (embeddings, artists), centre, (group_means, group_sizes) in zip(groups, centres, parts, strict=True):
        numbers = np.unique(artists, return_inverse=True)[1]
        deviations = (embeddings - centre - group_means[numbers])[group_sizes[numbers] > 1]
        within += deviations.T @ deviations
    within /= sizes[several].sum() - several.sum()
    weights = sizes / (sizes + 1)  # the mean of few works says less of an artist
    weights /= weights.sum()
    centred = means - weights @ means
    scatter = (weights[:, None] * centred).T @ centred * len(sizes) / (len(sizes) - 1)
    between = scatter - within * (weights / sizes).sum()  # of which chance is W / n
    cholesky = np.linalg.inv(np.linalg.cholesky(_shrunk(within)))
    variances, directions = np.linalg.eigh(cholesky @ _shrunk(between) @ cholesky.T)
    order = variances.argsort()[::-1]
    return PLDA(
        np.mean(centres, axis=0).astype(np.float32),
        (directions[:, order].T @ cholesky).astype(np.float32),
        np.maximum(variances[order], 0).astype(np.float32),
    )


def artist_means(embeddings: FloatArray, artists: IntArray) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The mean of each artist's works and their number, in the order of the artists: `[k, d]` and `[k]`."""
    sums, sizes = artist_sums(embeddings, np.unique(artists, return_inverse=True)[1])
    return sums / sizes[:, None], sizes


def artist_sums(
    embeddings: FloatArray, numbers: IntArray, count: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The sum of each artist's works `[n, d]` and their number, for artists numbered from 0: `[k, d]` and `[k]`.

    `count` artists at least, of whom some may have no works.
    """
    sizes = np.bincount(numbers, minlength=count)
    order = np.argsort(numbers, kind="stable")
    present = sizes > 0
    starts = (np.cumsum(sizes) - sizes)[present]
    sums = np.zeros((len(sizes), embeddings.shape[1]))
    if len(order):
        sums[present] = np.add.reduceat(np.asarray(embeddings, np.float64)[order], starts, axis=0)
    return sums, sizes


def _shrunk(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    size = len(covariance)
    ball = max(float(np.trace(covariance)) / size, 1e-12) * np.eye(size)
    return np.asarray((1 - SHRINKAGE) * covariance + SHRINKAGE * ball)
