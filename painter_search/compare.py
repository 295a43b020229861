"""`python -m painter_search.compare one.jpg other.jpg`: how alike are two paintings, or two groups of them?"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import FAILED, open_door
from painter_search.retrieval.settings import CompareConfig


def answer(config: CompareConfig, json: bool = False) -> int:
    """Compare.

    Args:
        config: Settings.
        json: Print the comparison as JSON.
    """
    from painter_search.display.comparisons import show_comparison
    from painter_search.retrieval.comparison import compare_paintings
    from painter_search.retrieval.painting_index import PaintingIndex

    index = PaintingIndex.load(config.index, to_ask=True)
    comparison = compare_paintings(index, *config.paintings)
    if config.page:
        from painter_search.display.pages import write_comparison_page

        write_comparison_page(config.page, comparison, index)
    show_comparison(comparison, index, json, config.page)
    return 0 if comparison.complete else FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("compare", answer, arguments, CompareConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
