"""`python -m painter_search.eval-triplets`: score an index on a triplet file."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.analysis.config import EvaluateConfig
from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags


def run(config: Flags[EvaluateConfig], json: bool = False) -> None:
    """Score.

    Args:
        json: Print the scores as JSON.
    """
    from painter_search.analysis.evaluate import evaluate_index
    from painter_search.display.console.score import show_evaluation

    show_evaluation(evaluate_index(config), as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("eval-triplets", run, arguments, EvaluateConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
