"""The scripts of `--completion` complete commands and flags, as bash asks them to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib import import_module

import pytest

from painter_search.__main__ import COMMANDS, main
from painter_search.common.completion import SHELLS, print_completion


def functions() -> dict[str, Callable[..., int | None]]:
    return {name: import_module(f"painter_search.{name}").run for name in COMMANDS}


@pytest.mark.parametrize("shell", SHELLS)
def test_script_names_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert print_completion(functions(), [shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    assert "--quiet" in script


@pytest.mark.parametrize("words", [(), ("ksh",), ("bash", "zsh")])
def test_completion_takes_one_shell(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--completion", *words]) == 2
    assert tuple(capsys.readouterr()) == ("", "painter_search: --completion takes a shell: bash, zsh, fish.\n")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("qu", "query"), ("query --to", "--top-k"), ("train --ver", "--verbose"), ("build-index --split tr", "train")],
)
def test_bash_completes(typed: str, completed: str, capsys: pytest.CaptureFixture[str]) -> None:
    bash = shutil.which("bash")
    if bash is None or shutil.which("python3") is None:
        pytest.skip("needs bash and python3")
    assert main(["--completion", "bash"]) == 0
    words = ["painter-search", *typed.split()]
    asking = (
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _tyro_painter_search; echo ${{COMPREPLY[*]}}"
    )
    script = f"{capsys.readouterr().out}\n{asking}\n"
    done = subprocess.run([bash], input=script, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [completed], done.stderr
