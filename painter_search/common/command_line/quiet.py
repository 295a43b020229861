"""What libraries say on stderr is kept from the users of commands; Python users decide for themselves."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from painter_search.common.terminal import discard_output


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """A context in which only this package writes to stderr.

    Decoders and networks written in C write to the file behind it, not to `sys.stderr`, which is the package's own
    meanwhile. Warnings and log messages of other packages are dropped, too. `python -X dev` shows everything.
    """
    if sys.flags.dev_mode:
        yield
        return
    # The handler of messages that nobody handles prints them.
    last_resort, logging.lastResort = logging.lastResort, logging.NullHandler()
    try:
        with warnings.catch_warnings(), _own_stderr():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")
            yield
    finally:
        logging.lastResort = last_resort


@contextmanager
def _own_stderr() -> Iterator[None]:
    """Give `sys.stderr` a file of its own, and discard what is written to the one that all libraries know."""
    stream = sys.stderr
    try:
        shared = stream.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or replaced by something without a file
        shared = -1
    if shared != 2:
        yield
        return
    stream.flush()
    kept = os.dup(2)
    discard_output(2)
    try:
        with open(
            kept, "w", encoding=stream.encoding, errors="backslashreplace", buffering=1, closefd=False
        ) as sys.stderr:
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        sys.stderr = stream
