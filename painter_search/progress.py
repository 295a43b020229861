"""A progress bar on stderr for anything that takes longer than a breath."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from painter_search.printable import printable

T = TypeVar("T")


def track(
    items: Iterable[T], description: str, total: int | None = None, images_of: Callable[[T], int] | None = None
) -> Iterator[T]:
    """Yield `items` while a bar on stderr shows how many are done and how long is left.

    With `images_of`, which counts the images of an item, it shows images a second, too.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        task = progress.add_task(description, total=total, rate="")
        images, began = 0, time.perf_counter()
        for item in progress.track(items, total=total, task_id=task):
            yield item
            if images_of is not None:
                images += images_of(item)
                progress.update(task, rate=f"{images / (time.perf_counter() - began):,.0f} images/s")


@contextmanager
def waiting(description: str) -> Iterator[None]:
    """A sign of life on stderr while something runs that cannot say how far it is."""
    from rich.console import Console

    with Console(stderr=True).status(description):
        yield


def say(message: str) -> None:
    """One line for the person at the terminal, on stderr so that answers on stdout stay clean."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(printable(message), markup=False)
