"""`python -m painter_search` lists the commands; `python -m painter_search query …` runs one by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "prepare": "turn originals and a catalogue into a clean collection",
    "audit": "find leaks, duplicates and doubtful artists in a collection",
    "train": "train an encoder on a collection",
    "build-index": "embed a collection with an encoder and index it",
    "eval-triplets": "score an index on triplets",
    "query": "find the artists nearest in style to a painting",
    "map": "lay out all works of an index by similarity",
    "compare": "compare two paintings, or two groups of them",
    "serve": "query, compare and browse in a browser on your own machine",
    "info": "show versions, devices, extras, and what lies where",
}
"""The commands in the order in which they are used, and what each does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command by name; returns its exit code, 2 for an unknown name."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0] in COMMANDS:
        return int(import_module(f"painter_search.{arguments[0]}").main(arguments[1:]))
    from painter_search.common.cli import exit_code

    return exit_code(lambda: _list_commands(arguments))


def _list_commands(arguments: Sequence[str]) -> int:
    """List the commands; on stderr, with exit code 2, if the first argument is no command."""
    unknown = bool(arguments) and arguments[0] not in ("-h", "--help")
    out = sys.stderr if unknown else sys.stdout
    if unknown:
        print(f"painter_search: there is no command {arguments[0]!r}.", file=out)
    print("Whose hand painted this? The commands, in the order in which they are used:\n", file=out)
    for name, purpose in COMMANDS.items():
        print(f"  python -m painter_search.{name:<14} {purpose}", file=out)
    print("\nAdd --help to a command for its options.", file=out)
    return 2 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
