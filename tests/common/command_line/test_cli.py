"""Flags become a config and one call; every mistake is one sentence and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from painter_search.common.command_line.cli import FAILED, MISUSED, exit_code, html_path, run_command
from painter_search.common.command_line.flag_types import IfGiven, Names
from painter_search.common.errors import InvalidValueError, NotFoundError


@dataclass(frozen=True)
class Config:
    """Count something.

    Example:
        >>> Config(count=2)
    """

    count: int = 1
    """How many."""
    artist: Names = ()
    """Artists."""
    limit: IfGiven[int] = None
    """At most this many. Default: all."""
    folder: IfGiven[Path] = None
    """Where. Default: nowhere."""
    files: tuple[Path, ...] = ()
    """What."""

    def __post_init__(self) -> None:
        if self.count < 0:
            raise InvalidValueError(f"--count is {self.count}; it must be at least 0.")
        if self.count == 404:
            raise NotFoundError("--count 404 does not exist.")


def run(config: Config, json: bool = False) -> None:
    """Run.

    Args:
        config: Settings.
        json: As JSON.
    """
    if config.count == 500:
        raise NotFoundError("data/prepare.json does not exist; give another --count.")
    print(config.count, config.artist, json, *([] if config.limit is None else [config.limit]))


def call(*arguments: str) -> int:
    return run_command("count", run, arguments, Config.__doc__)


def test_run_command_calls_with_the_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--count", "3", "--artist", "Ada", "--artist", "Bob", "--json") == 0
    assert capsys.readouterr().out == "3 ('Ada', 'Bob') True\n"


def test_a_flag_that_was_not_given_has_no_default_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    assert "None" not in (help_text := capsys.readouterr().out)
    assert "--limit INT" in help_text
    assert "(default: 1)" in help_text
    assert [call("--limit", "5"), call()] == [0, 0]
    assert capsys.readouterr().out == "1 () False 5\n1 () False\n"
    assert call("--limit", "None") == MISUSED


@pytest.mark.parametrize("arguments", [("--folder", ""), ("--folder=",), ("--files", "a", " ")])
def test_an_empty_path_is_refused(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == MISUSED
    assert capsys.readouterr().err.startswith("painter_search: a path is empty")
    assert call("--folder", ".", "--files", "a", ".") == 0


def test_a_tilde_that_the_shell_has_left_is_the_home_folder(
    user_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def show(config: Config) -> None:
        print(config.folder)

    assert run_command("show", show, ["--folder=~/a"], Config.__doc__) == 0
    assert capsys.readouterr().out == f"{user_home / 'a'}\n"


@pytest.mark.parametrize(
    ("count", "code", "message"),
    [
        ("-1", MISUSED, "--count is -1; it must be at least 0."),
        ("404", MISUSED, "--count 404 does not exist."),
        ("500", FAILED, "data/prepare.json does not exist; give another --count."),
    ],
)
def test_run_command_prints_our_errors_as_one_sentence(
    count: str, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("--count", count) == code
    assert tuple(capsys.readouterr()) == ("", f"painter_search: {message}\n")


@pytest.mark.parametrize("arguments", [("--count", "many"), ("--number", "3")])
def test_run_command_shows_what_tyro_refuses(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == MISUSED
    printed = capsys.readouterr()
    assert printed.out == ""
    assert arguments[0] in printed.err
    assert "python -m painter_search.count --help" in printed.err


def test_run_command_help_leaves_out_example_for_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    shown = capsys.readouterr().out
    assert "Count something." in shown
    assert "How many." in shown
    assert "Example" not in shown


@pytest.mark.parametrize("module", ["torch", "torch.nn"])
def test_run_command_names_a_package_that_is_missing(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An environment that was made for asking alone has no PyTorch."""

    def run_without() -> None:
        """Run."""
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    assert run_command("train", run_without, []) == FAILED
    assert tuple(capsys.readouterr()) == (
        "",
        "painter_search: train needs the package torch, which is not installed: "
        "`pip install painter-search` installs it.\n",
    )


def test_run_command_leaves_faults_of_the_program_as_they_are() -> None:
    def run_broken() -> None:
        """Run."""
        raise ModuleNotFoundError("No module named 'painter_search.nothing'", name="painter_search.nothing")

    with pytest.raises(ModuleNotFoundError):
        run_command("train", run_broken, [])


def fail_with(error: BaseException) -> Callable[[], int]:
    def call() -> int:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "Interrupted. Run the same command again to continue"),
        (BrokenPipeError(), 0, ""),
        (OSError(28, "No space left on device", "data/a"), FAILED, "data/a: No space left on device; free some space"),
        (OSError("odd"), FAILED, "odd; fix that and run the command again."),
    ],
)
def test_exit_code_turns_interrupts_and_os_errors_into_sentences(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(fail_with(error)) == code
    assert message in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_closed_standard_files_are_opened_before_any_other() -> None:
    script = """
import os, sys
from painter_search.common.command_line.cli import exit_code
def call():
    with open("/dev/zero") as opened:
        assert opened.fileno() > 2 and sys.stdin.read() == ""
    print("lost", file=sys.stderr)
    print([os.get_inheritable(number) for number in range(3)])
    return 0
sys.exit(exit_code(call))
"""
    command = ["sh", "-c", 'exec "$0" -c "$1" <&- 2>&-', sys.executable, script]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, "[True, True, True]\n")


def test_html_path_refuses_other_endings_and_urls() -> None:
    assert [html_path(path) for path in (None, Path("a.html"), "b.HTM")] == [None, Path("a.html"), Path("b.HTM")]
    with pytest.raises(InvalidValueError, match=r"page a\.pdf is written as HTML"):
        html_path("a.pdf")
    with pytest.raises(InvalidValueError, match="page is a URL"):
        html_path("s3://bucket/a.html")
