"""`python -m painter_search.train`: train an encoder with triplets."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.common.cli import Flags, run_command
from painter_search.training.config import TrainConfig


def run(config: Flags[TrainConfig], json: bool = False) -> None:
    """Train an encoder and print its scores.

    Args:
        json: Print the scores as JSON.
    """
    from painter_search.display.console.run import show_run
    from painter_search.display.pages.run_page import write_report_page
    from painter_search.display.plots import draw_curves
    from painter_search.training.trainer import train_encoder

    run = train_encoder(config, on_epoch=draw_curves, on_end=write_report_page)
    if run is None:  # in all but the first process of torchrun
        return
    show_run(run, as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    description = (TrainConfig.__doc__ or "").partition("\n")[0]  # what follows is for Python users
    return run_command("train", run, arguments, description)


if __name__ == "__main__":
    sys.exit(main())
