"""The result of `train`: the epochs and the test scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from painter_search.display.console.tables import new_table, print_json, show
from painter_search.display.words.figures import difference, interval, percent
from painter_search.display.words.run_summary import test_scores

if TYPE_CHECKING:
    from painter_search.training.run import Run


def show_run(run: Run, *, as_json: bool = False) -> None:
    """Print a training epoch by epoch, and its scores on the test artists before and after."""
    if as_json:
        print_json(run.to_dict())
        return
    train_columns = ("epoch", "train loss", "accuracy", "active", "images/s")
    validation_columns = ("validation loss", "accuracy", "all negatives", "recall@1")
    table = new_table(f"Run {run.folder}", *train_columns, *validation_columns)
    for epoch in sorted({metrics.epoch for metrics in run.history}):
        phases = {metrics.phase: metrics for metrics in run.history if metrics.epoch == epoch}
        train, validation = phases.get("train"), phases["validation"]
        table.add_row(
            f"{epoch} *" if epoch == run.best_epoch else f"{epoch}",
            f"{train.loss:.3f}" if train else "",
            percent(train.accuracy) if train else ("untrained" if epoch == 0 else "fitted"),
            percent(train.active) if train else "",
            f"{train.images_per_second:.0f}" if train else "",
            f"{validation.loss:.3f}",
            percent(validation.accuracy),
            percent(validation.all_negatives),
            percent(validation.recall_1),
        )
    show(table)
    show(f"* best on validation artists: {run.best}")
    if run.test:
        artists = f"{run.test.artists} test artists" + (", never seen" if run.never_seen else "")
        title = f"{artists}, {run.test.triplets:,} triplets"
        scores = new_table(title, "", "before training", "after", "difference")
        for name, score in test_scores(run.test):
            scores.add_row(name, interval(score.untrained), interval(score.trained), difference(score.difference))
        show(scores)
    show(f"Open {run.folder / 'report.html'}")
