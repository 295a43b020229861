"""Files framed in processes of their own: the same frames and reasons, and no file is another's misfortune."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from painter_search.collection import framing_apart
from painter_search.collection.framing import Frame, UnreadablePainting
from painter_search.collection.framing_apart import FramingHelper, frame_file
from painter_search.collection.settings import Framing

needs_helper = pytest.mark.skipif(sys.platform != "linux", reason="files are framed in the process itself elsewhere")


@pytest.fixture
def files(tmp_path: Path, paint: Callable, save: Callable) -> list[Path]:
    """Three good files, one of them large and one of a name that is no UTF-8, and two bad ones."""
    contents = {
        b"small.jpg": save(paint(1)), b"large.png": save(paint(2, 1500, 900), "PNG"), b"latin-\xe9.jpg": save(paint(3)),
        b"text.jpg": b"no image", b"cut.jpg": save(paint(4))[:700],
    }  # fmt: skip
    paths = [tmp_path / os.fsdecode(name) for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_bytes(content)
    return [*paths, tmp_path / "gone.jpg"]


@pytest.mark.parametrize("framing", ["whole", "center"])
def test_a_helper_frames_as_the_process_itself_does(files: list[Path], framing: Framing) -> None:
    with FramingHelper() as helper:
        assert [outcome(helper.frame, path, framing) for path in files] == [
            outcome(frame_file, path, framing) for path in files
        ]
        content = files[0].read_bytes()
        assert helper.frame(content, framing) == frame_file(content, framing)


def outcome(frame: Callable[[Path, Framing], Frame], path: Path, framing: Framing) -> Frame | str:
    try:
        return frame(path, framing)
    except UnreadablePainting as finding:
        return str(finding)


@needs_helper
def test_a_file_that_kills_or_holds_up_its_process_costs_itself(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(path: Path, framing: Framing) -> Frame:
        if "small" in path.name:
            os.kill(os.getpid(), signal.SIGKILL)
        if "large" in path.name:
            time.sleep(1000)
        if "text" in path.name:
            raise MemoryError
        return frame_file(path, framing)

    monkeypatch.setattr(framing_apart, "frame_file", decode)
    with FramingHelper(seconds=0.5) as helper:
        small, large, latin, text, *_ = (outcome(helper.frame, path, "whole") for path in files)
    assert small == text == "crashed the decoder"
    assert large == "took longer than 0.5 s to decode"
    assert latin == frame_file(files[2], "whole")


@needs_helper
def test_a_helper_that_somebody_ended_is_said_and_one_that_is_closed_is_gone(files: list[Path]) -> None:
    with FramingHelper() as helper:
        assert helper._process is not None
        os.kill(helper._process, signal.SIGKILL)
        for _ in range(2):
            assert outcome(helper.frame, files[0], "whole") == "crashed the decoder"
    with FramingHelper() as helper:
        process = helper._process
        assert process is not None
    assert not Path(f"/proc/{process}").exists()
