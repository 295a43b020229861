"""`python -m painter_search.train`: train an encoder with triplets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags
from painter_search.display.trackers import LogName
from painter_search.training.config import TrainConfig

if TYPE_CHECKING:
    from painter_search.training.history import EpochMetrics
    from painter_search.training.run import Run

Logs = Annotated[tuple[LogName, ...], tyro.conf.UseAppendAction]


def run(config: Flags[TrainConfig], json: bool = False, log: Logs = ()) -> None:
    """Train an encoder and print its scores.

    Args:
        json: Print the scores as JSON.
        log: Also show the training in TensorBoard (event files in runs/<name>/tensorboard), Weights & Biases or MLflow,
            where their packages are installed.
    """
    from painter_search.display.console.run import show_run
    from painter_search.display.pages.run_page import write_report_page
    from painter_search.display.plots import TrainingCurves
    from painter_search.display.training_log import open_training_log
    from painter_search.training.trainer import train_encoder

    curves, tracked = TrainingCurves(), open_training_log(log)

    def on_epoch(folder: Path, history: Sequence[EpochMetrics]) -> None:
        curves.on_epoch(folder, history)
        tracked.on_epoch(folder, history)

    def on_end(run: Run) -> None:
        curves.on_end(run)
        write_report_page(run)
        tracked.on_end(run)

    run = train_encoder(config, on_epoch=on_epoch, on_end=on_end)
    if run is None:  # in all but the first process of torchrun
        return
    show_run(run, as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    description = (TrainConfig.__doc__ or "").partition("\n")[0]  # what follows is for Python users
    return run_command("train", run, arguments, description)


if __name__ == "__main__":
    sys.exit(main())
