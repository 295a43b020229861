"""Readers that leave: `head` after its lines, a pager when it is closed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest

from painter_search.common.command_line.cli import exit_code, run_command
from painter_search.common.log import logger
from painter_search.common.progress import RichProgress, progress_shown_by, track
from painter_search.display.console.tables import new_table, print_json, show
from painter_search.index.config import BuildIndexConfig


@pytest.fixture
def gone() -> Iterator[TextIO]:
    """A pipe that nobody reads any more."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", encoding="utf-8") as stream:
        yield stream


def show_table() -> None:
    table = new_table("Works", "work", "artist")
    for number in range(50):
        table.add_row(str(number), "x" * 100)
    show(table)


@pytest.mark.parametrize(
    "results",
    [show_table, lambda: show("a line"), lambda: print_json(list(range(5000))), lambda: print("a line")],
    ids=["table", "line", "json", "print"],
)
def test_command_ends_with_0_where_the_reader_of_its_results_has_gone(
    gone: TextIO, results: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", gone)
    assert exit_code(lambda: results() or 0) == 0
    assert capsys.readouterr().err == ""


def test_help_ends_with_0_where_its_reader_has_gone(gone: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(config: BuildIndexConfig) -> None:
        """Run."""

    monkeypatch.setattr(sys, "stdout", gone)
    assert run_command("run", run, ["--help"]) == 0


def test_command_works_on_where_the_reader_of_its_messages_has_gone(
    gone: TextIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        logger.warning("a message")
        with progress_shown_by(RichProgress()):
            print(sum(track(range(5), "Counting")))
        logger.warning("another")
        return 0

    monkeypatch.setattr(sys, "stderr", gone)
    assert exit_code(work) == 0
    assert capsys.readouterr().out == "10\n"


def test_refusal_keeps_its_exit_code_where_the_reader_of_messages_has_gone(
    gone: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", gone)
    assert exit_code(fail) == 1


def test_messages_reach_a_stream_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert exit_code(lambda: logger.warning("a message") or 0) == 0
    assert sys.stderr.getvalue() == "a message\n"  # type: ignore[attr-defined]
