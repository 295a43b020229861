"""Files that appear complete or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from painter_search.common.files.atomic_io import write_bytes


@pytest.mark.skipif(os.name == "nt", reason="POSIX tells whether a process runs")
def test_write_bytes_removes_what_killed_processes_left_of_the_same_file(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    others = (f".a[1].html.{os.getppid()}", f".b.html.{ended.pid}", ".a[1].html.x")
    for name in (f".a[1].html.{ended.pid}", *others):
        (tmp_path / name).touch()
    write_bytes(tmp_path / "a[1].html", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a[1].html", *others])
