"""Warnings that libraries give of images, kept from users by any number of threads at once."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_lock = threading.Lock()
_users = 0
_ignoring = ExitStack()


@contextmanager
def ignored_warnings() -> Iterator[None]:
    """A context in which warnings are ignored, in all threads.

    The filters of `warnings.catch_warnings` are those of the process: of two threads that entered it one after the
    other and left it in the same order, the second would leave the filters of the first behind.
    """
    global _users
    with _lock:
        if not _users:
            _ignoring.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _ignoring.close()
