"""Framing originals on all cores; a file that hangs or crashes the decoder costs only itself."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from painter_search.common.errors import UnreachableError, UnreadableImageError
from painter_search.common.terminal import printable
from painter_search.common.urls import TIMEOUT_SECONDS
from painter_search.images.framing import Frame, frame_painting
from painter_search.images.sources import Original, read_file, read_original
from painter_search.images.types import Framing

SECONDS_PER_IMAGE = 120
"""Framing an image is given up after this time; 100 megapixels take about 5 s."""
IN_PROCESS_LIMIT = 16
"""Up to this many images are framed in the calling process: starting worker processes takes seconds."""
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class FramingJob:
    """One original and the paths of its frame and its thumbnail."""

    file: str
    original: Original
    framing: Framing
    frame: Path
    thumbnail: Path
    """Written for `center` frames only."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files that framing writes."""
        return (self.frame, self.thumbnail) if self.framing == "center" else (self.frame,)


@dataclass(frozen=True)
class FramingResult:
    """The outcome for one original: framed, or rejected for a `reason`."""

    file: str
    reason: str = ""
    """Why there is no frame; empty if there is one."""
    digest: str = ""
    """SHA-256 of the original."""
    width: int = 0
    height: int = 0
    enlarged: bool = False


def frame_all(jobs: Iterable[FramingJob], workers: int = 0) -> Iterator[FramingResult]:
    """Frame originals to disk; results come in the order of the jobs.

    Args:
        jobs: Read lazily.
        workers: Worker processes; 0 means one per core. 1 frames in the calling process, which a crash of the decoder
            would end.

    Raises:
        UnreachableError: Worker processes cannot be started, because each imports the calling script and that script
            prepares a collection on import; or the URL of an original cannot be reached.
    """
    if workers == 1:
        yield from map(frame_to_disk, jobs)
        return

    def time_limit(job: FramingJob) -> int:
        # Fetching from a URL has its own time limit and its own error: a slow network is no fault of the image.
        return SECONDS_PER_IMAGE + (0 if isinstance(job.original.container, Path) else TIMEOUT_SECONDS)

    for job, result in _map_in_processes(frame_to_disk, jobs, workers, time_limit):
        yield FramingResult(job.file, reason=result) if isinstance(result, str) else result


def frame_with_timeout(files: Sequence[Path | bytes], framing: Framing) -> Generator[Frame | str, None, None]:
    """The frame of each file, in order, or the reason why there is none; for commands, since it may exit the process.

    Up to `IN_PROCESS_LIMIT` files are framed in this process, which exits with a message if one takes longer than
    `SECONDS_PER_IMAGE`; more files are framed in worker processes, where a hanging or crashing one costs only itself.
    """
    if len(files) > IN_PROCESS_LIMIT:
        yield from frame_in_processes(files, framing)
        return
    for file in files:
        with _exit_if_slow(file):
            frame = frame_file(file, framing)
        yield frame


def frame_in_processes(
    files: Iterable[Path | bytes], framing: Framing, workers: int = 0
) -> Generator[Frame | str, None, None]:
    """The frame of each file, in order, or the reason why there is none, from worker processes as in `frame_all`."""
    for _, frame in _map_in_processes(
        partial(frame_file, framing=framing), files, workers, lambda _: SECONDS_PER_IMAGE
    ):
        yield frame


def frame_file(file: Path | bytes, framing: Framing) -> Frame | str:
    """The frame of a file, given by its path or its bytes, or the reason why there is none."""
    try:
        return frame_painting(read_file(file) if isinstance(file, Path) else file, framing)
    except UnreadableImageError as error:
        return str(error)


def frame_to_disk(job: FramingJob) -> FramingResult:
    """Read, frame and write one original; an unusable file is returned with its reason.

    Raises `UnreachableError` if the original is at a URL that cannot be reached.
    """
    try:
        content = read_original(job.original)
        frame = frame_painting(content, job.framing)
    except UnreadableImageError as error:
        return FramingResult(job.file, reason=str(error))
    _write(job.frame, frame.jpeg)
    if frame.thumbnail is not None:
        _write(job.thumbnail, frame.thumbnail)
    digest = hashlib.sha256(content).hexdigest()
    return FramingResult(job.file, "", digest, frame.width, frame.height, frame.enlarged)


def _map_in_processes(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int, time_limit: Callable[[Job], int]
) -> Iterator[tuple[Job, Result | str]]:
    """Each job, in order, with its result, or with the reason if it crashes or exceeds its time limit in seconds."""
    import multiprocessing  # here, since a single query needs none of these
    from concurrent.futures.process import BrokenProcessPool

    from pebble import ProcessPool

    workers = workers or os.cpu_count() or 1
    # Spawned, as on every system; and a bounded number of jobs ahead, so that memory stays flat.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=workers, context=context, initializer=_exit_with_parent)
    pending: deque[tuple[Job, Future[Result]]] = deque()
    try:
        for job in jobs:
            pending.append((job, pool.schedule(work, args=[job], timeout=time_limit(job))))
            if len(pending) >= 16 * workers:
                job, future = pending.popleft()
                result = _result_or_reason(future)
                yield job, result
        while pending:
            job, future = pending.popleft()
            result = _result_or_reason(future)
            yield job, result
        pool.close()
    except BrokenProcessPool as error:
        pool.stop()
        raise UnreachableError(
            "processes that decode images cannot be started; a Python script that prepares a collection needs "
            '`if __name__ == "__main__":` above what it does (or the setting workers=1).'
        ) from error
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def _result_or_reason(future: Future[Result]) -> Result | str:
    from concurrent.futures import TimeoutError as FutureTimeoutError

    from pebble import ProcessExpired

    try:
        return future.result()
    except FutureTimeoutError:
        return f"took longer than {SECONDS_PER_IMAGE} s to decode"
    except ProcessExpired:
        return "crashed the decoder"
    except MemoryError:
        return "needs more memory than there is"


@contextmanager
def _exit_if_slow(file: Path | bytes) -> Iterator[None]:
    """Exit this process if an image takes longer than `SECONDS_PER_IMAGE`: nothing else stops a decoder."""

    def exit_process() -> None:
        name = file if isinstance(file, Path) else "a painting"
        message = f"{name} takes longer than {SECONDS_PER_IMAGE} s to decode; leave it out."
        print(f"painter_search: {printable(message)}", file=sys.stderr, flush=True)
        os._exit(1)

    timer = threading.Timer(SECONDS_PER_IMAGE, exit_process)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _exit_with_parent() -> None:
    """Make a worker exit when its parent is killed; otherwise it would wait for work forever."""
    import multiprocessing

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _write(path: Path, content: bytes) -> None:
    # Not flushed to disk: an image lost in a power cut has size 0, is noticed by that and framed again.
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, path)
