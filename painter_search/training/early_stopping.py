"""What the history decides: the best epoch, when to stop early, and whether the encoder has collapsed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from painter_search.training.history import EpochMetrics

SelectionMetric = Literal["accuracy", "all_negatives"]
"""A field of `EpochMetrics` by which the best epoch is chosen."""


COLLAPSED = 1e-3
"""The encoder has collapsed when the mean distance falls below this share of what it was before training."""


def best_epoch(history: Sequence[EpochMetrics], metric: SelectionMetric) -> int:
    """The trained epoch with the highest validation `metric`; the first of equals."""
    validated = [metrics for metrics in history if metrics.phase == "validation" and metrics.epoch > 0]
    return max(validated, key=lambda metrics: (getattr(metrics, metric), -metrics.epoch)).epoch


def best_by_phase(
    history: Sequence[EpochMetrics], new_layer_epochs: int
) -> tuple[EpochMetrics | None, EpochMetrics | None]:
    """The best validation, by every negative, of the epochs that train the new layer alone, and of those after them.

    None for a phase without epochs. `new_layer_epochs` is how many the first phase has.
    """
    validated = [metrics for metrics in history if metrics.phase == "validation" and metrics.epoch > 0]
    alone = [metrics for metrics in validated if metrics.epoch <= new_layer_epochs]
    after = [metrics for metrics in validated if metrics.epoch > new_layer_epochs]
    first, second = (max(phase, key=lambda one: one.all_negatives, default=None) for phase in (alone, after))
    return first, second


def should_stop(history: Sequence[EpochMetrics], patience: int) -> bool:
    """Whether the validation loss has risen `patience` epochs in a row; never with a patience of 0."""
    losses = [metrics.loss for metrics in history if metrics.phase == "validation" and metrics.epoch > 0]
    if patience == 0 or len(losses) <= patience:
        return False
    recent = losses[-patience - 1 :]
    return all(later > earlier for earlier, later in pairwise(recent))


def collapse_warning(history: Sequence[EpochMetrics], margin: float) -> str | None:
    """A clause that says why the encoder seems to have collapsed, embedding all paintings alike; None if it has not."""
    first, last = history[0], history[-1]
    if last.negative < COLLAPSED * first.negative:
        return f"embeddings coincide (mean distance {last.negative:.2g})"
    trained = [metrics for metrics in history if metrics.phase == "train"][-1:]
    if any(abs(metrics.loss - margin) < 0.01 * margin and metrics.active > 0.99 for metrics in trained):
        return f"the loss is stuck at the margin ({margin:g}), as if all paintings were one"
    return None
