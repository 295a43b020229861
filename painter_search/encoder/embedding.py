"""Paintings → embeddings, one forward pass a painting."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.collection.framing import open_frame
from painter_search.encoder.device import keep_freed_memory, mixed_precision
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.settings import EMBEDDING_SIZE
from painter_search.encoder.views import central_square, to_pixels

BATCH = 32
"""Paintings a forward pass; more gains nothing on a CPU."""

A = TypeVar("A")
B = TypeVar("B")


def embed_frames(encoder: Encoder, frames: Iterable[bytes | Path], batch: int = BATCH) -> Iterator[NDArray[np.float32]]:
    """Embed frames (JPEG files, or their bytes) in order; yields float32 `[at most batch, 256]`.

    Frames are decoded on all cores while the network works; only a few batches are held at a time.
    """
    keep_freed_memory()
    side = encoder.config.image_side
    device = next(encoder.parameters()).device

    def view(frame: bytes | Path) -> NDArray[np.uint8]:
        return to_pixels(central_square(open_frame(frame if isinstance(frame, bytes) else frame.read_bytes()), side))

    views = map_ahead(view, frames, ahead=4 * batch)
    while pixels := list(islice(views, batch)):
        yield embed_pixels(encoder, torch.from_numpy(np.stack(pixels)).to(device, non_blocking=True))


@torch.inference_mode()
def embed_pixels(encoder: Encoder, pixels: torch.Tensor) -> NDArray[np.float32]:
    """Embed views, uint8 `[n, 3, side, side]` on the encoder's device; returns float32 `[n, 256]`."""
    with mixed_precision(pixels.device):
        embeddings = encoder(pixels.contiguous(memory_format=torch.channels_last))
    return embeddings.float().cpu().numpy()


def embed_all(encoder: Encoder, frames: Sequence[bytes | Path]) -> NDArray[np.float32]:
    """Embed frames at once: float32 `[n, 256]`."""
    blocks = list(embed_frames(encoder, frames))
    return np.concatenate(blocks) if blocks else np.empty((0, EMBEDDING_SIZE), np.float32)


def map_ahead(work: Callable[[A], B], items: Iterable[A], ahead: int) -> Iterator[B]:
    """`map` on a thread per core, in order, at most `ahead` items in advance. Decoders work outside Python's lock."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        waiting: deque = deque()
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
