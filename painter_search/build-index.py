"""`python -m painter_search.build-index`: an encoder fills an index."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import open_door
from painter_search.retrieval.settings import IndexConfig


def answer(config: IndexConfig, json: bool = False) -> None:
    """Build.

    Args:
        config: Settings.
        json: Print what was built as JSON.
    """
    from painter_search.display.console import show_index
    from painter_search.retrieval.painting_index import PaintingIndex

    show_index(PaintingIndex.build(config), json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("build-index", answer, arguments, IndexConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
