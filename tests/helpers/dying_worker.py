"""A decoder that crashes, or is killed for its memory, on files with certain names."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from painter_search.images.decode_pool import FramingJob, FramingResult
from painter_search.images.photographs.crop import Crop
from painter_search.images.types import Framing


def frame_or_die(job: FramingJob) -> FramingResult:
    """Frame nothing; die on a file named `dies…`."""
    if job.file.startswith("dies"):
        os.kill(os.getpid(), signal.SIGSEGV if "crash" in job.file else signal.SIGKILL)
    return FramingResult(job.file)


def answer_or_die(file: Path, framing: Framing, crop: Crop = "none") -> str:
    """Return the file's name; die on a file named `dies…` and hang on one named `hangs…`."""
    if file.name.startswith("hangs"):
        time.sleep(600)
    if file.name.startswith("dies"):
        os.kill(os.getpid(), signal.SIGSEGV if "crash" in file.name else signal.SIGKILL)
    return f"{file.name}, {framing}"
