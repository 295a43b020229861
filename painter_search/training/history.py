"""What each phase of each epoch came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path

from painter_search.folders import write_bytes


@dataclass(frozen=True)
class Phase:
    """One phase of one epoch. Epoch 0 is the network before training."""

    epoch: int
    phase: str
    """`train` or `validation`."""
    loss: float
    accuracy: float
    """Share of triplets with d(a, p) < d(a, n)."""
    seconds: float
    images_per_second: float


def write_history(path: Path, history: Sequence[Phase]) -> None:
    """Write the phases as CSV."""
    rows = [",".join(field.name for field in fields(Phase))]
    rows += [
        f"{p.epoch},{p.phase},{p.loss:.6f},{p.accuracy:.6f},{p.seconds:.2f},{p.images_per_second:.1f}" for p in history
    ]
    write_bytes(path, ("\n".join(rows) + "\n").encode())


def best_epoch(history: Sequence[Phase]) -> int:
    """The trained epoch with the highest validation accuracy; the first of equals."""
    validated = [phase for phase in history if phase.phase == "validation" and phase.epoch > 0]
    return max(validated, key=lambda phase: (phase.accuracy, -phase.epoch)).epoch


def should_stop(history: Sequence[Phase], patience: int) -> bool:
    """Whether the validation loss has risen `patience` epochs running."""
    losses = [phase.loss for phase in history if phase.phase == "validation" and phase.epoch > 0]
    if patience == 0 or len(losses) <= patience:
        return False
    recent = losses[-patience - 1 :]
    return all(later > earlier for earlier, later in pairwise(recent))


def as_rows(history: Sequence[Phase]) -> list[dict]:
    """The phases as plain values, for a checkpoint."""
    return [asdict(phase) for phase in history]
