"""Two processes at once: a second writer is refused, and a reader finds the old or the new, never a mixture."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
from fault_stories import a_collection, an_index_of_the_test_works, build_index, prepare, train
from harness import Killer, digests
from tiny_world import paint_tiny_artists

from painter_search.collection.collection import Collection
from painter_search.common.errors import PainterSearchError
from painter_search.common.files import atomic_io
from painter_search.common.files.atomic_io import (
    locked,
    recover_folder,
    remove_folder,
    remove_partial_files,
    replace_folder,
    write_bytes,
)

pytestmark = pytest.mark.faults


@pytest.mark.slow
def test_commands_refuse_a_second_writer(killer: Killer, tmp_path: Path) -> None:
    an_index_of_the_test_works(tmp_path, killer)
    killer.complete(*train("strong")(tmp_path))
    for lock, command, busy in (
        (tmp_path / ".data.lock", prepare("--replace", "--max-works", 2), "is being prepared by another process"),
        (tmp_path / "index" / ".lock", build_index("--folder", "WORLD/artists"), "is being written by another process"),
        (tmp_path / "index" / ".lock", build_index("--data", "WORLD/data"), "is being written by another process"),
        (tmp_path / "runs" / "one" / ".lock", train("strong"), "is being trained by another process"),
    ):
        before = digests(tmp_path)
        with locked(lock, "held here"):
            done = killer.run(*command(tmp_path))
        assert done["code"] == 1
        assert busy in done["stderr"]
        assert "Traceback" not in done["stderr"]
        assert digests(tmp_path) == before


HOLDER = """
import sys, time
from pathlib import Path
from painter_search.common.errors import PainterSearchError
from painter_search.common.files.atomic_io import locked
path, witness = Path(sys.argv[1]), Path(sys.argv[2])
held = 0
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    try:
        with locked(path, "busy"):
            with witness.open("x"):  # fails where another holds the lock, too
                pass
            witness.unlink()
            held += 1
    except PainterSearchError:
        pass
print(held)
"""


@pytest.mark.slow
def test_locked_is_never_held_twice(tmp_path: Path, long: bool) -> None:
    words = [sys.executable, "-c", HOLDER, tmp_path / "lock", tmp_path / "witness", "60" if long else "2"]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [process.communicate() for process in running]
    assert all(process.returncode == 0 for process in running), ended
    assert sum(int(out) for out, _ in ended) > 0
    assert not (tmp_path / "lock").exists()


def test_replace_folder_never_leaves_a_reader_without_one(tmp_path: Path) -> None:
    target = tmp_path / "target"

    def make(number: int) -> Path:
        staging = tmp_path / ".target.partial"
        staging.mkdir()
        (staging / "one").write_text(str(number))
        (staging / "two").write_text(str(number))
        return staging

    replace_folder(make(0), target)
    if not atomic_io._exchange(target, target):
        pytest.skip("this file system cannot exchange folders")
    missing, done = [], threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                opened = os.open(target, os.O_RDONLY)
            except FileNotFoundError as error:
                missing.append(error)
                continue
            os.close(opened)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 200):
        replace_folder(make(number), target)
    done.set()
    reader.join()
    assert not missing
    assert (target / "one").read_text() == (target / "two").read_text() == "199"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["target"]


@pytest.mark.parametrize(("stop_at", "content"), [(0, "new"), (1, "old"), (2, "old"), (3, "new")])
def test_recover_folder_repairs_a_kill_between_two_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int, content: str
) -> None:
    monkeypatch.setattr(atomic_io, "_exchange", lambda one, other: False)
    target, staging = tmp_path / "target", tmp_path / "staging"
    for folder, text in ((target, "old"), (staging, "new")):
        folder.mkdir()
        (folder / "file").write_text(text)
    renames, rename = [], os.rename

    def stop(*names: Path) -> None:
        renames.append(names)
        if len(renames) == stop_at:
            raise KeyboardInterrupt
        rename(*names)

    monkeypatch.setattr(os, "rename", stop)
    with pytest.raises(KeyboardInterrupt) if stop_at else nullcontext():
        replace_folder(staging, target)
    monkeypatch.setattr(os, "rename", rename)
    recover_folder(target)
    assert (target / "file").read_text() == content
    assert sorted(path.name for path in tmp_path.iterdir() if path != staging) == ["target"]


def test_write_bytes_ignores_a_partial_file_of_the_same_process_number(tmp_path: Path) -> None:
    # In a container the next run often has the number of the killed one.
    first, last = tmp_path / "epoch_01.safetensors", tmp_path / "last.safetensors"
    first.write_bytes(b"first")
    os.link(first, tmp_path / f".last.safetensors.{os.getpid()}")
    write_bytes(last, b"second")
    assert (first.read_bytes(), last.read_bytes()) == (b"first", b"second")


def test_remove_partial_files_removes_nothing_else(tmp_path: Path) -> None:
    for name in (".a.json.123", ".encoder.7", ".hidden", "a.123", ".lock", ".b.12x"):
        (tmp_path / name).touch()
    (tmp_path / ".folder.5").mkdir()
    remove_partial_files(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.12x", ".folder.5", ".hidden", ".lock", "a.123"]
    remove_folder(tmp_path / "missing")


@pytest.mark.slow
def test_confirm_notices_a_collection_prepared_again(killer: Killer, tmp_path: Path) -> None:
    a_collection(tmp_path, killer)
    opened = Collection.open(tmp_path / "data")
    opened.confirm()
    killer.complete(*prepare("--replace", "--max-works", 2)(tmp_path))
    with pytest.raises(PainterSearchError, match="was prepared anew while it was being read"):
        opened.confirm()


@pytest.mark.slow
def test_train_does_not_resume_on_other_paintings(killer: Killer, tmp_path: Path) -> None:
    a_collection(tmp_path, killer)
    killer.complete(*train("strong")(tmp_path))
    (tmp_path / "runs" / "one" / "score.json").unlink()
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("data", "runs"):
        shutil.move(tmp_path / name, moved / name)
    killer.complete(*train("strong")(moved))  # elsewhere they are the same paintings
    paint_tiny_artists(moved / "artists", 12, 4, first=5000)
    killer.complete(*prepare("--replace")(moved))
    (moved / "runs" / "one" / "score.json").unlink()
    done = killer.run(*train("strong")(moved))
    assert done["code"] == 1
    assert "was begun on other paintings" in done["stderr"]
