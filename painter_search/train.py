"""`python -m painter_search.train`: triplets become an encoder."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import open_door
from painter_search.training.recipe import TrainConfig


def answer(config: TrainConfig, json: bool = False) -> None:
    """Train.

    Args:
        config: Settings.
        json: Print the scores as JSON.
    """
    from painter_search.display.console import show_run
    from painter_search.display.pages import write_report_page
    from painter_search.display.plots import draw_curves
    from painter_search.training.trainer import train_encoder

    run = train_encoder(config, on_epoch=draw_curves, on_end=write_report_page)
    if run is None:  # a process of torchrun that only helped
        return
    show_run(run, json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("train", answer, arguments, TrainConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
