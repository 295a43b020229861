"""Dynamic batching: paintings queried at the same time pass the network together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.common.machine.cores import available_cores
from painter_search.encoder.views import View
from painter_search.index.painting_index import PaintingIndex

MAX_BATCH = 2 * available_cores()
"""Paintings embedded together; more gain nothing and keep the first ones waiting."""
WORKERS = 2
"""Batches at the same time, so that the cores have work while a batch is put together."""

Embedding = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EmbeddingRequest:
    """A painting that waits to be embedded."""

    index: PaintingIndex
    views: Sequence[View]
    embedding: asyncio.Future[Embedding]


class BatchedEmbedder:
    """Embeds paintings: a lone one at once; of many, a batch on all cores while the next one fills up."""

    def __init__(self) -> None:
        self._waiting: deque[EmbeddingRequest] = deque()
        self._threads = ThreadPoolExecutor(WORKERS, "embedding")
        self._workers: set[asyncio.Task[None] | None] = set()
        self.batch_sizes: deque[int] = deque(maxlen=1000)
        """Paintings in each of the latest batches."""

    async def embed(self, index: PaintingIndex, views: Sequence[View]) -> Embedding:
        """Embed a painting, given as its views, with the index's encoder: float32 `[256]`."""
        request = EmbeddingRequest(index, views, asyncio.get_running_loop().create_future())
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
        views = [request.views for request in batch]
        try:
            embeddings = await asyncio.get_running_loop().run_in_executor(self._threads, index.embed_views, views)
        except Exception as error:
            for request in batch:
                if not request.embedding.done():
                    request.embedding.set_exception(error)
            return
        for request, embedding in zip(batch, embeddings, strict=True):
            if not request.embedding.done():
                request.embedding.set_result(embedding)
