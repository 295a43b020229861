"""Synthetic embeddings in any number, with the structure of real ones.

Real embeddings are described by how artists' centres scatter, how works scatter around their artist's centre, how
widely each artist does, and by the intrinsic dimension of a work's neighbourhood. New artists are drawn from the first,
their works from the second and third, and the scatter is sharpened until synthetic embeddings, as many as there are
real ones, have the same intrinsic dimension. An artist's number of works is heavy-tailed, as in catalogues.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
SHARD_SIZE = 250_000
"""Vectors drawn at once."""
NEIGHBOURS = 20
"""Neighbours that the intrinsic dimension is estimated from."""
MIN_WORKS = 5
"""Works that an artist needs for a width."""


@dataclass(frozen=True)
class Structure:
    """How embeddings `[n, d]` are distributed."""

    mean: Vectors
    artist_root: Vectors
    """A square root of the covariance of the artists' centres: `[d, d]`."""
    work_root: Vectors
    """The same of works around their artist's centre, for an artist of mean width."""
    widths: Vectors
    """How widely artists scatter, as shares of the mean."""
    normalized: bool
    """Whether embeddings have length 1."""
    dimension: float
    """Intrinsic dimension of the real embeddings."""


def default_structure() -> Structure:
    """A 40-dimensional subspace of 256, about what was measured on paintings."""
    rng = np.random.default_rng(0)
    root = (rng.normal(size=(40, 256)) / 16).astype(np.float32)
    widths = np.linspace(0.5, 1.2, 32, dtype=np.float32)
    return Structure(np.zeros(256, np.float32), root, root, widths, False, 40.0)


def fit_structure(vectors: Vectors, artists: NDArray[np.int64]) -> Structure:
    """Describe real embeddings `[n, d]` of works by the artists numbered `[n]`; raises `ValueError` for too few."""
    rows = np.unique(artists, return_inverse=True)[1]
    counts = np.bincount(rows)
    if len(vectors) <= NEIGHBOURS or counts.max() < MIN_WORKS:
        raise ValueError(f"needs more than {NEIGHBOURS} works, and an artist with {MIN_WORKS}")
    centres = np.stack([vectors[rows == artist].mean(axis=0) for artist in range(len(counts))])
    residuals = vectors - centres[rows]
    measured = np.flatnonzero(counts >= MIN_WORKS)
    widths = np.array([np.sqrt((residuals[rows == a] ** 2).sum(axis=1).mean()) for a in measured], np.float32)
    normalized = bool(np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3))
    dimension = intrinsic_dimension(vectors)

    def structure(sharpness: float) -> Structure:
        return Structure(
            vectors.mean(axis=0), _root(np.cov(centres.T), 1), _root(np.cov(residuals.T), sharpness),
            widths / widths.mean(), normalized, dimension,
        )  # fmt: skip

    candidates = np.linspace(1, 2, 11)
    dimensions = [intrinsic_dimension(draw(structure(s), len(vectors), len(counts), seed=1)) for s in candidates]
    return structure(float(candidates[np.argmin(np.abs(np.array(dimensions) - dimension))]))


def draw(structure: Structure, count: int, artists: int, seed: int) -> Vectors:
    """Draw `count` embeddings `[count, d]` of works by `artists` artists, who are the same for every seed."""
    rng = np.random.default_rng([7, seed])
    popularity = np.random.default_rng(3).pareto(1.2, artists) + 0.2
    owners = rng.choice(artists, count, p=popularity / popularity.sum())
    drawn_artists, rows = np.unique(owners, return_inverse=True)
    artist_rng = np.random.default_rng(5)
    block = np.empty((len(drawn_artists), len(structure.artist_root)), np.float32)
    widths = artist_rng.choice(structure.widths, artists).astype(np.float32)
    for start in range(0, artists, SHARD_SIZE):  # the same artists whichever works are drawn
        size = (min(SHARD_SIZE, artists - start), len(structure.artist_root))
        numbers = artist_rng.standard_normal(size, np.float32)
        inside = slice(*np.searchsorted(drawn_artists, (start, start + SHARD_SIZE)))
        block[inside] = numbers[drawn_artists[inside] - start]
    centres = block @ structure.artist_root
    noise = rng.standard_normal((count, len(structure.work_root)), np.float32) @ structure.work_root
    vectors = structure.mean + centres[rows] + widths[owners, None] * noise
    if structure.normalized:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors, np.float32)


def draw_shards(structure: Structure, count: int) -> Iterator[Vectors]:
    """Draw `count` embeddings in shards, about 40 works an artist."""
    for seed, start in enumerate(range(0, count, SHARD_SIZE)):
        yield draw(structure, min(SHARD_SIZE, count - start), number_of_artists(count), seed)


def number_of_artists(works: int) -> int:
    """Artists of a collection of this size."""
    return max(20, works // 40)


def intrinsic_dimension(vectors: Vectors, sample: int = 1500) -> float:
    """The maximum-likelihood estimate of Levina and Bickel (2004) from 20 neighbours, inverses averaged (MacKay)."""
    flat = faiss.IndexFlatL2(vectors.shape[1])
    flat.add(vectors)
    squared = flat.search(vectors[:sample], NEIGHBOURS + 1)[0][:, 1:]
    distances = np.sqrt(np.maximum(squared, 1e-12))
    return float(1 / np.log(distances[:, -1:] / distances[:, :-1]).mean())


def _root(covariance: NDArray[np.float64], sharpness: float) -> Vectors:
    """A square root of a covariance whose eigenvalues are raised to a power, their total kept."""
    values, directions = np.linalg.eigh(covariance)
    values = np.maximum(values, 0)
    sharp = values**sharpness
    sharp *= values.sum() / sharp.sum()
    return np.asarray(np.sqrt(sharp)[:, None] * directions.T, np.float32)
