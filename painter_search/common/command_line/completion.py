"""Scripts with which a shell completes `painter-search`, its commands and their flags; tyro writes them."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tyro

from painter_search.common.command_line.cli import MISUSED, TYRO, deferred

PROGRAM = "painter-search"
SHELLS = ("bash", "zsh", "fish")
SPECIFICATION = re.compile(r"^COMPLETION_SPEC = (.*)$", re.MULTILINE)
"""The line of a script that holds the commands and flags, as a Python dictionary."""
ASKED = "get_completions(words, current_index, COMPLETION_SPEC)"
"""What a script prints: nothing where no command and no flag begins like the word, which is often a painting's path."""
FILES = "'__TYRO_COMPLETE_FILES__'"
"""Printed in place of completions, it makes each of the shells complete names of files."""
BASH_FILES = (
    'COMPREPLY=($(compgen -f -- "$cur"))',
    "local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))",
)
"""How bash completes them in tyro's script, and in ours: after a second word, with a folder's slash, with spaces."""
Functions = Mapping[str, Callable[..., int | None]]


def print_completion(commands: Functions, arguments: Sequence[str], subcommands: Mapping[str, Functions]) -> int:
    """Print the script for a shell; returns the exit code.

    Args:
        commands: The functions of the commands, by name.
        arguments: The shell's name alone.
        subcommands: The functions of the sub-commands of a command, which has flags of its own besides.
    """
    if len(arguments) != 1 or arguments[0] not in SHELLS:
        print(f"painter_search: --completion takes a shell: {', '.join(SHELLS)}.", file=sys.stderr)
        return MISUSED
    shell = arguments[0]
    script = _script(commands, shell)
    specification = _read_specification(script, shell)
    for name, functions in subcommands.items():
        below = _read_specification(_script(functions, shell), shell)
        specification["subcommands"][name]["subcommands"] = below["subcommands"]
    _join_lines(specification)
    line = _escape(f"COMPLETION_SPEC = {specification!r}", shell)
    script = SPECIFICATION.sub(lambda _: line, script)
    script = script.replace(ASKED, f"{ASKED} or [{FILES}]")
    print(script.replace(*BASH_FILES), end="")
    return 0


def _script(functions: Functions, shell: str) -> str:
    """tyro's script for these commands. It knows no command that has both flags and sub-commands."""
    printed = io.StringIO()
    calls = {name: deferred(run) for name, run in functions.items()}
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):  # with which tyro ends
        tyro.extras.subcommand_cli_from_dict(calls, prog=PROGRAM, args=["--tyro-print-completion", shell], config=TYRO)
    return printed.getvalue()


def _read_specification(script: str, shell: str) -> dict[str, Any]:
    found = SPECIFICATION.search(script)
    assert found is not None, "tyro's script has one"
    escaped = found[1]
    return dict(ast.literal_eval(re.sub(r"\\(.)", r"\1", escaped) if shell == "fish" else escaped))


def _escape(line: str, shell: str) -> str:
    """The line as it stands in a script: in fish within double quotes."""
    return re.sub(r'([\\"$])', r"\\\1", line) if shell == "fish" else line


def _join_lines(specification: dict[str, Any]) -> None:
    """Put each description on one line; bash and zsh would offer the words of further lines."""
    for described in (specification, *specification.get("options", ())):
        if "description" in described:
            described["description"] = " ".join(described["description"].split())
    for below in specification.get("subcommands", {}).values():
        _join_lines(below)
