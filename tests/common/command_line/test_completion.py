"""The scripts of `--completion` complete commands and flags, as bash asks them to."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from painter_search.__main__ import COMMANDS, main
from painter_search.common.command_line.completion import ASKED, FILES, SHELLS, SPECIFICATION


@pytest.fixture(scope="module")
def bash_script() -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["--completion", "bash"]) == 0
    return printed.getvalue()


@pytest.mark.parametrize("shell", SHELLS)
def test_script_describes_every_command_and_flag_on_one_line(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--completion", shell]) == 0
    script = capsys.readouterr().out
    found = SPECIFICATION.search(script)
    assert found is not None
    written = re.sub(r"\\(.)", r"\1", found[1]) if shell == "fish" else found[1]
    below = ast.literal_eval(written)["subcommands"]
    assert set(below) == set(COMMANDS)
    assert set(below["build-index"]["subcommands"]) == {"add", "remove", "list"}
    flags = [flag for command in below.values() for flag in command["options"]]
    assert {"--quiet", "--top-k"} <= {name for flag in flags for name in flag["flags"]}
    assert not any("\n" in flag["description"] for flag in flags)
    assert f"{ASKED} or [{FILES}]" in script


@pytest.mark.parametrize("words", [(), ("ksh",), ("bash", "zsh")])
def test_completion_takes_one_shell(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--completion", *words]) == 2
    assert tuple(capsys.readouterr()) == ("", "painter_search: --completion takes a shell: bash, zsh, fish.\n")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("qu", "query"),
        ("query --to", "--top-k"),
        ("train --ver", "--verbose"),
        ("build-index --enc", "--encoder"),
        ("build-index --split tr", "train"),
        ("build-index ad", "add"),
        ("build-index --index elsewhere li", "list"),
        ("build-index remove --in", "--index"),
        ("query wat", "water lilies.jpg"),
        ("query --page wat", "water lilies.jpg"),
    ],
)
def test_bash_completes(typed: str, completed: str, bash_script: str, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None or shutil.which("python3") is None:
        pytest.skip("needs bash and python3")
    (tmp_path / "water lilies.jpg").touch()
    words = ["painter-search", *typed.split()]
    asking = (
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _tyro_painter_search; echo ${{COMPREPLY[*]}}"
    )
    script = f"{bash_script}\n{asking}\n"
    done = subprocess.run([bash], input=script, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.stdout.rstrip() == completed, done.stderr
