"""Ctrl+C outside of a command's own work: while its modules are imported, and while Python shuts down."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""Exit code of an interrupted command, as shells have it."""


def exit_on_interrupt() -> None:
    """From now on an interrupt ends the process at once, if this is a command: Python would print a traceback."""
    # Otherwise interrupts are ignored, as in the background of a shell, or somebody else handles them.
    if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


def _is_command() -> bool:
    arguments: list[str] = getattr(sys, "argv", None) or [""]
    if arguments[0] != "-m":
        return os.path.splitext(os.path.basename(arguments[0]))[0] == "painter-search"
    # Python calls a program so while it looks for the module that `python -m` names, the last word of its own.
    module = "".join(sys.orig_argv[-len(arguments) :][:1]).removeprefix("-m")
    return module.partition(".")[0] == "painter_search"


@contextmanager
def raised_interrupts() -> Iterator[None]:
    """A context in which an interrupt raises `KeyboardInterrupt`, so that what is being written is tidied up."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not _exit:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _exit)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
