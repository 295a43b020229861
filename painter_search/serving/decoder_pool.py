"""Uploaded files are decoded in processes of their own, so that one that hangs, crashes or swells harms no others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace

from pebble import ProcessExpired, ProcessPool

from painter_search.common.errors import UnreadableImageError
from painter_search.common.machine.cores import available_cores
from painter_search.common.machine.worker_processes import WorkerContext, set_up_worker
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.views import View, make_views
from painter_search.images.fingerprint import fingerprint
from painter_search.images.framing import Frame, encode_jpeg, frame_painting, open_frame
from painter_search.images.photographs.crop import Crop
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.images.types import Framing
from painter_search.serving.config import DECODE_TIMEOUT, DECODER_BYTES, MAX_FILE_BYTES

MAX_FRAME_BYTES = 4_000_000
"""A larger frame carries data besides its pixels and is encoded again."""
FILES_PER_PROCESS = 500
"""Files after which a decoder process is replaced by a fresh one."""


@dataclass(frozen=True)
class DecodedUpload:
    """All that answers need of an uploaded painting's pixels."""

    frame: Frame
    fingerprint: bytes
    """Fingerprint of the whole painting."""
    views: list[View]
    """The views that the encoder embeds."""
    possible: DecodedUpload | None = None
    """The same of what may be a painting in the photograph; see `Frame`."""


DecodeUpload = Callable[[bytes, Framing, EncoderConfig, Crop, int], DecodedUpload]


def decode_upload(
    content: bytes, framing: Framing, config: EncoderConfig, crop: Crop, picture_size: int
) -> DecodedUpload:
    """Decode an uploaded file and crop it; runs in a decoder process. Raises `UnreadableImageError` with the reason."""
    whole, *possible = (
        _decode(frame, config)
        for frame in frame_painting(content, framing, crop=crop, picture_size=picture_size).readings
    )
    return replace(whole, possible=possible[0]) if possible else whole


def _decode(frame: Frame, config: EncoderConfig) -> DecodedUpload:
    image = open_frame(frame.jpeg)
    if len(frame.jpeg) > MAX_FRAME_BYTES:
        frame = replace(frame, jpeg=encode_jpeg(image))
        image = open_frame(frame.jpeg)
    whole = image if frame.thumbnail is None else open_frame(frame.thumbnail)
    return DecodedUpload(frame, fingerprint(whole), make_views(image, config))


class DecoderPool:
    """Decoder processes, one per core, started when they are first needed."""

    def __init__(self, timeout: float = DECODE_TIMEOUT, decode_upload: DecodeUpload = decode_upload) -> None:
        """Create a pool whose processes run `decode_upload` and are killed after `timeout` seconds."""
        self._timeout = timeout
        self._decode_upload = decode_upload
        self._pool = ProcessPool(
            max_workers=available_cores(),
            max_tasks=FILES_PER_PROCESS,
            initializer=_set_up_decoder,
            initargs=(DECODER_BYTES,),
            context=WorkerContext(),
        )

    def warm_up(self) -> None:
        """Start a process, so that the first upload need not wait for it."""
        self._pool.schedule(self._decode_upload, args=[b"", "whole", EncoderConfig(), "none", THUMBNAIL_SIDE])

    async def decode(
        self,
        content: bytes,
        framing: Framing,
        config: EncoderConfig,
        crop: Crop = "auto",
        picture_size: int = THUMBNAIL_SIDE,
    ) -> DecodedUpload:
        """Decode an uploaded file, framed and cut as the works of an index are, with a picture as large as theirs.

        Raises:
            UnreadableImageError: The file cannot be used; the message is the reason.
        """
        if len(content) > MAX_FILE_BYTES:
            raise UnreadableImageError(f"larger than {MAX_FILE_BYTES // 1_000_000} MB")
        arguments = [content, framing, config, crop, picture_size]
        future = self._pool.schedule(self._decode_upload, args=arguments, timeout=self._timeout)
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


def _set_up_decoder(limit: int) -> None:
    """Set up a worker that may use `limit` bytes of address space."""
    set_up_worker()
    try:
        import resource
    except ImportError:  # Windows has no such limit; the limit on pixels holds there as well
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
