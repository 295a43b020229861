"""Framing a few files, each in a process of its own: one that crashes a decoder or hangs costs only itself.

For a query, whose answer should not wait for a pool of processes to start: a helper is forked before there are
threads, and forks itself for every file. Where that is not to be had (Windows, macOS), this process frames them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from painter_search.collection.framing import SECONDS_PER_IMAGE, Frame, UnreadablePainting, frame_painting
from painter_search.collection.originals import read_file
from painter_search.collection.settings import Framing

CRASHED = "crashed the decoder"


def frame_file(content: Path | bytes, framing: Framing) -> Frame:
    """Frame a file, or the bytes of one, in this process; raises `UnreadablePainting` with the reason."""
    return frame_painting(read_file(content) if isinstance(content, Path) else content, framing)


class FramingHelper:
    """Frames files as `frame_file` does, in processes of their own, until it is closed."""

    def __init__(self, seconds: float = SECONDS_PER_IMAGE) -> None:
        """Fork, for which this must come before anything that starts threads. `seconds` is the limit per file."""
        self.seconds = seconds
        self._process: int | None = None
        if sys.platform != "linux":
            return
        asked, ask = os.pipe()
        answer, answered = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(ask)
            os.close(answer)
            _help(os.fdopen(asked, "rb"), answered, seconds)
        os.close(asked)
        os.close(answered)
        self._ask, self._answer = os.fdopen(ask, "wb"), os.fdopen(answer, "rb")

    def __enter__(self) -> FramingHelper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def frame(self, content: Path | bytes, framing: Framing) -> Frame:
        """Frame a file; raises `UnreadablePainting` with the reason. Bytes are framed in this process."""
        if self._process is None or isinstance(content, bytes):
            return frame_file(content, framing)
        try:
            self._ask.write(json.dumps([str(content), framing]).encode() + b"\n")
            self._ask.flush()
            header = json.loads(self._answer.readline())
        except (BrokenPipeError, ValueError) as error:  # somebody ended the helper
            raise UnreadablePainting(CRASHED) from error
        if isinstance(header, str):
            raise UnreadablePainting(header)
        jpeg, thumbnail, width, height, enlarged = header
        return Frame(
            self._answer.read(jpeg),
            None if thumbnail is None else self._answer.read(thumbnail),
            width,
            height,
            enlarged,
        )

    def close(self) -> None:
        """End the helper."""
        if self._process is not None:
            with suppress(BrokenPipeError):
                self._ask.close()
            self._answer.close()
            os.waitpid(self._process, 0)
            self._process = None


def _help(asked: BinaryIO, answered: int, seconds: float) -> None:
    """Be the helper: frame what is asked for until nobody can ask any more. Never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the command itself says that it was interrupted
        for line in asked:
            content, framing = json.loads(line)
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                _frame_into(writing, Path(content), framing)
            os.close(writing)
            answer = _read_until(reading, time.monotonic() + seconds)
            os.close(reading)
            if answer is None:
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            if answer is None:
                answer = _refusal(f"took longer than {seconds:g} s to decode")
            elif status:
                answer = _refusal(CRASHED)
            _write(answered, answer)
    finally:
        os._exit(0)


def _frame_into(writing: int, path: Path, framing: Framing) -> None:
    """Be the process of one file. Never returns."""
    status = 1
    try:
        try:
            frame = frame_file(path, framing)
        except UnreadablePainting as finding:
            answer = _refusal(str(finding))
        else:
            thumbnail = None if frame.thumbnail is None else len(frame.thumbnail)
            header = json.dumps([len(frame.jpeg), thumbnail, frame.width, frame.height, frame.enlarged])
            answer = header.encode() + b"\n" + frame.jpeg + (frame.thumbnail or b"")
        _write(writing, answer)
        status = 0
    finally:
        os._exit(status)


def _read_until(pipe: int, end: float) -> bytes | None:
    """All that comes through a pipe until it is closed; None where that takes longer."""
    parts: list[bytes] = []
    while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
        part = os.read(pipe, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return None


def _refusal(reason: str) -> bytes:
    return json.dumps(reason).encode() + b"\n"


def _write(pipe: int, content: bytes) -> None:
    with open(pipe, "wb", closefd=False) as file:
        file.write(content)
