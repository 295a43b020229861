"""Uploaded files are framed in processes of their own, so that one that hangs, crashes or swells harms nothing else."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace

from pebble import ProcessExpired, ProcessPool

from painter_search.common.errors import UnreadableImageError
from painter_search.images.framing import Frame, encode_jpeg, frame_painting, open_frame
from painter_search.images.types import Framing
from painter_search.serving.config import DECODE_TIMEOUT, DECODER_BYTES, MAX_FILE_BYTES

MAX_FRAME_BYTES = 4_000_000
"""A larger frame carries data besides its pixels and is encoded again."""
FILES_PER_PROCESS = 500
"""Files after which a decoder process is replaced by a fresh one."""

FrameUpload = Callable[[bytes, Framing], Frame]


def frame_upload(content: bytes, framing: Framing) -> Frame:
    """Frame an uploaded file; runs in a decoder process. Raises `UnreadableImageError` with the reason."""
    frame = frame_painting(content, framing)
    if len(frame.jpeg) > MAX_FRAME_BYTES:
        frame = replace(frame, jpeg=encode_jpeg(open_frame(frame.jpeg)))
    return frame


class DecoderPool:
    """Decoder processes, one per core, started when they are first needed."""

    def __init__(self, timeout: float = DECODE_TIMEOUT, frame_upload: FrameUpload = frame_upload) -> None:
        """Create a pool whose processes run `frame_upload` and are killed after `timeout` seconds."""
        self._timeout = timeout
        self._frame_upload = frame_upload
        self._pool = ProcessPool(
            max_workers=os.cpu_count() or 1,
            max_tasks=FILES_PER_PROCESS,
            initializer=_limit_memory,
            initargs=(DECODER_BYTES,),
            context=multiprocessing.get_context("spawn"),
        )

    def warm_up(self) -> None:
        """Start a process, so that the first upload need not wait for it."""
        self._pool.schedule(self._frame_upload, args=[b"", "whole"])

    async def frame(self, content: bytes, framing: Framing) -> Frame:
        """Frame an uploaded file.

        Raises:
            UnreadableImageError: The file cannot be used; the message is the reason.
        """
        if len(content) > MAX_FILE_BYTES:
            raise UnreadableImageError(f"larger than {MAX_FILE_BYTES // 1_000_000} MB")
        future = self._pool.schedule(self._frame_upload, args=[content, framing], timeout=self._timeout)
        try:
            return await asyncio.wrap_future(future)
        except (FutureTimeoutError, asyncio.TimeoutError):
            raise UnreadableImageError(f"took longer than {self._timeout:g} s to decode") from None
        except ProcessExpired:
            raise UnreadableImageError("crashed the decoder") from None
        except MemoryError:
            raise UnreadableImageError("needs more memory than it may have") from None

    def close(self) -> None:
        """Stop the processes."""
        self._pool.stop()  # pebble declares no return type
        self._pool.join()


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the limit on pixels holds there as well
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
