"""`python -m painter_search.prepare`: originals and a catalogue become a clean collection."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.collection.settings import PrepareConfig
from painter_search.doors import open_door


def answer(config: PrepareConfig, json: bool = False) -> None:
    """Prepare.

    Args:
        config: Settings.
        json: Print the counts as JSON.
    """
    from painter_search.collection.preparation import prepare_collection
    from painter_search.display.console import show_collection

    show_collection(prepare_collection(config), json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("prepare", answer, arguments, PrepareConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
