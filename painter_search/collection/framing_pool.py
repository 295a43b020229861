"""Framing thousands of originals on all cores; a file that hangs or crashes a decoder costs only itself."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from painter_search.collection.framing import Frame, UnreadablePainting, frame_painting
from painter_search.collection.originals import Original, read_file, read_original
from painter_search.collection.settings import Framing
from painter_search.errors import UserError
from painter_search.places import PATIENCE
from painter_search.printable import printable

SECONDS_PER_IMAGE = 120
"""An image that takes longer is given up; 100 megapixels take about 5 s."""
FEW = 16
"""Images that are framed in this process rather than by processes of their own, which take seconds to start."""
Job = TypeVar("Job")


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

    def seconds(job: FramingJob) -> int:
        # A slow network is no fault of the image: fetching has a time of its own, and an error of its own.
        return SECONDS_PER_IMAGE + (0 if isinstance(job.original.container, Path) else PATIENCE)

    for job, framed in _in_processes(frame_to_disk, jobs, workers, seconds):
        yield Framed(job.file, reason=framed) if isinstance(framed, str) else framed


def frame_in_time(files: Sequence[Path | bytes], framing: Framing) -> Generator[Frame | str, None, None]:
    """The frames of files, in order, or the reasons why there are none: for a command, which may end where one hangs.

    More than a few are framed by processes of their own, so that one that hangs or crashes costs only itself.
    """
    if len(files) > FEW:
        yield from frame_aside(files, framing)
        return
    for file in files:
        with _ending_late(file):
            framed = frame_file(file, framing)
        yield framed


def frame_aside(
    files: Iterable[Path | bytes], framing: Framing, workers: int = 0
) -> Generator[Frame | str, None, None]:
    """The frames of files, in order, or the reasons why there are none, from processes as in `frame_all`."""
    for _, framed in _in_processes(partial(frame_file, framing=framing), files, workers, lambda _: SECONDS_PER_IMAGE):
        yield framed


def frame_file(file: Path | bytes, framing: Framing) -> Frame | str:
    """The frame of a file, or of a file's bytes; the reason, where there is none."""
    try:
        return frame_painting(read_file(file) if isinstance(file, Path) else file, framing)
    except UnreadablePainting as finding:
        return str(finding)


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


def _in_processes(
    work: Callable[[Job], Any], jobs: Iterable[Job], workers: int, seconds: Callable[[Job], int]
) -> Iterator[tuple[Job, Any]]:
    """Each job with what `work` makes of it, in order; the reason, where that crashes or takes longer than `seconds`.

    Raises `UserError` where no process can be started.
    """
    import multiprocessing  # a lone query needs none of these
    from concurrent.futures.process import BrokenProcessPool

    from pebble import ProcessPool

    workers = workers or os.cpu_count() or 1
    # Spawned, so that it is the same on every system; few at a time, so that memory stays flat.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=workers, context=context, initializer=_end_with_parent)
    waiting: deque[tuple[Job, Any]] = deque()
    try:
        for job in jobs:
            waiting.append((job, pool.schedule(work, args=[job], timeout=seconds(job))))
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


@contextmanager
def _ending_late(file: Path | bytes) -> Iterator[None]:
    """End this process where it takes longer than an image may: a decoder cannot be stopped in any other way."""

    def end() -> None:
        name = file if isinstance(file, Path) else "a painting"
        late = f"{name} takes longer than {SECONDS_PER_IMAGE} s to decode; leave it out."
        print(f"painter_search: {printable(late)}", file=sys.stderr, flush=True)
        os._exit(1)

    timer = threading.Timer(SECONDS_PER_IMAGE, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    import multiprocessing

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


def _settle(job: Job, future: Any) -> tuple[Job, Any]:
    from concurrent.futures import TimeoutError as FutureTimeoutError

    from pebble import ProcessExpired

    try:
        return job, future.result()
    except FutureTimeoutError:
        return job, f"took longer than {SECONDS_PER_IMAGE} s to decode"
    except ProcessExpired:
        return job, "crashed the decoder"
    except MemoryError:
        return job, "needs more memory than there is"
