import asyncio
import threading
from typing import Any

import numpy as np

from painter_search.serving.batching import MAX_BATCH, WORKERS, BatchedEmbedder


class SlowIndex:
    """Embeds the number that is a painting's only view as itself, and waits with the first batch until `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def embed_views(self, paintings: list[list[float]]) -> np.ndarray:
        self.go.wait(10)
        if [np.nan] in paintings:
            raise ValueError("bad")
        return np.array(paintings, np.float32)


def test_embed_batches_waiting_frames_and_returns_each_its_embedding() -> None:
    async def run() -> tuple[list[float], list[int]]:
        embedder, index = BatchedEmbedder(), SlowIndex()
        asked: Any = [asyncio.create_task(embedder.embed(index, [float(n)])) for n in range(50)]  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        index.go.set()
        found = [float(embedding[0]) for embedding in await asyncio.gather(*asked)]
        embedder.close()
        return found, list(embedder.batch_sizes)

    found, sizes = asyncio.run(run())
    assert found == list(range(50))
    assert sum(sizes) == 50
    assert max(sizes) == MAX_BATCH
    assert len(sizes) <= WORKERS + 50 // MAX_BATCH + 1


def test_embed_does_not_mix_indexes_and_a_failed_batch_fails_alone() -> None:
    async def run() -> list[Any]:
        embedder, one, other = BatchedEmbedder(), SlowIndex(), SlowIndex()
        one.go.set()
        other.go.set()
        asked = [embedder.embed(one, [1.0]), embedder.embed(other, [np.nan]), embedder.embed(other, [2.0])]
        again = [embedder.embed(one, [3.0])]
        found = await asyncio.gather(*asked, *again, return_exceptions=True)  # type: ignore[arg-type]
        embedder.close()
        return found

    first, bad, same_batch, last = asyncio.run(run())
    assert float(first[0]) == 1
    assert isinstance(bad, ValueError)
    assert isinstance(same_batch, ValueError)
    assert float(last[0]) == 3
