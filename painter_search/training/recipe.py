"""What `train` can be told, and the two recipes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from painter_search.errors import UserError

AUGMENTATIONS = ("flips", "rotation", "jitter", "perspective", "blur", "affine")


@dataclass(frozen=True)
class Recipe:
    """What a recipe settles; see the flags of the same names."""

    augment: str
    epochs: int
    batch: int
    rate: float
    backbone_rate: float
    margin: float
    patience: int

    @property
    def augmentations(self) -> tuple[str, ...]:
        """The names in `augment`."""
        if self.augment.strip().lower() in ("", "none"):
            return ()
        return tuple(name.strip() for name in self.augment.split(","))


REPORT = Recipe(
    augment="flips,rotation,jitter,perspective",
    epochs=14,
    batch=64,
    rate=6e-6,
    backbone_rate=6e-6,
    margin=5.0,
    patience=2,
)
"""The report's best run."""
STRONG = Recipe(
    augment="none",
    epochs=6,
    batch=192,
    rate=5e-4,
    backbone_rate=0.0,
    margin=0.2,
    patience=0,
)
"""Chosen on validation artists of old-master and Impressionist paintings."""


@dataclass(frozen=True)
class TrainConfig:
    """Train an encoder with triplets, so that paintings by one hand lie closer than paintings by two."""

    data: tuple[Path, ...] = (Path("data"),)
    """Prepared collections to train on."""

    recipe: Literal["strong", "report"] = "strong"
    """How to train. strong: several views of every painting, statistics of several stages of the network, a new layer
    moved by every valid triplet of each batch. report: the 2016 report's triplets, network, loss and schedule."""

    name: str | None = None
    """The run's folder under --runs. Default: the recipe's name, numbered from the second run on."""

    runs: Path = Path("runs")
    """Where runs are kept."""

    resume: bool = False
    """Continue an unfinished run, to the same result as an unbroken one."""

    backbone: str = "resnet34"
    """A torchvision classifier, or any timm model where timm is installed."""

    weights: str = "imagenet"
    """The backbone's first weights: imagenet (downloaded once), none, or a file."""

    image_side: int = 224
    """Side of a view in pixels, a multiple of 32; small paintings are seen smaller by strong."""

    augment: str | None = None
    """For report: training transforms, joined by commas: flips, rotation, jitter, perspective, blur, affine; or none.
    Default: the first four."""

    epochs: int | None = None
    """Passes at most. report: over its triplets; 14. strong: over all works, the first of them fitting the new layer
    without gradients; 6."""

    batch: int | None = None
    """report: triplets a step, 64. strong: works a step, four an artist; 192."""

    rate: float | None = None
    """Learning rate of the new layer. report: 6e-6. strong: 5e-4."""

    backbone_rate: float | None = None
    """For report: learning rate of the backbone; 0 leaves it as it is, as strong always does. Default: --rate."""

    margin: float | None = None
    """The triplet loss wants negatives farther than positives by this much. report: 5. strong: 0.2 (its embeddings have
    length 1)."""

    patience: int | None = None
    """Stop early when the validation loss has risen this many epochs running; 0 never stops early.
    report: 2. strong: 0."""

    seed: int = 42
    """Seed of the new layer, the order of works and every augmentation."""

    workers: int = -1
    """Processes that load and augment images. -1: one per core, at most 8."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto: CUDA where there is one, else Apple's GPU, else the CPU."""

    train_triplets: Path | None = None
    """A triplet file to train on instead of the collection's own (the published one, say). For report only."""

    validation_triplets: Path | None = None
    """Likewise for validation."""

    test_triplets: Path | None = None
    """Likewise for the test at the end."""

    def __post_init__(self) -> None:
        settled = self.settled
        unknown = [name for name in settled.augmentations if name not in AUGMENTATIONS]
        if unknown:
            raise UserError(f"--augment knows no {unknown[0]!r}; choose from {', '.join(AUGMENTATIONS)}, or none.")
        least_values = (
            ("epochs", settled.epochs, 1),
            ("batch", settled.batch, 1 if self.recipe == "report" else 8),
            ("patience", settled.patience, 0),
        )
        for flag, value, least in least_values:
            if value < least:
                raise UserError(f"--{flag} is {value}; it must be at least {least}.")
        for flag, number in (("rate", settled.rate), ("margin", settled.margin)):
            if not (math.isfinite(number) and number > 0):
                raise UserError(f"--{flag} is {number}; it must be a number above 0.")
        if not (math.isfinite(settled.backbone_rate) and settled.backbone_rate >= 0):
            raise UserError(f"--backbone-rate is {settled.backbone_rate}; it must be a number, 0 or above.")
        if self.image_side < 64 or self.image_side % 32:
            raise UserError(f"--image-side is {self.image_side}; it must be a multiple of 32, at least 64.")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed is {self.seed}; it must lie between 0 and {2**32 - 1:,}.")
        if self.name is not None and (Path(self.name).name != self.name or self.name in ("", ".", "..")):
            raise UserError(f"--name {self.name!r} must be the plain name of a folder; --runs says where it lies.")
        if len(self.data) > 1 and (self.train_triplets or self.validation_triplets or self.test_triplets):
            raise UserError("a triplet file belongs to one collection; give one --data with it.")
        if self.recipe == "strong":
            for flag in ("train_triplets", "augment", "backbone_rate"):
                if getattr(self, flag) is not None:
                    raise UserError(f"--{flag.replace('_', '-')} is for --recipe report; strong has no use for it.")

    @property
    def settled(self) -> Recipe:
        """The recipe, with what was set otherwise."""
        recipe = REPORT if self.recipe == "report" else STRONG
        given = {name: getattr(self, name) for name in recipe.__dataclass_fields__}
        if self.recipe == "report" and self.backbone_rate is None:
            given["backbone_rate"] = self.rate  # the report knows one rate
        return replace(recipe, **{name: value for name, value in given.items() if value is not None})
