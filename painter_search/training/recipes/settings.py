"""What the command line and the saved settings know of a recipe; `registry.py` has its implementation.

This half imports neither torch nor pandas, so that `train --help` starts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

RecipeName: TypeAlias = Literal["strong", "report"]


@dataclass(frozen=True)
class Hyperparameters:
    """The settings that every recipe has a default of its own for; see `TrainConfig` for what they mean."""

    augment: str
    epochs: int
    finetune_epochs: int
    batch_size: int = field(metadata={"stored": "batch"})
    lr: float = field(metadata={"stored": "rate"})
    backbone_lr: float = field(metadata={"stored": "backbone_rate"})
    margin: float
    patience: int

    @property
    def fine_tunes(self) -> bool:
        """Whether the network itself is trained after its new layer."""
        return self.finetune_epochs > 0 and self.backbone_lr > 0

    @property
    def augmentations(self) -> tuple[str, ...]:
        """The names in `augment`."""
        if self.augment.strip().lower() in ("", "none"):
            return ()
        return tuple(name.strip() for name in self.augment.split(","))


@dataclass(frozen=True)
class RecipeSettings:
    """A recipe's defaults and limits."""

    defaults: Hyperparameters
    views: Literal["center", "sized-parts"]
    """The views of the encoder that it trains; see `EncoderConfig`."""
    normalize: bool
    """Whether the embeddings have length 1."""
    unused: tuple[str, ...] = ()
    """Fields of `TrainConfig` that it has no use for; setting one is an error."""
    min_batch_size: int = 1
    one_lr: bool = False
    """Whether the backbone has the learning rate of the new layer unless both are set."""
    extensible: bool = False
    """Whether a run can be resumed with more epochs; not where the learning rate's schedule depends on their number."""

    def uses(self, setting: str) -> bool:
        """Whether a field of `TrainConfig` changes anything."""
        return setting not in self.unused


RECIPES: Mapping[RecipeName, RecipeSettings] = {
    # Chosen on validation artists of old-master and Impressionist paintings.
    "strong": RecipeSettings(
        Hyperparameters(
            augment="none",
            epochs=6,
            finetune_epochs=8,
            batch_size=192,
            lr=5e-4,
            backbone_lr=3e-4,
            margin=0.2,
            patience=0,
        ),
        views="sized-parts",
        normalize=True,
        unused=("train_triplets", "augment", "workers"),
        min_batch_size=8,
    ),
    # The report's best run.
    "report": RecipeSettings(
        Hyperparameters(
            augment="flips,rotation,jitter,perspective",
            epochs=14,
            finetune_epochs=0,
            batch_size=64,
            lr=6e-6,
            backbone_lr=6e-6,
            margin=5.0,
            patience=2,
        ),
        views="center",
        normalize=False,
        unused=("finetune_epochs",),
        one_lr=True,
        extensible=True,
    ),
}
