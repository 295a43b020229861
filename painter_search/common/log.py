"""The package's logger: silent by default as in any library; commands print its messages on stderr."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from painter_search.common.terminal import printable

logger = logging.getLogger("painter_search")
logger.addHandler(logging.NullHandler())  # without it Python would print warnings on stderr


@contextmanager
def console_messages() -> Iterator[None]:
    """A context in which messages of level INFO and above are printed on stderr, so that stdout holds results alone."""
    handler, level = _ConsoleHandler(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _ConsoleHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from painter_search.common.console import MessageConsole

        # A new console for each message, since stderr may have been redirected.
        MessageConsole(soft_wrap=True).print(printable(record.getMessage()), markup=False)
