"""`--quiet` and `--verbose`, which every command has, and colours that can be switched off."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import tyro

from painter_search.common.command_line.cli import FAILED, MISUSED, run_command
from painter_search.common.errors import NotFoundError
from painter_search.common.log import logger
from painter_search.common.progress import track
from painter_search.common.version import __version__


@dataclass(frozen=True)
class Config:
    """Count."""

    lost: bool = False
    """Fail."""


def run(config: Config) -> None:
    """Count.

    Args:
        config: Settings.
    """
    logger.debug("in detail")
    logger.info("counted")
    print(sum(track(range(3), "Counting")))
    if config.lost:
        raise NotFoundError("the rest does not exist; look elsewhere.")


@pytest.mark.parametrize(
    ("flags", "said", "unsaid"),
    [
        ((), ("counted", "Counting"), ("in detail", "Python")),
        (("--quiet",), (), ("counted", "Counting", "in detail")),
        (("-q",), (), ("counted", "Counting", "in detail")),
        (("--verbose",), ("counted", "Counting", " s  in detail", f"painter_search {__version__}"), ()),
        (("-v",), ("in detail",), ()),
    ],
)
def test_flag_decides_what_is_said_on_stderr(
    flags: tuple[str, ...], said: tuple[str, ...], unsaid: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("count", run, flags) == 0
    printed = capsys.readouterr()
    assert printed.out == "3\n"
    assert all(words in printed.err for words in said)
    assert not any(words in printed.err for words in unsaid)


@pytest.mark.parametrize(("flag", "traced"), [("--quiet", False), ("--verbose", True)])
def test_error_is_always_printed_and_traced_on_demand(
    flag: str, traced: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("count", run, [flag, "--config.lost"]) == MISUSED  # fields of a config have no prefix
    assert run_command("count", run, [flag, "--lost"]) == FAILED
    said = capsys.readouterr().err
    assert said.endswith("painter_search: the rest does not exist; look elsewhere.\n")
    assert ("Traceback" in said) == traced


def test_quiet_and_verbose_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("count", run, ["--quiet", "--verbose"]) == MISUSED
    assert "--quiet and --verbose exclude each other" in capsys.readouterr().err


def test_no_color_takes_the_colours_out_of_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tyro._fmtlib._FORCE_ANSI", True)
    monkeypatch.setitem(tyro._experimental_options, "ansi_codes", True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    run_command("count", run, ["--help"])
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    run_command("count", run, ["--help"])
    assert "\x1b[" not in capsys.readouterr().out
