"""A training in three plain sentences, and its course as charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from painter_search.common.files.atomic_io import digest_file
from painter_search.common.version import __version__
from painter_search.display.charts import Axis, Line, line_chart, span_of
from painter_search.training.early_stopping import best_by_phase

if TYPE_CHECKING:
    from painter_search.training.final_scores import BeforeAfter, TestScore
    from painter_search.training.history import EpochMetrics
    from painter_search.training.run import Run

Metric = Literal["loss", "accuracy", "all_negatives", "recall_1"]


def run_sentences(run: Run) -> list[str]:
    """What a training came to, for readers without statistics."""
    epochs = max((metrics.epoch for metrics in run.history), default=0)
    best = "before training" if run.best_epoch == 0 else f"epoch {run.best_epoch} of {epochs}"
    sentences = []
    if run.test is not None:
        score = run.test.recall_1
        before, after = 100 * score.untrained.value, 100 * score.trained.value
        artists = "artists never seen in training" if run.never_seen else "the test artists"
        sentences.append(
            f"For {after:.0f} of 100 works by {artists}, the nearest other work is by their own artist; before "
            f"training it was so for {before:.0f}."
        )
        low, high = 100 * score.difference.low, 100 * score.difference.high
        surely = "no chance" if low > 0 or high < 0 else "within chance"
        sentences.append(f"That difference is {surely}: {low:+.0f} to {high:+.0f} of 100, at 95 % confidence.")
    sentences.append(f"The encoder that was kept is the best on validation artists: {best}.")
    if decision := _fine_tuning_decision(run):
        sentences.append(decision)
    return sentences


def _fine_tuning_decision(run: Run) -> str | None:
    """Whether training the network itself was kept, and why; None where it was not tried."""
    frozen, tuned = best_by_phase(run.history, run.config.resolved.epochs)
    if frozen is None or tuned is None or not run.config.resolved.fine_tunes:
        return None
    part = "the whole network" if run.config.finetune == "whole-network" else "the network's last stages"
    kept = "so that was kept" if run.best_epoch > run.config.resolved.epochs else "so the network was left as it came"
    return (
        f"Training {part}, too, told works by an artist from others' in {100 * tuned.all_negatives:.1f} of 100 "
        f"comparisons on validation artists, the new layer alone in {100 * frozen.all_negatives:.1f}, {kept}."
    )


def test_scores(test: TestScore) -> list[tuple[str, BeforeAfter]]:
    """The scores of a test with the names they are shown under, for the console and the page."""
    return [
        ("triplet accuracy", test.accuracy),
        ("against every negative", test.all_negatives),
        ("recall@1", test.recall_1),
    ]


def run_citation(run: Run) -> str:
    """The version, the date, the run and the digest of its encoder's checkpoint, as a sentence."""
    trained = f" on {', '.join(run.collections)}" if run.collections else ""
    return (
        f"painter_search {__version__}, {date.today().isoformat()}: run {run.folder.name}, {run.config.backbone} "
        f"trained{trained} by the recipe {run.config.recipe}, seed {run.config.seed}; {run.best.name} "
        f"{digest_file(run.best)[:16]}."
    )


def run_charts(history: Sequence[EpochMetrics]) -> list[Markup]:
    """Loss, triplet accuracy and recall@1 by epoch."""
    train, validation = ([one for one in history if one.phase == phase] for phase in ("train", "validation"))
    return [
        _chart("Triplet loss", [("training", "two", train, "loss"), ("validation", "one", validation, "loss")], False),
        _chart(
            "Triplet accuracy, %",
            [
                ("training", "two", train, "accuracy"),
                ("validation", "one", validation, "accuracy"),
                ("validation, every negative", "three", validation, "all_negatives"),
            ],
        ),
        _chart("Nearest work by the same artist (recall@1), %", [("validation", "one", validation, "recall_1")]),
    ]


def _chart(title: str, curves: Sequence[tuple[str, str, list[EpochMetrics], Metric]], percent: bool = True) -> Markup:
    lines = [
        Line(name, [(point.epoch, getattr(point, metric)) for point in points], kind)
        for name, kind, points, metric in curves
        if points
    ]
    epochs = [x for line in lines for x, _ in line.points]
    low, high = span_of(y for line in lines for _, y in line.points)
    return line_chart(
        title,
        lines,
        Axis("epoch (0: before training)", min(epochs, default=0), max([1, *epochs]), whole=True),
        Axis("", low, high, percent),
    )
