"""`info` says what is installed and what lies where, and keeps paths to itself unless asked."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

from painter_search.common.machine.installation import PURPOSES, read_installation
from painter_search.index.painting_index import PaintingIndex

ROOT = Path(__file__).parents[2]


def test_info_knows_the_purpose_of_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(PURPOSES) == set(project["optional-dependencies"])


def test_info_describes_an_index_without_paths(small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]) -> None:
    info = import_module("painter_search.info")
    folder = str(small_index.folder)
    assert info.main(["--index", folder, "--json"]) == 0
    printed = capsys.readouterr().out
    answer = json.loads(printed)
    assert small_index.digest in answer["index"]
    assert answer["installation"]["packages"]["numpy"] == import_module("numpy").__version__
    assert folder not in printed
    assert sys.executable not in printed
    assert info.main(["--index", folder, "--paths"]) == 0
    assert folder in capsys.readouterr().out.replace("\n", "")


def test_info_of_an_empty_or_damaged_folder_fails_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    info = import_module("painter_search.info")
    assert info.main(["--index", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["index"] == "none"
    (tmp_path / "manifest.json").write_text("{")
    assert info.main(["--index", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["index"].startswith("damaged")


def test_info_of_an_environment_for_asking_alone_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert read_installation().accelerator == "none (PyTorch is not installed)"
