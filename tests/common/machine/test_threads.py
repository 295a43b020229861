"""`map_prefetched` is `map`, a bounded number of items ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from painter_search.common.machine.threads import map_prefetched


@pytest.mark.parametrize("count", [0, 1, 2, 50])
@pytest.mark.parametrize("ahead", [1, 3, 100])
def test_map_prefetched_equals_map(count: int, ahead: int) -> None:
    assert list(map_prefetched(str, range(count), ahead, threads=3)) == list(map(str, range(count)))


def test_map_prefetched_reads_at_most_ahead_items() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(20):
            taken.append(item)
            yield item

    for done, _ in enumerate(map_prefetched(abs, items(), ahead=4, threads=2)):
        assert len(taken) <= done + 4


def test_map_prefetched_works_on_single_item_in_calling_thread() -> None:
    (thread,) = map_prefetched(lambda _: threading.current_thread(), [1], ahead=4)
    assert thread is threading.current_thread()


def test_map_prefetched_raises_errors_of_work() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_prefetched(lambda item: 1 // item, [1, 0, 2], ahead=2))
