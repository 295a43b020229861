"""Frames to embeddings, whatever computes them: everything here takes any `Embedder`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from painter_search.common.machine.threads import map_prefetched
from painter_search.encoder.config import EMBEDDING_SIZE, EncoderConfig
from painter_search.encoder.views import View, make_views
from painter_search.images.framing import open_frame, read_frame

BATCH = 32
"""Views at a time on a CPU; more are no faster."""
GPU_BATCH = 256
"""Views a forward pass on a GPU, which waits for the CPU to launch every layer."""


class Embedder(Protocol):
    """Turns views into embeddings: an `EncoderNetwork` (PyTorch), an `OnnxEncoder` (OpenVINO, ONNX Runtime)."""

    config: EncoderConfig

    @property
    def batch_size(self) -> int:
        """Views a forward pass."""

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed views, uint8 `[n, 3, side, side]`; returns float32 `[n, d]`, d as the encoder has it."""


def embed_frames(embedder: Embedder, frames: Iterable[bytes | Path], threads: int = 0) -> Iterator[NDArray[np.float32]]:
    """Embed frames (JPEG files, or their bytes) in order; yields float32 `[at most embedder.batch_size, d]`.

    Only a few batches are in memory at a time.

    Args:
        embedder: Computes the embeddings, in this thread.
        frames: As a collection keeps them.
        threads: How many threads decode frames meanwhile. 0: one per core. 1: this thread decodes, too.
    """

    def read_views(frame: bytes | Path) -> list[View]:
        return make_views(open_frame(frame) if isinstance(frame, bytes) else read_frame(frame), embedder.config)

    batch = embedder.batch_size
    decoded = map(read_views, frames) if threads == 1 else map_prefetched(read_views, frames, 2 * batch, threads)
    while block := list(islice(decoded, batch)):
        yield embed_views(embedder, block)


def embed_views(embedder: Embedder, views: Sequence[Sequence[View]]) -> NDArray[np.float32]:
    """Embed paintings, each given as its views; returns the mean of each painting's views: float32 `[n, d]`.

    The means have length 1 again where the encoder normalizes.
    """
    counts = np.array([len(views_of_one) for views_of_one in views])
    flat = [view for views_of_one in views for view in views_of_one]
    sides = np.array([view.shape[-1] for view in flat])
    embeddings: NDArray[np.float32] | None = None
    for chunk in chunks_of_a_side(sides, embedder.batch_size):
        embedded = embedder.embed(np.stack([flat[row] for row in chunk]))
        if embeddings is None:
            embeddings = np.empty((len(flat), embedded.shape[1]), np.float32)
        embeddings[chunk] = embedded
    if embeddings is None:
        return np.empty((0, EMBEDDING_SIZE), np.float32)
    return mean_over_views(embeddings, counts, embedder.config.normalize)


def chunks_of_a_side(sides: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """The rows of views with these `sides` `[n]` in chunks of at most `size`, each of one side, the smallest first."""
    for side in np.unique(sides):
        rows = np.flatnonzero(sides == side)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def mean_over_views(embeddings: NDArray[np.float32], counts: NDArray[np.int64], normalize: bool) -> NDArray[np.float32]:
    """The means of paintings with these `counts` of views `[n]`, whose embeddings follow one another: `[n, d]`."""
    if len(embeddings) == len(counts):
        return embeddings
    sums = np.add.reduceat(embeddings, np.cumsum(counts) - counts, axis=0)
    means: NDArray[np.float32] = np.asarray(sums / counts[:, None], np.float32)
    if normalize:
        means /= np.linalg.norm(means, axis=1, keepdims=True)
    return means


def embed_all(embedder: Embedder, frames: Iterable[bytes | Path]) -> NDArray[np.float32]:
    """Embed frames (JPEG files, or their bytes), all in memory at the end: float32 `[n, d]`."""
    blocks = list(embed_frames(embedder, frames))
    return np.concatenate(blocks) if blocks else np.empty((0, EMBEDDING_SIZE), np.float32)
