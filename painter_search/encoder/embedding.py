"""Paintings → embeddings, one forward pass a painting. Knows no engine: whatever embeds pixels will do."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.framing import open_frame, read_frame
from painter_search.encoder.settings import EMBEDDING_SIZE, EncoderConfig
from painter_search.encoder.views import views_of

BATCH = 32
"""Views a forward pass on a CPU; more gain nothing."""
GPU_BATCH = 256
"""Views a forward pass on a GPU, which waits for the processor to tell it of every layer."""

A = TypeVar("A")
B = TypeVar("B")


class Embedder(Protocol):
    """What turns views into embeddings: an `Encoder` (PyTorch), or an `ExportedEncoder` (ONNX Runtime)."""

    config: EncoderConfig

    @property
    def at_once(self) -> int:
        """Views that a forward pass is made of."""

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Views, uint8 `[n, 3, side, side]` → float32 `[n, 256]`."""


def embed_frames(
    embedder: Embedder, frames: Iterable[bytes | Path], batch: int = 0, threads: int = 0
) -> Iterator[NDArray[np.float32]]:
    """Embed frames (JPEG files, or their bytes) in order; yields float32 `[at most batch, 256]`.

    A batch (0) has as many frames as a forward pass has views. Frames are decoded by `threads` (0: one per core) while
    the network works, or by this very thread where that is 1; only a few batches are held at a time.
    """

    def views(frame: bytes | Path) -> list[NDArray[np.uint8]]:
        return views_of(open_frame(frame) if isinstance(frame, bytes) else read_frame(frame), embedder.config)

    batch = batch or embedder.at_once
    decoded = map(views, frames) if threads == 1 else map_ahead(views, frames, 2 * batch, threads)
    while block := list(islice(decoded, batch)):
        yield embed_views(embedder, block)


def embed_views(embedder: Embedder, views: Sequence[Sequence[NDArray[np.uint8]]]) -> NDArray[np.float32]:
    """One embedding for each painting's views, the mean of theirs: float32 `[n, 256]`."""
    counts = np.array([len(of_one) for of_one in views])
    flat = [view for of_one in views for view in of_one]
    sides = np.array([view.shape[-1] for view in flat])
    embeddings = np.empty((len(flat), EMBEDDING_SIZE), np.float32)
    for side in np.unique(sides):
        rows = np.flatnonzero(sides == side)
        for start in range(0, len(rows), embedder.at_once):
            chunk = rows[start : start + embedder.at_once]
            embeddings[chunk] = embedder.embed(np.stack([flat[row] for row in chunk]))
    if len(flat) == len(views):
        return embeddings
    sums = np.add.reduceat(embeddings, np.cumsum(counts) - counts, axis=0)
    means: NDArray[np.float32] = np.asarray(sums / counts[:, None], np.float32)
    if embedder.config.unit:
        means /= np.linalg.norm(means, axis=1, keepdims=True)
    return means


def embed_all(embedder: Embedder, frames: Sequence[bytes | Path]) -> NDArray[np.float32]:
    """Embed frames at once: float32 `[n, 256]`."""
    blocks = list(embed_frames(embedder, frames))
    return np.concatenate(blocks) if blocks else np.empty((0, EMBEDDING_SIZE), np.float32)


def map_ahead(work: Callable[[A], B], items: Iterable[A], ahead: int, threads: int = 0) -> Iterator[B]:
    """`map` on `threads` (0: one per core), in order, at most `ahead` items in advance. Decoders work outside Python's
    lock."""
    if isinstance(items, Sequence) and len(items) == 1:
        yield work(items[0])  # a lone query need not wait for threads to start
        return
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        waiting: deque = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
