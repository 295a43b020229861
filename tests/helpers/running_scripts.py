"""Scripts for people, run in the tests' own process, where all is imported."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from staged_net import register_staged_backbone

SCRIPTS = Path(__file__).parents[2] / "scripts"
Run = Callable[..., str]


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run_here(script, *flags)` runs a script and returns what it prints."""
    register_staged_backbone()
    monkeypatch.syspath_prepend(str(SCRIPTS))

    def run(name: str, *flags: object) -> str:
        monkeypatch.setattr(sys, "argv", [name, *map(str, flags)])
        runpy.run_path(str(SCRIPTS / name), run_name="__main__")
        return capsys.readouterr().out

    return run
