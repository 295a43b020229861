"""What lets a command that answers one question start and end sooner: most of its time is imports."""

from __future__ import annotations

import atexit
import gc

from painter_search.common.machine.cores import keep_blas_on_one_thread

ALLOCATIONS = 100_000
"""Objects made between two garbage collections; the modules of a query make some 200,000, all of which stay."""


def answer_and_end() -> None:
    """Call this before the imports of a command that is soon done.

    Matrix products stay on one thread, garbage is collected less often, and not at all when the process ends: all of
    its memory goes back at once.
    """
    keep_blas_on_one_thread()
    gc.set_threshold(ALLOCATIONS)
    atexit.register(gc.freeze)
