"""Framing in worker processes, and the time limit without them."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pebble
import pytest
from preparing import Source, rejected_of
from small_world import paint

from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import UnreachableError, UnreadableImageError
from painter_search.images import decode_pool
from painter_search.images.decode_pool import FramingJob, frame_all, frame_in_processes, frame_in_threads
from painter_search.images.formats.ignored_warnings import ignored_warnings
from painter_search.images.framing import Frame, frame_painting
from painter_search.images.sources import MAX_BYTES_IN_MEMORY, list_originals, read_original

PACKAGE = {**os.environ, "PYTHONPATH": str(Path(decode_pool.__file__).parents[2])}
"""The environment of a process that imports the package that is tested."""


def test_frame_all_yields_results_in_order_of_jobs(source: Source, tmp_path: Path) -> None:
    jobs = [
        FramingJob(o.base_name, o, "whole", tmp_path / o.base_name, tmp_path / "none")
        for o in list_originals([source.originals])
    ]
    results = list(frame_all(jobs, workers=1))
    assert [framed.file for framed in results] == [job.file for job in jobs]
    assert all((framed.width, framed.height, framed.reason) == (120, 90, "") for framed in results)


def test_frame_all_decodes_large_file_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a" / "scan.tif"
    path.parent.mkdir()
    paint(0, 0).save(path)
    small = path.read_bytes()
    os.truncate(path, MAX_BYTES_IN_MEMORY + 1)  # zeros after the image take no place on disk
    (original,) = list_originals([tmp_path / "a"])
    assert read_original(original) == path
    (framed,) = frame_all([FramingJob("scan.tif", original, "whole", tmp_path / "frame.jpg", tmp_path / "none")], 1)
    assert (framed.reason, framed.width, framed.height) == ("", *paint(0, 0).size)
    assert (tmp_path / "frame.jpg").read_bytes() == frame_painting(small, "whole").jpeg
    with path.open("rb") as content:
        assert framed.digest == hashlib.sha256(content.read()).hexdigest()


def test_frame_in_threads_keeps_the_order_and_says_what_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode_pool, "available_cores", lambda: 2)
    paths = [tmp_path / f"{number}.png" for number in range(7)]
    for number, path in enumerate(paths):
        paint(number, 0).resize((400, 300)).save(path)
    paths[3].write_bytes(b"no picture")
    frames = list(frame_in_threads(paths, "whole"))
    assert isinstance(frames[3], str)
    for number, path in enumerate(paths):
        if number != 3:
            assert frames[number] == frame_painting(path.read_bytes(), "whole")


def test_frame_in_threads_fetches_from_urls_in_the_calling_thread(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode_pool, "available_cores", lambda: 2)
    asked: list[str] = []

    def note_thread(*_: object, **__: object) -> str:
        asked.append(threading.current_thread().name)
        return "a reason"

    monkeypatch.setattr(decode_pool, "frame_file", note_thread)
    local = list_originals([source.originals])[:3]
    list(frame_in_threads(local, "whole"))
    assert threading.main_thread().name not in asked
    asked.clear()
    remote = [replace(one, container="https://example.org/paintings.zip") for one in local]
    list(frame_in_threads([*local, *remote], "whole"))
    assert asked == [threading.main_thread().name] * 6


def test_decoding_in_threads_leaves_the_filters_of_warnings_as_they_were() -> None:
    before = list(warnings.filters)
    first, second = threading.Barrier(2), threading.Barrier(2)

    def enter_and_leave(*, leaves_first: bool) -> None:
        with ignored_warnings():
            first.wait(10)
            if not leaves_first:
                second.wait(10)
        if leaves_first:
            second.wait(10)

    threads = [threading.Thread(target=enter_and_leave, kwargs={"leaves_first": one}) for one in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def test_prepare_collection_lists_unreadable_image_and_continues(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = decode_pool.frame_painting

    def failing(content: bytes, framing: str, **how: object) -> object:
        if content == next(source.originals.rglob("0003.jpg")).read_bytes():
            raise UnreadableImageError("a reason")
        return real(content, framing, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(decode_pool, "frame_painting", failing)
    assert rejected_of(prepare_collection(source.config(tmp_path / "data"))) == {"0003.jpg": "a reason"}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["a script without the guard", "standard input", "-c"])
def test_workers_need_no_main_module(source: Source, tmp_path: Path, way: str) -> None:
    code = (
        "from pathlib import Path\n"
        "from painter_search.images.decode_pool import frame_in_processes\n"
        f"files = sorted(Path({str(source.originals)!r}).rglob('*.jpg'))[:3]\n"
        "print('once', *(frame.width for frame in frame_in_processes(files, 'whole', workers=2)))\n"
    )
    (tmp_path / "unguarded.py").write_text(code)
    words = {"a script without the guard": ["unguarded.py"], "standard input": ["-"], "-c": ["-c", code]}[way]
    done = subprocess.run(
        [sys.executable, *words], input=code, cwd=tmp_path, env=PACKAGE, capture_output=True, text=True, timeout=300
    )
    assert (done.stdout, done.stderr, done.returncode) == ("once 120 120 120\n", "", 0)


def test_frames_are_made_in_process_where_no_process_can_be_started(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a sandbox without /dev/shm."""

    def refuse(_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("painter_search.common.machine.worker_processes.WorkerContext.Lock", refuse)
    monkeypatch.setattr(pebble, "ProcessPool", None)
    (frame,) = frame_in_processes([next(source.originals.rglob("*.jpg"))], "whole")
    assert isinstance(frame, Frame)


def test_frames_are_made_in_process_by_a_process_that_may_not_start_others(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in one of a `multiprocessing.Pool`."""
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    (frame,) = frame_in_processes([next(source.originals.rglob("*.jpg"))], "whole")
    assert isinstance(frame, Frame)


def test_frame_with_timeout_exits_with_message_if_decoder_hangs(tmp_path: Path) -> None:
    paint(0, 0).save(tmp_path / "sound.jpg")
    script = """
import time
from pathlib import Path
from painter_search.images import decode_pool
real, decode_pool.SECONDS_PER_IMAGE = decode_pool.frame_file, 1
decode_pool.frame_file = lambda file, *how: time.sleep(60) if file.name == "hangs.jpg" else real(file, *how)
for frame in decode_pool.frame_with_timeout([Path("sound.jpg"), Path("hangs.jpg")], "whole"):
    print(frame.width, flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=PACKAGE, capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stdout.strip()) == (1, str(paint(0, 0).width))
    assert done.stderr.strip() == "painter_search: hangs.jpg takes longer than 1 s to decode; leave it out."


def test_frame_in_processes_says_what_to_do_where_none_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def schedule(*arguments: object, **options: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(pebble.ProcessPool, "schedule", schedule)
    with pytest.raises(UnreachableError, match="cannot be started; free memory") as refusal:
        list(frame_in_processes([b"no picture"], "whole"))
    assert "workers" not in str(refusal.value)  # which not all commands have
