"""What a recipe is, as the trainer sees it.

To add a recipe, write a module beside this one with a class that satisfies `Recipe` and a context manager that opens
it (`report.py` is the shortest to start from). Then enter its defaults and limits into `RECIPES` and its name into
`RecipeName` (`settings.py`), and its functions into `IMPLEMENTATIONS` (`registry.py`). Nothing else names a recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.collection import Collection
from painter_search.encoder.network import EncoderNetwork
from painter_search.metrics.confidence_fit import HeldOutWorks
from painter_search.metrics.identification.plda import EmbeddedWorks
from painter_search.training.config import TrainConfig
from painter_search.training.data.training_sets import TripletPaths
from painter_search.training.early_stopping import SelectionMetric
from painter_search.training.history import EpochMetrics


class Recipe(Protocol):
    """A training, epoch by epoch."""

    encoder: EncoderNetwork
    """The encoder as trained so far."""
    epochs: int
    """How many there are, at most."""
    selected_by: SelectionMetric
    """The validation metric by which the best epoch is chosen."""
    frozen: bool
    """Whether the backbone keeps its weights, so that `embed` passes no painting through it again; else every epoch is
    measured on a sample of the validation works."""

    def train(self, epoch: int) -> EpochMetrics | None:
        """Train one epoch; returns its metrics, or None if it took no gradient steps."""

    def state(self) -> Mapping[str, object]:
        """The entries that the checkpoint needs besides the encoder for `resume`: plain values and tensors."""

    def resume(self, checkpoint: Mapping[str, object]) -> None:
        """Continue from a checkpoint with the entries of `state`."""

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        """Embed works to measure an encoder of this training, from any epoch: float32 `[n, 256]`.

        Args:
            encoder: On the training's device.
            paths: Frames of works that `TrainingData` names.
        """

    def training_works(self, encoder: EncoderNetwork) -> list[EmbeddedWorks]:
        """Each collection's training works embedded by an encoder of this training, for its PLDA.

        An empty list where that would take a pass of all of them through the network. Called when the training is over.
        """

    def held_out(self, epoch: int) -> list[HeldOutWorks]:
        """Training works embedded by encoders that were not trained on their artists, to calibrate that of an epoch.

        An empty list where that would take as long as the training itself.
        """


@dataclass(frozen=True)
class TrainingData:
    """What a recipe may train on."""

    collections: Sequence[Collection]
    validation: TripletPaths
    """The validation triplets, whose artists must not be trained on."""
    test: TripletPaths | None = None
    """The test triplets; None where there are none."""

    def measured(self) -> list[Path]:
        """Every work that encoders are measured on."""
        return [*self.validation.distinct(), *(self.test.distinct() if self.test else ())]

    def measured_artists(self) -> set[str]:
        """Who made them."""
        return {*self.validation.artists.values(), *(self.test.artists.values() if self.test else ())}


@dataclass(frozen=True)
class RecipeImplementation:
    """The functions of a recipe."""

    check: Callable[[TrainConfig, TrainingData], set[str]]
    """Raise a `PainterSearchError` for data or settings that cannot be used, before a run's folder is made; returns the
    artists that it trains on."""
    open: Callable[[TrainConfig, TrainingData, EncoderNetwork, Path], AbstractContextManager[Recipe]]
    """The recipe for a network on its device; large temporary files go into the run's folder."""
