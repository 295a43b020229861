"""Files that appear complete or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from painter_search.common.files.atomic_io import read_json, to_json, write_bytes, write_json


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
    content = {"path": os.fsdecode(b"Gem\xe4lde"), "loss": float("nan")}
    write_json(tmp_path / "some.json", content)
    found = read_json(tmp_path / "some.json")
    assert found["path"] == content["path"]
    assert np.isnan(found["loss"])
