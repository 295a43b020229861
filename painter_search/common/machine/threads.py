"""`map` on threads with a bounded number of items in advance."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from painter_search.common.machine.cores import available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_prefetched(
    work: Callable[[Item], Result], items: Iterable[Item], ahead: int, threads: int = 0
) -> Iterator[Result]:
    """`map` on threads, results in order, for work that releases the GIL, such as decoding images.

    Args:
        work: Called with every item.
        items: Read lazily.
        ahead: At most this many items are worked on before their results are read, so that memory stays bounded.
        threads: Number of threads; 0 means one per core.
    """
    if isinstance(items, Sequence) and len(items) == 1:
        yield work(items[0])  # a single query need not wait for threads to start
        return
    pool = ThreadPoolExecutor(threads or available_cores())
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # after an error or an interrupt the rest is not wanted
