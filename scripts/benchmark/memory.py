"""How much memory a process takes."""

from __future__ import annotations

import os
import re
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def watched_memory() -> Iterator[list[float]]:
    """A list whose only number is the peak of `private_memory` meanwhile."""
    peak, done = [private_memory()], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], private_memory())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield peak
    finally:
        done.set()
        watching.join()


def resident_memory() -> float:
    """Bytes of memory of this process now, pages of mapped files included; its peak on systems without /proc."""
    return resident_memory_of(os.getpid()) or float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1000)


def resident_memory_of(process: int) -> float:
    """Bytes of memory of a process now, pages of mapped files included; 0 if it has ended, and without /proc."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return float(pages * resource.getpagesize())


def private_memory() -> float:
    """Bytes of memory of this process now, without pages of mapped files, which the system may take back.

    Systems without /proc do not tell the two apart: there it is the peak of both.
    """
    status = Path("/proc/self/status")
    found = re.search(r"RssAnon:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return 1024.0 * int(found[1]) if found else float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1000)
