"""`python -m painter_search.compare one.jpg other.jpg`: say how alike two paintings are, or two groups of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.analysis.config import CompareConfig
from painter_search.common.command_line.cli import FAILED, run_command
from painter_search.common.command_line.flag_types import Flags
from painter_search.common.command_line.startup import answer_and_end
from painter_search.common.files.atomic_io import check_writable


def run(config: Flags[CompareConfig], json: bool = False) -> int:
    """Compare.

    Args:
        json: Print the comparison as JSON.
    """
    answer_and_end()
    if config.page:
        check_writable(config.page)
    from painter_search.index.painting_index import PaintingIndex

    # The encoder opens on a thread while the modules below are imported.
    index = PaintingIndex.load(config.index, preload_encoder=True)
    from painter_search.analysis.comparisons.comparison import compare_paintings
    from painter_search.display.console.comparison import show_comparison

    comparison = compare_paintings(index, *config.paintings, crop=config.crop)
    if config.page:
        from painter_search.display.pages.comparison_page import write_comparison_page

        write_comparison_page(config.page, comparison, index)
    show_comparison(comparison, index, as_json=json, page=config.page)
    return 0 if comparison.complete else FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("compare", run, arguments, CompareConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
