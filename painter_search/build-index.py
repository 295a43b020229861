"""`python -m painter_search.build-index`: an encoder fills an index, which can then be added to and listed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import open_door
from painter_search.retrieval.settings import IndexConfig


def answer(config: IndexConfig, json: bool = False) -> None:
    """Build, or keep.

    Args:
        config: Settings.
        json: Print what was done or found as JSON.
    """
    from painter_search.display.holdings import show_holdings
    from painter_search.display.index_page import keep_index_page
    from painter_search.retrieval.upkeep import keep_index

    kept = keep_index(config)
    show_holdings(kept, json, keep_index_page(kept))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("build-index", answer, arguments, IndexConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
