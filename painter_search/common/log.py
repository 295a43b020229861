"""The package's logger: silent by default as in any library; commands print its messages on stderr."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from painter_search.common.terminal import printable

logger = logging.getLogger("painter_search")
logger.addHandler(logging.NullHandler())  # without it Python would print warnings on stderr


@contextmanager
def console_messages(level: int = logging.INFO) -> Iterator[None]:
    """A context in which messages of `level` and above are printed on stderr, so that stdout holds results alone.

    With `logging.DEBUG` each begins with the seconds since logging began.
    """
    handler, before = _ConsoleHandler(timed=level <= logging.DEBUG), logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


class _ConsoleHandler(logging.Handler):
    def __init__(self, timed: bool) -> None:
        super().__init__()
        self.timed = timed

    def emit(self, record: logging.LogRecord) -> None:
        from painter_search.common.console import MessageConsole

        message = self.format(record)  # with the traceback of a record that has one
        if self.timed:
            message = f"{record.relativeCreated / 1000:7.2f} s  {message}"
        # A new console for each message, since stderr may have been redirected.
        MessageConsole(soft_wrap=True).print(printable(message), markup=False)
