"""Two at once: the second writer is refused, and a reader finds the old or the new and never something between."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from harness import Killer, digests
from test_killed import a_collection, an_index_of_the_test_works, build_index, prepare, train
from tiny_world import paint_tiny_artists

from painter_search import folders
from painter_search.collection.collection import Collection
from painter_search.errors import UserError
from painter_search.folders import discard, locked, put_in_place, recover, sweep, write_bytes


def test_a_second_writer_is_refused_in_a_sentence(killer: Killer, tmp_path: Path) -> None:
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
from painter_search.errors import UserError
from painter_search.folders import locked
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
    except UserError:
        pass
print(held)
"""


def test_a_lock_is_never_held_twice(tmp_path: Path, long: bool) -> None:
    words = [sys.executable, "-c", HOLDER, tmp_path / "lock", tmp_path / "witness", "60" if long else "2"]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [process.communicate() for process in running]
    assert all(process.returncode == 0 for process in running), ended
    assert sum(int(out) for out, _ in ended) > 0
    assert not (tmp_path / "lock").exists()


def test_a_reader_always_finds_a_whole_folder(tmp_path: Path) -> None:
    target = tmp_path / "target"

    def make(number: int) -> Path:
        beside = tmp_path / ".target.partial"
        beside.mkdir()
        (beside / "one").write_text(str(number))
        (beside / "two").write_text(str(number))
        return beside

    put_in_place(make(0), target)
    if not folders._exchange(target, target):
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
        put_in_place(make(number), target)
    done.set()
    reader.join()
    assert not missing
    assert (target / "one").read_text() == (target / "two").read_text() == "199"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["target"]


@pytest.mark.parametrize("stop_at", range(6))
def test_without_an_exchange_a_kill_between_the_renames_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    target, beside = tmp_path / "target", tmp_path / "beside"
    for folder, content in ((target, "old"), (beside, "new")):
        folder.mkdir()
        (folder / "file").write_text(content)
    steps, rename = [], os.rename

    def stop(*names: Path) -> None:
        steps.append(names)
        if len(steps) == stop_at:
            raise KeyboardInterrupt
        rename(*names)

    monkeypatch.setattr(os, "rename", stop)
    try:
        put_in_place(beside, target)
    except KeyboardInterrupt:
        monkeypatch.setattr(os, "rename", rename)
        recover(target)
    assert (target / "file").read_text() in ("old", "new")
    assert sorted(path.name for path in tmp_path.iterdir() if path != beside) == ["target"]


def test_a_leftover_of_the_same_process_number_harms_no_finished_file(tmp_path: Path) -> None:
    # In a container the next run often has the number of the killed one.
    first, last = tmp_path / "epoch_01.pt", tmp_path / "last.pt"
    first.write_bytes(b"first")
    os.link(first, tmp_path / f".last.pt.{os.getpid()}")
    write_bytes(last, b"second")
    assert (first.read_bytes(), last.read_bytes()) == (b"first", b"second")


def test_sweeping_removes_what_killed_writers_left_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.json.123", ".encoder.7", ".hidden", "a.123", ".lock", ".b.12x"):
        (tmp_path / name).touch()
    (tmp_path / ".folder.5").mkdir()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.12x", ".folder.5", ".hidden", ".lock", "a.123"]
    discard(tmp_path / "missing")


def test_a_collection_prepared_anew_meanwhile_is_noticed(killer: Killer, tmp_path: Path) -> None:
    a_collection(tmp_path, killer)
    opened = Collection.open(tmp_path / "data")
    opened.confirm()
    killer.complete(*prepare("--replace", "--max-works", 2)(tmp_path))
    with pytest.raises(UserError, match="was prepared anew while it was being read"):
        opened.confirm()


def test_a_run_is_not_resumed_on_other_paintings(killer: Killer, tmp_path: Path) -> None:
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
