"""`python -m painter_search.eval-triplets`: how good is an index?"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import open_door
from painter_search.retrieval.settings import ScoreConfig


def answer(config: ScoreConfig, json: bool = False) -> None:
    """Score.

    Args:
        config: Settings.
        json: Print the scores as JSON.
    """
    from painter_search.display.console import show_score
    from painter_search.retrieval.triplet_score import score_with

    show_score(*score_with(config), as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("eval-triplets", answer, arguments, ScoreConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
