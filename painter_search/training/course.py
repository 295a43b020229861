"""What the two recipes' trainings have in common, as the trainer sees them."""

from __future__ import annotations

import os
from typing import Any, Protocol

from painter_search.encoder.encoder import Encoder
from painter_search.training.held_out import Group
from painter_search.training.history import Measure, Phase


class Course(Protocol):
    """A training that can be taken epoch by epoch."""

    encoder: Encoder
    """The encoder as it would be kept now."""
    selected_by: Measure
    """The validation figure by which the best epoch is chosen."""

    def train(self, epoch: int) -> Phase | None:
        """One epoch; None where it took no gradient steps."""

    def state(self) -> dict[str, Any]:
        """What the next epoch needs beside the encoder, for a checkpoint."""

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint that holds `state`."""

    def held_out(self) -> list[Group]:
        """Training works as embedded by encoders that were not trained on their artists; none where that would take as
        long as the training itself."""


def loader_processes(workers: int) -> int:
    """How many processes load images: as many as asked for, or one per core, at most 8."""
    return min(os.cpu_count() or 1, 8) if workers < 0 else workers
