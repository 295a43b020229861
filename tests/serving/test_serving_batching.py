import asyncio
import threading
from typing import Any

import numpy as np
import pytest

from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.batching import BATCH, WORKERS, Batches
from painter_search.serving.kept import Kept, KeptAnswers


class Slow:
    """Embeds a number as itself, and waits with the first batch until it is told to go on."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def embed(self, frames: list[bytes], of_many: bool) -> np.ndarray:
        self.go.wait(10)
        if b"bad" in frames:
            raise ValueError("bad")
        return np.array([[float(frame)] for frame in frames], np.float32)


def test_paintings_gather_while_others_are_embedded_and_each_gets_its_own() -> None:
    async def run() -> tuple[list[float], list[int]]:
        batches, index = Batches(), Slow()
        asked: Any = [asyncio.create_task(batches.embed(index, str(n).encode())) for n in range(50)]  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        index.go.set()
        found = [float(embedding[0]) for embedding in await asyncio.gather(*asked)]
        batches.close()
        return found, list(batches.sizes)

    found, sizes = asyncio.run(run())
    assert found == list(range(50))
    assert sum(sizes) == 50
    assert max(sizes) == BATCH
    assert len(sizes) <= WORKERS + 50 // BATCH + 1


def test_batches_are_of_one_index_and_a_failed_one_fails_alone() -> None:
    async def run() -> list[Any]:
        batches, one, other = Batches(), Slow(), Slow()
        one.go.set()
        other.go.set()
        asked = [batches.embed(one, b"1"), batches.embed(other, b"bad"), batches.embed(other, b"2")]
        again = [batches.embed(one, b"3")]
        found = await asyncio.gather(*asked, *again, return_exceptions=True)  # type: ignore[arg-type]
        batches.close()
        return found

    first, bad, beside, last = asyncio.run(run())
    assert float(first[0]) == 1
    assert isinstance(bad, ValueError)
    assert isinstance(beside, ValueError)
    assert float(last[0]) == 3


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


def test_answers_are_kept_for_a_while_and_within_bounds(small_index: PaintingIndex, clock: list[float]) -> None:
    kept = KeptAnswers(seconds=10, size=100, clock=lambda: clock[0])
    first, second = kept.add(Kept(small_index, size=60)), kept.add(Kept(small_index, size=40))
    assert kept.get(first) is not None
    assert first != second
    assert kept.seconds_left(first) == 10
    third = kept.add(Kept(small_index, size=40))
    assert kept.get(first) is None
    assert kept.get(second) is not None
    large = kept.add(Kept(small_index, size=1000))
    assert kept.get(second) is None
    assert kept.get(third) is None
    assert kept.get(large) is not None
    clock[0] = 10.0
    assert kept.get(large) is None
    assert kept.get("nothing") is None
