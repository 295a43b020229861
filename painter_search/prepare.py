"""`python -m painter_search.prepare`: originals and a catalogue become a clean collection."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.collection.config import PrepareConfig
from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags


def run(config: Flags[PrepareConfig], json: bool = False) -> None:
    """Prepare a collection and print its counts.

    Args:
        json: Print the counts as JSON.
    """
    from painter_search.collection.preparation import prepare_collection
    from painter_search.display.console.collection import show_collection

    show_collection(prepare_collection(config), as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("prepare", run, arguments, PrepareConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
