"""Progress of long loops: silent by default, bars on stderr in commands, your own display through `set_progress`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, TypeVar

from painter_search.common.errors import MissingPackageError

T = TypeVar("T")


class ProgressReporter(Protocol):
    """Shows the progress of long loops; `set_progress` installs one."""

    def track(
        self, items: Iterable[T], description: str, total: int | None, images_of: Callable[[T], int] | None
    ) -> Iterable[T]:
        """Yield `items` and show how many are done.

        Args:
            items: The items of the loop.
            description: The task, for people to read.
            total: Number of items; None if unknown.
            images_of: Number of images in an item, to show images per second; None if items are not images.
        """

    def spinner(self, description: str) -> AbstractContextManager[None]:
        """A context that shows activity during a task without measurable progress."""


_reporter: ProgressReporter | None = None


def set_progress(reporter: ProgressReporter | None) -> None:
    """Show progress with `reporter` from now on; None, the default of the library, shows nothing."""
    global _reporter
    _reporter = reporter


@contextmanager
def progress_shown_by(reporter: ProgressReporter) -> Iterator[None]:
    """A context in which progress is shown with `reporter`."""
    before = _reporter
    set_progress(reporter)
    try:
        yield
    finally:
        set_progress(before)


def track(
    items: Iterable[T], description: str, total: int | None = None, images_of: Callable[[T], int] | None = None
) -> Iterator[T]:
    """Yield `items` while the installed reporter shows how many are done.

    Args:
        items: The items of the loop.
        description: The task, for people to read.
        total: Number of items; None if unknown.
        images_of: Number of images in an item, to show images per second.
    """
    return iter(items if _reporter is None else _reporter.track(items, description, total, images_of))


def spinner(description: str) -> AbstractContextManager[None]:
    """A context in which the installed reporter shows activity during a task without measurable progress."""
    return nullcontext() if _reporter is None else _reporter.spinner(description)


class RichProgress:
    """The reporter of the command line: rich's progress bars on stderr."""

    def track(
        self, items: Iterable[T], description: str, total: int | None, images_of: Callable[[T], int] | None
    ) -> Iterator[T]:
        """Yield `items` under a bar with counts, times and, with `images_of`, images per second."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        from painter_search.common.console import MessageConsole

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[rate]}"),
        )
        with Progress(*columns, console=MessageConsole()) as progress:
            task = progress.add_task(description, total=total, rate="")
            images, start = 0, time.perf_counter()
            for item in progress.track(items, total=total, task_id=task):
                yield item
                if images_of is not None:
                    images += images_of(item)
                    progress.update(task, rate=f"{images / (time.perf_counter() - start):,.0f} images/s")

    @contextmanager
    def spinner(self, description: str) -> Iterator[None]:
        """Show rich's spinner."""
        from painter_search.common.console import MessageConsole

        with MessageConsole().status(description):
            yield


class NotebookProgress:
    """A reporter for notebooks: tqdm's bars, the notebook's own widgets where it has them.

    Example:
        >>> from painter_search import NotebookProgress, set_progress
        >>> set_progress(NotebookProgress())  # doctest: +SKIP
    """

    def __init__(self) -> None:
        """Raise `MissingPackageError` where tqdm is not installed."""
        try:
            import tqdm  # noqa: F401
        except ImportError:
            raise MissingPackageError(
                'progress in notebooks needs tqdm: `pip install "painter-search[notebook]"`.'
            ) from None

    def track(
        self, items: Iterable[T], description: str, total: int | None, images_of: Callable[[T], int] | None
    ) -> Iterator[T]:
        """Yield `items` under a bar; with `images_of` it counts images."""
        from tqdm.auto import tqdm

        if images_of is None:
            yield from tqdm(items, desc=description, total=total)
            return
        with tqdm(desc=description, unit=" images") as bar:
            for item in items:
                yield item
                bar.update(images_of(item))

    @contextmanager
    def spinner(self, description: str) -> Iterator[None]:
        """Show the task and, once it is done, its seconds."""
        from tqdm.auto import tqdm

        with tqdm(desc=description, bar_format="{desc} {elapsed}"):
            yield
