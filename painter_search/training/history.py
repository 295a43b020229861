"""What each phase of each epoch came to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Literal

from painter_search.folders import write_bytes

Measure = Literal["accuracy", "all_negatives"]
COINCIDING = 1e-3
"""Embeddings whose distances are under this share of what they were have become one."""


@dataclass(frozen=True)
class Phase:
    """One phase of one epoch. Epoch 0 is the network before training."""

    epoch: int
    phase: str
    """`train` or `validation`."""
    loss: float
    accuracy: float
    """Share of triplets with d(a, p) < d(a, n)."""
    active: float
    """Share of triplets with a loss."""
    positive: float
    """Mean d(a, p)."""
    negative: float
    """Mean d(a, n)."""
    all_negatives: float
    """Validation: the accuracy with every work by another artist as the negative; `nan` in training."""
    recall_1: float
    """Validation: share of works whose nearest neighbour is by their own artist; `nan` in training."""
    seconds: float
    images_per_second: float


def write_history(path: Path, history: Sequence[Phase]) -> None:
    """Write the phases as CSV; what a phase does not have is left empty."""
    names = [field.name for field in fields(Phase)]
    rows = [",".join(names)]
    for phase in history:
        values = (getattr(phase, name) for name in names)
        rows.append(",".join(_plain(value) for value in values))
    write_bytes(path, ("\n".join(rows) + "\n").encode())


def _plain(value: float | int | str) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:.6f}"


def best_epoch(history: Sequence[Phase], measure: Measure) -> int:
    """The trained epoch that does best on validation artists; the first of equals."""
    validated = [phase for phase in history if phase.phase == "validation" and phase.epoch > 0]
    return max(validated, key=lambda phase: (getattr(phase, measure), -phase.epoch)).epoch


def should_stop(history: Sequence[Phase], patience: int) -> bool:
    """Whether the validation loss has risen `patience` epochs running."""
    losses = [phase.loss for phase in history if phase.phase == "validation" and phase.epoch > 0]
    if patience == 0 or len(losses) <= patience:
        return False
    recent = losses[-patience - 1 :]
    return all(later > earlier for earlier, later in pairwise(recent))


def sign_of_collapse(history: Sequence[Phase], margin: float) -> str | None:
    """What says that the encoder has stopped telling paintings apart; None while it does."""
    first, last = history[0], history[-1]
    if last.negative < COINCIDING * first.negative:
        return f"embeddings coincide (mean distance {last.negative:.2g})"
    trained = [phase for phase in history if phase.phase == "train"][-1:]
    if any(abs(phase.loss - margin) < 0.01 * margin and phase.active > 0.99 for phase in trained):
        return f"the loss is stuck at the margin ({margin:g}), as if all paintings were one"
    return None


def as_rows(history: Sequence[Phase]) -> list[dict]:
    """The phases as plain values, for a checkpoint."""
    return [asdict(phase) for phase in history]
