"""`python -m painter_search` says what the commands are; `python -m painter_search query …` runs one by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "prepare": "originals and a catalogue become a clean collection",
    "audit": "what may be wrong with a collection?",
    "train": "a collection trains an encoder",
    "build-index": "an encoder fills an index",
    "eval-triplets": "how good is the index?",
    "query": "whose hand is a painting nearest to?",
    "map": "all works of an index, laid out by likeness",
    "compare": "how alike are two paintings, or two groups of them?",
    "serve": "all of this in the browser, on your own machine",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command by name; returns its exit code (2 for a name that is none)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0] in COMMANDS:
        return int(import_module(f"painter_search.{arguments[0]}").main(arguments[1:]))
    from painter_search.doors import exit_code

    return exit_code(lambda: _list_commands(arguments))


def _list_commands(arguments: Sequence[str]) -> int:
    asked = not arguments or arguments[0] in ("-h", "--help")
    out = sys.stdout if asked else sys.stderr
    if not asked:
        print(f"painter_search: there is no command {arguments[0]!r}.", file=out)
    print("Whose hand painted this? The commands, in the order in which they are used:\n", file=out)
    for name, what in COMMANDS.items():
        print(f"  python -m painter_search.{name:<14} {what}", file=out)
    print("\nEach explains itself with --help.", file=out)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main())
