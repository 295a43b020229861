"""How worker processes are started: wherever Python runs, and so that an interrupt reaches their parent alone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import current_process, parent_process, spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any

from painter_search.common.terminal import discard_output

_STARTING = threading.Lock()


class WorkerProcess(SpawnProcess):
    """A spawned process that does not import the caller's main module.

    Workers need nothing from it, and it may not be importable: it is standard input, a cell of a notebook, or a script
    that would run a second time for lack of `if __name__ == "__main__":`.
    """

    @staticmethod
    def _Popen(process: BaseProcess) -> Any:  # noqa: N802 (multiprocessing's name)
        with _main_module_left_out(), _interrupts_blocked():
            return SpawnProcess._Popen(process)


class WorkerContext(SpawnContext):
    """`multiprocessing`'s context for `WorkerProcess`es, as pools take it."""

    Process = WorkerProcess


def can_start_workers() -> bool:
    """Whether this process may start others, and the system has the semaphores that they communicate with.

    Daemonic processes may not, such as those of `multiprocessing.Pool`; some sandboxes have no /dev/shm.
    """
    if current_process().daemon:
        return False
    try:
        WorkerContext().Lock()
    except OSError:
        return False
    return True


def set_up_worker() -> None:
    """What a worker does first: it ends when its parent is killed, and discards what libraries write to stderr.

    Decoders written in C describe each fault of a file there; a worker returns a reason of its own.
    """
    sys.stderr.flush()
    discard_output(2)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _main_module_left_out() -> Iterator[None]:
    """Leave the main module out of what a process that this thread starts is told to import."""
    with _STARTING:
        prepare, starting = spawn.get_preparation_data, threading.get_ident()

        def without_main(name: str) -> dict[str, Any]:
            vars(sys.modules["__main__"]).setdefault("__spec__", None)  # a notebook's `%reset` takes it away
            told = prepare(name)
            if threading.get_ident() == starting:  # another thread may start a process of its own
                for key in ("init_main_from_name", "init_main_from_path"):
                    told.pop(key, None)
            return told

        spawn.get_preparation_data = without_main
        try:
            yield
        finally:
            spawn.get_preparation_data = prepare


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT in what this thread starts: a terminal sends it to all, and the parent stops the others."""
    if os.name == "nt":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its own start would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
