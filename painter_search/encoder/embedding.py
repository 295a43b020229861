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

from painter_search.collection.framing import open_frame
from painter_search.encoder.settings import EMBEDDING_SIZE, EncoderConfig
from painter_search.encoder.views import central_square, to_pixels

BATCH = 32
"""Paintings a forward pass; more gains nothing on a CPU."""

A = TypeVar("A")
B = TypeVar("B")


class Embedder(Protocol):
    """What turns views into embeddings: an `Encoder` (PyTorch), or an `ExportedEncoder` (ONNX Runtime)."""

    config: EncoderConfig

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 `[n, 3, side, side]` → float32 `[n, 256]`."""


def embed_frames(
    embedder: Embedder, frames: Iterable[bytes | Path], batch: int = BATCH
) -> Iterator[NDArray[np.float32]]:
    """Embed frames (JPEG files, or their bytes) in order; yields float32 `[at most batch, 256]`.

    Frames are decoded on all cores while the network works; only a few batches are held at a time.
    """
    side = embedder.config.image_side

    def view(frame: bytes | Path) -> NDArray[np.uint8]:
        return to_pixels(central_square(open_frame(frame if isinstance(frame, bytes) else frame.read_bytes()), side))

    views = map_ahead(view, frames, ahead=4 * batch)
    while pixels := list(islice(views, batch)):
        yield embedder.embed(np.stack(pixels))


def embed_all(embedder: Embedder, frames: Sequence[bytes | Path]) -> NDArray[np.float32]:
    """Embed frames at once: float32 `[n, 256]`."""
    blocks = list(embed_frames(embedder, frames))
    return np.concatenate(blocks) if blocks else np.empty((0, EMBEDDING_SIZE), np.float32)


def map_ahead(work: Callable[[A], B], items: Iterable[A], ahead: int) -> Iterator[B]:
    """`map` on a thread per core, in order, at most `ahead` items in advance. Decoders work outside Python's lock."""
    if isinstance(items, Sequence) and len(items) == 1:
        yield work(items[0])  # a lone query need not wait for threads to start
        return
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        waiting: deque = deque()
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
