"""Paintings that are asked about at the same time pass the network together."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from painter_search.retrieval.painting_index import PaintingIndex

BATCH = 4
"""Paintings that are embedded together, at most; more gain nothing, and keep the first ones waiting."""
WORKERS = os.cpu_count() or 1
"""Batches in the network at a time, each on a core of its own."""


class Batches:
    """Embeds frames for whoever asks: a lone one on all cores; of many, a batch on each while the next ones gather."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[PaintingIndex, bytes, asyncio.Future[NDArray[np.float32]]]] = deque()
        self._threads = ThreadPoolExecutor(WORKERS, "embedding")
        self._workers: set[asyncio.Task[None]] = set()
        self.sizes: deque[int] = deque(maxlen=1000)
        """How many paintings were in the latest batches."""

    async def embed(self, index: PaintingIndex, jpeg: bytes) -> NDArray[np.float32]:
        """The embedding of a frame (a JPEG file) by the index's encoder: float32 `[256]`."""
        answer: asyncio.Future[NDArray[np.float32]] = asyncio.get_running_loop().create_future()
        self._waiting.append((index, jpeg, answer))
        if len(self._workers) < WORKERS:
            self._workers.add(asyncio.create_task(self._work()))
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                index = self._waiting[0][0]
                batch: list[tuple[bytes, asyncio.Future[NDArray[np.float32]]]] = []
                while self._waiting and self._waiting[0][0] is index and len(batch) < BATCH:
                    batch.append(self._waiting.popleft()[1:])
                await self._embed_batch(index, batch)
        finally:
            # At once, not in a callback later: whoever asks in between would wait for a worker that has left.
            self._workers.remove(asyncio.current_task())  # type: ignore[arg-type]

    async def _embed_batch(
        self, index: PaintingIndex, batch: list[tuple[bytes, asyncio.Future[NDArray[np.float32]]]]
    ) -> None:
        self.sizes.append(len(batch))
        frames = [jpeg for jpeg, _ in batch]
        of_many = len(batch) > 1 or len(self._workers) > 1
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, index.embed, frames, of_many)
        except Exception as error:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), embedding in zip(batch, found, strict=True):
            if not answer.done():
                answer.set_result(embedding)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
