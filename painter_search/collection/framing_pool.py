"""Framing thousands of originals on all cores; a file that hangs or crashes a decoder costs only itself."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from painter_search.collection.framing import UnreadablePainting, frame_painting
from painter_search.collection.originals import Original, read_original
from painter_search.collection.settings import Framing
from painter_search.errors import UserError
from painter_search.places import PATIENCE

SECONDS_PER_IMAGE = 120
"""An image that takes longer is given up; 100 megapixels take about 5 s."""


@dataclass(frozen=True)
class FramingJob:
    """One original and where its frame goes (and its thumbnail, where the framing needs one)."""

    file: str
    original: Original
    framing: Framing
    frame: Path
    thumbnail: Path

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files that framing writes."""
        return (self.frame, self.thumbnail) if self.framing == "center" else (self.frame,)


@dataclass(frozen=True)
class Framed:
    """What became of one original: rejected for a `reason`, or framed."""

    file: str
    reason: str = ""
    digest: str = ""
    width: int = 0
    height: int = 0
    enlarged: bool = False


def frame_all(jobs: Iterable[FramingJob], workers: int = 0) -> Iterator[Framed]:
    """Frame originals to disk, in order of the jobs, on `workers` processes (0: one per core).

    With 1 it is done in this very process, which a decoder that crashes would take with it.
    Raises `UserError` where no process can be started: each imports the script that called, which must bear that.
    """
    if workers == 1:
        yield from map(frame_to_disk, jobs)
        return
    workers = workers or os.cpu_count() or 1
    from pebble import ProcessPool

    # Spawned, so that it is the same on every system; few at a time, so that memory stays flat.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=workers, context=context, initializer=_end_with_parent)
    waiting: deque = deque()
    try:
        for job in jobs:
            # A slow network is no fault of the image: fetching has a time of its own, and an error of its own.
            seconds = SECONDS_PER_IMAGE + (0 if isinstance(job.original.container, Path) else PATIENCE)
            waiting.append((job, pool.schedule(frame_to_disk, args=[job], timeout=seconds)))
            if len(waiting) >= 16 * workers:
                yield _settle(*waiting.popleft())
        while waiting:
            yield _settle(*waiting.popleft())
        pool.close()
    except BrokenProcessPool as error:
        pool.stop()
        raise UserError(
            "processes that decode images cannot be started; a Python script that prepares a collection needs "
            '`if __name__ == "__main__":` above what it does (or the setting workers=1).'
        ) from error
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def frame_to_disk(job: FramingJob) -> Framed:
    """Read, frame and write one original; a file that cannot be used is returned with its reason.

    Raises `UserError` where the original lies at a URL that cannot be reached.
    """
    try:
        content = read_original(job.original)
        frame = frame_painting(content, job.framing)
    except UnreadablePainting as finding:
        return Framed(job.file, reason=str(finding))
    _write(job.frame, frame.jpeg)
    if frame.thumbnail is not None:
        _write(job.thumbnail, frame.thumbnail)
    digest = hashlib.sha256(content).hexdigest()
    return Framed(job.file, "", digest, frame.width, frame.height, frame.enlarged)


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _write(path: Path, content: bytes) -> None:
    # No flush to disk here: an image lost in a power cut is found by its size of 0 and framed again.
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(content)
    os.replace(beside, path)


def _settle(job: FramingJob, future) -> Framed:  # type: ignore[no-untyped-def]
    from pebble import ProcessExpired

    try:
        return future.result()
    except FutureTimeoutError:
        return Framed(job.file, reason=f"took longer than {SECONDS_PER_IMAGE} s to decode")
    except ProcessExpired:
        return Framed(job.file, reason="crashed the decoder")
    except MemoryError:
        return Framed(job.file, reason="needs more memory than there is")
