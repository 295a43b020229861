"""Dynamic batching: paintings queried at the same time pass the network together."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.index.painting_index import PaintingIndex

MAX_BATCH = 4
"""Paintings embedded together; more gain nothing and keep the first ones waiting."""
WORKERS = os.cpu_count() or 1
"""Batches embedded at the same time, each on one core."""

Embedding = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EmbeddingRequest:
    """A frame that waits to be embedded."""

    index: PaintingIndex
    jpeg: bytes
    embedding: asyncio.Future[Embedding]


class BatchedEmbedder:
    """Embeds frames: a lone one on all cores; of many, a batch on each core while the next batches fill up."""

    def __init__(self) -> None:
        self._waiting: deque[EmbeddingRequest] = deque()
        self._threads = ThreadPoolExecutor(WORKERS, "embedding")
        self._workers: set[asyncio.Task[None] | None] = set()
        self.batch_sizes: deque[int] = deque(maxlen=1000)
        """Paintings in each of the latest batches."""

    async def embed(self, index: PaintingIndex, jpeg: bytes) -> Embedding:
        """Embed a frame (a JPEG file) with the index's encoder: float32 `[256]`."""
        request = EmbeddingRequest(index, jpeg, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if len(self._workers) < WORKERS:
            self._workers.add(asyncio.create_task(self._work()))
        return await request.embedding

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        try:
            while self._waiting:
                index = self._waiting[0].index
                batch: list[EmbeddingRequest] = []
                while self._waiting and self._waiting[0].index is index and len(batch) < MAX_BATCH:
                    batch.append(self._waiting.popleft())
                await self._embed_batch(index, batch)
        finally:
            # Here, not in a callback later: a request that arrives in between would rely on a worker that has ended.
            self._workers.remove(asyncio.current_task())

    async def _embed_batch(self, index: PaintingIndex, batch: Sequence[EmbeddingRequest]) -> None:
        self.batch_sizes.append(len(batch))
        frames = [request.jpeg for request in batch]
        of_many = len(batch) > 1 or len(self._workers) > 1
        try:
            embeddings = await asyncio.get_running_loop().run_in_executor(
                self._threads, index.embed_frames, frames, of_many
            )
        except Exception as error:
            for request in batch:
                if not request.embedding.done():
                    request.embedding.set_exception(error)
            return
        for request, embedding in zip(batch, embeddings, strict=True):
            if not request.embedding.done():
                request.embedding.set_result(embedding)
