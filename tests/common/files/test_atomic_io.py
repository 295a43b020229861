"""Files that appear complete or not at all."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from painter_search.common.errors import BusyError
from painter_search.common.files.atomic_io import (
    check_writable,
    locked,
    read_json,
    to_json,
    write_bytes,
    write_file,
    write_json,
)


@pytest.mark.skipif(os.name == "nt", reason="POSIX tells whether a process runs")
def test_write_bytes_removes_what_killed_processes_left_of_the_same_file(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    others = (f".a[1].html.{os.getppid()}", f".b.html.{ended.pid}", ".a[1].html.x")
    for name in (f".a[1].html.{ended.pid}", *others):
        (tmp_path / name).touch()
    write_bytes(tmp_path / "a[1].html", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a[1].html", *others])


def test_to_json_writes_what_every_program_reads() -> None:
    content = {
        "loss": float("nan"),
        "scores": [1.5, float("inf"), np.float32("nan")],
        "path": Path("a/b"),
        "no": None,
    }
    plain = json.loads(to_json(content), parse_constant=lambda constant: pytest.fail(constant))
    assert plain == {"loss": None, "scores": [1.5, None, None], "path": "a/b", "no": None}


def test_write_json_keeps_numbers_that_are_none_and_paths_that_are_no_utf_8(tmp_path: Path) -> None:
    content = {"path": os.fsdecode(b"Gem\xe4lde"), "artist": "Dürer", "loss": float("nan")}
    write_json(tmp_path / "some.json", content)
    found = read_json(tmp_path / "some.json")
    assert found["path"] == content["path"]
    assert '"Dürer"' in (tmp_path / "some.json").read_text(encoding="utf-8")
    assert np.isnan(found["loss"])


def test_check_writable_leaves_nothing_and_names_the_file(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "page.html")
    assert not any(tmp_path.iterdir())
    (tmp_path / "page.html").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "page.html", tmp_path / "file" / "a.html"):
        with pytest.raises(OSError, match=r"(?i)directory") as refused:
            check_writable(path)
        assert refused.value.filename == str(path)


def test_write_file_names_the_file_for_which_the_disk_is_full(tmp_path: Path) -> None:
    def fill(temporary: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as full:
        write_file(tmp_path / "works.db", fill)
    assert full.value.filename == str(tmp_path / "works.db")


@pytest.mark.skipif(os.name == "nt", reason="locks by fcntl")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_locked_helps_itself_where_a_share_keeps_no_locks(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    for _ in range(2):
        with (
            locked(tmp_path / ".lock", "data is being prepared"),
            pytest.raises(BusyError, match="data is being prepared"),
            locked(tmp_path / ".lock", "data is being prepared"),
        ):
            pass
        assert not any(tmp_path.iterdir())
