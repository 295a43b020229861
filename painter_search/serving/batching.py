"""Paintings that are asked about at the same time pass the network together."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from painter_search.retrieval.painting_index import PaintingIndex

BATCH = 16
"""Paintings that are embedded together, at most; more would keep the first ones waiting."""


class Batches:
    """Embeds frames for whoever asks. While one batch is in the network, the next one gathers."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[PaintingIndex, bytes, asyncio.Future[NDArray[np.float32]]]] = deque()
        self._thread = ThreadPoolExecutor(1, "embedding")
        self._worker: asyncio.Task[None] | None = None
        self.sizes: deque[int] = deque(maxlen=1000)
        """How many paintings were in the latest batches."""

    async def embed(self, index: PaintingIndex, jpeg: bytes) -> NDArray[np.float32]:
        """The embedding of a frame (a JPEG file) by the index's encoder: float32 `[256]`."""
        answer: asyncio.Future[NDArray[np.float32]] = asyncio.get_running_loop().create_future()
        self._waiting.append((index, jpeg, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            index = self._waiting[0][0]
            batch: list[tuple[bytes, asyncio.Future[NDArray[np.float32]]]] = []
            while self._waiting and self._waiting[0][0] is index and len(batch) < BATCH:
                batch.append(self._waiting.popleft()[1:])
            self.sizes.append(len(batch))
            frames = [jpeg for jpeg, _ in batch]
            try:
                found = await asyncio.get_running_loop().run_in_executor(self._thread, index.embed, frames)
            except Exception as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), embedding in zip(batch, found, strict=True):
                if not answer.done():
                    answer.set_result(embedding)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)
