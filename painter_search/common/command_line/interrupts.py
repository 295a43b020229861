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
    program = (getattr(sys, "argv", None) or [""])[0]
    # Python calls a program so while it looks for the module that `python -m` names.
    is_command = program == "-m" or os.path.splitext(os.path.basename(program))[0] == "painter-search"
    # Otherwise interrupts are ignored, as in the background of a shell, or somebody else handles them.
    if is_command and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


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
