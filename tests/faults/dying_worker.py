"""Stands in for a decoder that crashes, or is killed for its memory, on some images."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from painter_search.collection.framing_pool import Framed, FramingJob
from painter_search.collection.settings import Framing


def frame_or_die(job: FramingJob) -> Framed:
    """Frame nothing; die on files called so."""
    if job.file.startswith("dies"):
        os.kill(os.getpid(), signal.SIGSEGV if "crash" in job.file else signal.SIGKILL)
    return Framed(job.file)


def answer_or_die(file: Path, framing: Framing) -> str:
    """Say what the file is called; die or hang on files called so."""
    if file.name.startswith("hangs"):
        time.sleep(600)
    if file.name.startswith("dies"):
        os.kill(os.getpid(), signal.SIGSEGV if "crash" in file.name else signal.SIGKILL)
    return f"{file.name}, {framing}"
