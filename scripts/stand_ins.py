"""Stand-in embeddings in any number, with the structure of real ones: never imported by the package.

Real embeddings are described by how artists' centres scatter, how works scatter around their artist's centre, how
widely each artist does, and by how many dimensions a work's neighbourhood has. New artists are drawn from the first,
their works from the second and third, and the scatter is sharpened until as many stand-ins as there are real
embeddings have the same intrinsic dimension. An artist's number of works is heavy-tailed, as in catalogues.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
SHARD = 250_000
"""Vectors drawn at once."""
NEIGHBOURS = 20


@dataclass(frozen=True)
class Structure:
    """How embeddings `[n, d]` lie."""

    middle: Vectors
    centres: Vectors
    """A square root of the covariance of the artists' centres: `[d, d]`."""
    works: Vectors
    """The same of works around their artist's centre, for an artist of mean width."""
    widths: Vectors
    """How widely artists scatter, as shares of the mean."""
    unit: bool
    """Whether embeddings have length 1."""
    dimension: float
    """Intrinsic dimension of the real embeddings."""


def made_up() -> Structure:
    """Where there are no real embeddings: a 40-dimensional subspace of 256, about what was measured on paintings."""
    rng = np.random.default_rng(0)
    root = (rng.normal(size=(40, 256)) / 16).astype(np.float32)
    widths = np.linspace(0.5, 1.2, 32, dtype=np.float32)
    return Structure(np.zeros(256, np.float32), root, root, widths, False, 40.0)


def measure(vectors: Vectors, artists: NDArray[np.int64]) -> Structure:
    """The structure of real embeddings `[n, d]` by artists numbered `[n]`."""
    names = np.unique(artists, return_inverse=True)[1]
    counts = np.bincount(names)
    centres = np.stack([vectors[names == artist].mean(axis=0) for artist in range(len(counts))])
    rest = vectors - centres[names]
    enough = np.flatnonzero(counts >= 5)
    widths = np.array([np.sqrt((rest[names == a] ** 2).sum(axis=1).mean()) for a in enough], np.float32)
    unit = bool(np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3))
    dimension = intrinsic_dimension(vectors)

    def structure(sharpness: float) -> Structure:
        return Structure(
            vectors.mean(axis=0), _root(np.cov(centres.T), 1), _root(np.cov(rest.T), sharpness),
            widths / widths.mean(), unit, dimension,
        )  # fmt: skip

    tried = np.linspace(1, 2, 11)
    found = [intrinsic_dimension(draw(structure(s), len(vectors), len(counts), seed=1)) for s in tried]
    return structure(float(tried[np.argmin(np.abs(np.array(found) - dimension))]))


def draw(structure: Structure, count: int, artists: int, seed: int) -> Vectors:
    """Stand-ins `[count, d]` by so many artists; artists are the same for every seed."""
    rng = np.random.default_rng([7, seed])
    popularity = np.random.default_rng(3).pareto(1.2, artists) + 0.2
    owner = rng.choice(artists, count, p=popularity / popularity.sum())
    chosen, place = np.unique(owner, return_inverse=True)
    fixed = np.random.default_rng(5)
    block = np.empty((len(chosen), len(structure.centres)), np.float32)
    widths = fixed.choice(structure.widths, artists).astype(np.float32)
    for start in range(0, artists, SHARD):  # the same artists whichever works are drawn
        drawn = fixed.standard_normal((min(SHARD, artists - start), len(structure.centres)), np.float32)
        inside = slice(*np.searchsorted(chosen, (start, start + SHARD)))
        block[inside] = drawn[chosen[inside] - start]
    centres = block @ structure.centres
    noise = rng.standard_normal((count, len(structure.works)), np.float32) @ structure.works
    vectors = structure.middle + centres[place] + widths[owner, None] * noise
    if structure.unit:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors, np.float32)


def shards(structure: Structure, count: int) -> Iterator[Vectors]:
    """The same in shards, about 40 works an artist."""
    for seed, start in enumerate(range(0, count, SHARD)):
        yield draw(structure, min(SHARD, count - start), max(20, count // 40), seed)


def intrinsic_dimension(vectors: Vectors, sample: int = 1500) -> float:
    """The maximum-likelihood estimate of Levina and Bickel (2004) from 20 neighbours, inverses averaged (MacKay)."""
    flat = faiss.IndexFlatL2(vectors.shape[1])
    flat.add(vectors)
    squared = flat.search(vectors[:sample], NEIGHBOURS + 1)[0][:, 1:]
    distances = np.sqrt(np.maximum(squared, 1e-12))
    return float(1 / np.log(distances[:, -1:] / distances[:, :-1]).mean())


def _root(covariance: NDArray[np.float64], sharpness: float) -> Vectors:
    """A square root of a covariance whose spectrum falls off faster by this power, of the same total."""
    values, directions = np.linalg.eigh(covariance)
    values = np.maximum(values, 0)
    sharp = values**sharpness
    sharp *= values.sum() / sharp.sum()
    return np.asarray(np.sqrt(sharp)[:, None] * directions.T, np.float32)
