"""Uploaded files become frames in processes of their own: one that hangs, crashes or swells costs only itself."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace

from pebble import ProcessExpired, ProcessPool

from painter_search.collection.framing import Frame, UnreadablePainting, encode_jpeg, frame_painting, open_frame
from painter_search.collection.settings import Framing
from painter_search.serving.settings import DECODING_BYTES, DECODING_SECONDS, FILE_BYTES

PADDED_BYTES = 4_000_000
"""A frame that is larger than its pixels explain carries something else along, and is written again without it."""
TASKS = 500
"""Paintings after which a decoder makes way for a fresh one."""


class Decoders:
    """Decoding processes, one per core, started when they are first needed."""

    def __init__(self) -> None:
        self._pool = ProcessPool(
            max_workers=os.cpu_count() or 1,
            max_tasks=TASKS,
            initializer=_limit_memory,
            initargs=(DECODING_BYTES,),
            context=multiprocessing.get_context("spawn"),
        )

    def warm(self) -> None:
        """Start a process, so that the first painting need not wait for it."""
        self._pool.schedule(frame_upload, args=[b"", "whole"])

    async def frame(self, content: bytes, framing: Framing) -> Frame | str:
        """The frame of an uploaded file, or the reason why there is none."""
        if len(content) > FILE_BYTES:
            return f"larger than {FILE_BYTES // 1_000_000} MB"
        future = self._pool.schedule(frame_upload, args=[content, framing], timeout=DECODING_SECONDS)
        try:
            return await asyncio.wrap_future(future)
        except (FutureTimeoutError, asyncio.TimeoutError):
            return f"took longer than {DECODING_SECONDS} s to decode"
        except ProcessExpired:
            return "crashed the decoder"
        except MemoryError:
            return "needs more memory than it may have"

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()
        self._pool.join()


def frame_upload(content: bytes, framing: Framing) -> Frame | str:
    """What a decoding process does with a file."""
    try:
        frame = frame_painting(content, framing)
    except UnreadablePainting as finding:
        return str(finding)
    if len(frame.jpeg) > PADDED_BYTES:
        frame = replace(frame, jpeg=encode_jpeg(open_frame(frame.jpeg)))
    return frame


def _limit_memory(most: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the one on pixels holds there, too.
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
