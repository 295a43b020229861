"""Stands in for a decoder that crashes, or is killed for its memory, on some images."""

from __future__ import annotations

import os
import signal

from painter_search.collection.framing_pool import Framed, FramingJob


def frame_or_die(job: FramingJob) -> Framed:
    """Frame nothing; die on files called so."""
    if job.file.startswith("dies"):
        os.kill(os.getpid(), signal.SIGSEGV if "crash" in job.file else signal.SIGKILL)
    return Framed(job.file)
