"""Scripts with which a shell completes `painter-search`, its commands and their flags; tyro writes them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

import tyro

from painter_search.common.cli import MISUSED, TYRO, deferred

PROGRAM = "painter-search"
SHELLS = ("bash", "zsh", "fish")


def print_completion(commands: Mapping[str, Callable[..., int | None]], arguments: Sequence[str]) -> int:
    """Print the script for a shell; returns the exit code.

    Args:
        commands: The functions of the commands, by name.
        arguments: The shell's name alone.
    """
    if len(arguments) != 1 or arguments[0] not in SHELLS:
        print(f"painter_search: --completion takes a shell: {', '.join(SHELLS)}.", file=sys.stderr)
        return MISUSED
    functions = {name: deferred(run) for name, run in commands.items()}
    flags = ["--tyro-print-completion", arguments[0]]
    try:
        tyro.extras.subcommand_cli_from_dict(functions, prog=PROGRAM, args=flags, config=TYRO)
    except SystemExit as leaving:  # with the script printed
        return int(leaving.code or 0)
    raise AssertionError("tyro prints the script and exits")
