"""Framing originals: many in worker processes, where a file that hangs or crashes the decoder costs only itself, few in
this process, where they are framed sooner."""

from __future__ import annotations

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
from typing import Any, TypeVar

from painter_search.common.errors import PainterSearchError, UnreachableError, UnreadableImageError
from painter_search.common.files.atomic_io import digest_bytes, digest_file
from painter_search.common.files.urls import TIMEOUT_SECONDS
from painter_search.common.log import logger
from painter_search.common.machine.cores import available_cores
from painter_search.common.machine.threads import map_prefetched
from painter_search.common.terminal import printable
from painter_search.images.framing import Frame, frame_painting
from painter_search.images.photographs.crop import Crop
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.images.sources import FileInput, Original, read_input, read_original
from painter_search.images.types import Framing

SECONDS_PER_IMAGE = 120
"""Framing an image is given up after this time; 100 megapixels take about 5 s, a scan of 2,400 about 20 s."""
IN_PROCESS_LIMIT = 16
"""Up to this many images are framed in the calling process: starting worker processes takes seconds."""
AT_ONCE = 2
"""Images framed at once in the calling process, where it has as many cores: a large one takes much memory."""
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class FramingJob:
    """One original and the paths of its frame, its thumbnail and its picture."""

    file: str
    original: Original
    framing: Framing
    frame: Path
    thumbnail: Path
    """Written for `center` frames only."""
    crop: Crop = "none"
    picture: Path | None = None
    """None if no picture larger than a thumbnail is wanted."""
    picture_size: int = THUMBNAIL_SIDE

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files that framing writes."""
        thumbnails = (self.thumbnail,) if self.framing == "center" else ()
        return (self.frame, *thumbnails, *filter(None, (self.picture,)))


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
    crop: dict[str, Any] | None = None
    """What was cropped of a photograph, as `PaintingCrop.to_dict` says it."""


def frame_all(jobs: Iterable[FramingJob], workers: int = 0) -> Iterator[FramingResult]:
    """Frame originals to disk; results come in the order of the jobs.

    Args:
        jobs: Read lazily.
        workers: Worker processes; 0 means one per core. 1 frames in the calling process, which a crash of the decoder
            would end.

    Raises:
        UnreachableError: Worker processes cannot be started, or the URL of an original cannot be reached.
    """
    for job, result in _map_in_processes(frame_to_disk, jobs, workers, lambda job: _time_limit(job.original)):
        yield FramingResult(job.file, reason=result) if isinstance(result, str) else result


def frame_with_timeout(
    files: Sequence[FileInput], framing: Framing, crop: Crop = "none"
) -> Generator[Frame | str, None, None]:
    """The frame of each file, in order, or the reason why there is none; for commands, since it may exit the process.

    Up to `IN_PROCESS_LIMIT` files are framed in this process, which exits with a message if one takes longer than
    `SECONDS_PER_IMAGE`; more files are framed in worker processes, where a hanging or crashing one costs only itself.
    """
    if len(files) > IN_PROCESS_LIMIT:
        yield from frame_in_processes(files, framing, crop=crop)
        return

    def frame_or_exit(file: FileInput) -> Frame | str:
        with _exit_if_slow(file):
            return frame_file(file, framing, crop)

    yield from _map_in_threads(frame_or_exit, files)


def frame_in_threads(
    files: Sequence[FileInput], framing: Framing, crop: Crop = "none"
) -> Generator[Frame | str, None, None]:
    """The frame of each file, in order, or the reason why there is none, from this process."""
    yield from _map_in_threads(partial(frame_file, framing=framing, crop=crop), files)


def frame_in_processes(
    files: Iterable[FileInput], framing: Framing, workers: int = 0, *, crop: Crop = "none"
) -> Generator[Frame | str, None, None]:
    """The frame of each file, in order, or the reason why there is none, from worker processes as in `frame_all`."""
    for _, frame in _map_in_processes(partial(frame_file, framing=framing, crop=crop), files, workers, _time_limit):
        yield frame


def frame_file(file: FileInput, framing: Framing, crop: Crop = "none") -> Frame | str:
    """The frame of a file, or the reason why there is none."""
    try:
        return frame_painting(read_input(file), framing, crop=crop)
    except PainterSearchError as error:  # of the image, or of its URL
        return str(error)


def frame_to_disk(job: FramingJob) -> FramingResult:
    """Read, frame and write one original; an unusable file is returned with its reason.

    Raises `UnreachableError` if the original is at a URL that cannot be reached.
    """
    try:
        original = read_original(job.original)
        frame = frame_painting(original, job.framing, crop=job.crop, picture_size=job.picture_size)
    except UnreadableImageError as error:
        return FramingResult(job.file, reason=str(error))
    _write(job.frame, frame.jpeg)
    if frame.thumbnail is not None:
        _write(job.thumbnail, frame.thumbnail)
    if job.picture is not None and frame.picture is not None:
        _write(job.picture, frame.picture)
    crop = None if frame.crop is None else frame.crop.to_dict()
    digest = digest_bytes(original) if isinstance(original, bytes) else digest_file(original)
    return FramingResult(job.file, "", digest, frame.width, frame.height, frame.enlarged, crop)


def _map_in_processes(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int, time_limit: Callable[[Job], int]
) -> Iterator[tuple[Job, Result | str]]:
    """Each job, in order, with its result, or with the reason if it crashes or exceeds its time limit in seconds.

    With one worker, and where no processes can be started, the work is done in this one, without a limit.
    """
    from concurrent.futures.process import BrokenProcessPool  # here, since a single query needs none of these

    from pebble import ProcessPool

    from painter_search.common.machine.worker_processes import WorkerContext, can_start_workers, set_up_worker

    if workers == 1 or not can_start_workers():
        yield from ((job, work(job)) for job in jobs)
        return
    workers = workers or available_cores()
    logger.debug(f"Decoding in {workers} processes")
    pool = ProcessPool(max_workers=workers, context=WorkerContext(), initializer=set_up_worker)
    pending: deque[tuple[Job, Future[Result]]] = deque()
    try:
        for job in jobs:
            pending.append((job, pool.schedule(work, args=[job], timeout=time_limit(job))))
            yield from _first_results(pending, 16 * workers - 1)  # a bounded number ahead, so that memory stays flat
        yield from _first_results(pending, 0)
        pool.close()
    except BrokenProcessPool as error:
        pool.stop()
        raise UnreachableError(
            "processes that decode images cannot be started; free memory or raise the limit of processes, and run the "
            "command again."
        ) from error
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def _map_in_threads(work: Callable[[FileInput], Result], files: Sequence[FileInput]) -> Iterator[Result]:
    """`map`, on threads where all files are on this machine: a thread that fetches one cannot be interrupted."""
    if available_cores() < AT_ONCE or any(map(_is_remote, files)):
        return map(work, files)
    return map_prefetched(work, files, AT_ONCE, AT_ONCE)


def _is_remote(file: FileInput) -> bool:
    """Whether a file is at a URL."""
    return isinstance(file, Original) and not isinstance(file.container, Path)


def _time_limit(file: FileInput) -> int:
    """Seconds for a file. Fetching from a URL has its own limit and error: a slow network is not the file's fault."""
    return SECONDS_PER_IMAGE + (TIMEOUT_SECONDS if _is_remote(file) else 0)


def _first_results(pending: deque[tuple[Job, Future[Result]]], left: int) -> Iterator[tuple[Job, Result | str]]:
    """The first of the pending jobs, each with its result or the reason why there is none, until so many are left."""
    while len(pending) > left:
        job, future = pending.popleft()
        result = _result_or_reason(future)
        yield job, result


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
def _exit_if_slow(file: FileInput) -> Iterator[None]:
    """Exit this process if an image takes longer than `SECONDS_PER_IMAGE`: nothing else stops a decoder."""

    def exit_process() -> None:
        name = file if isinstance(file, Path) else "a painting"
        message = f"{name} takes longer than {SECONDS_PER_IMAGE} s to decode; leave it out."
        print(f"painter_search: {printable(message)}", file=sys.stderr, flush=True)
        os._exit(1)

    timer = threading.Timer(_time_limit(file), exit_process)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _write(path: Path, content: bytes) -> None:
    # Not flushed to disk: an image lost in a power cut has size 0, is noticed by that and framed again.
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, path)
