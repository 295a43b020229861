"""What `train` can be told; the defaults are the report's best run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from painter_search.errors import UserError

AUGMENTATIONS = ("flips", "rotation", "jitter", "perspective", "blur", "affine")


@dataclass(frozen=True)
class TrainConfig:
    """Train an encoder with triplets, so that paintings by one hand lie closer than paintings by two."""

    data: tuple[Path, ...] = (Path("data"),)
    """Prepared collections to train on."""

    recipe: Literal["report"] = "report"
    """How to train. report: the 2016 report's triplets, network, loss and schedule."""

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

    freeze_backbone: bool = False
    """Train the new layer alone: a third of the work, and safer with few artists."""

    augment: str = "flips,rotation,jitter,perspective"
    """Training transforms, joined by commas: flips, rotation, jitter, perspective, blur, affine; or none."""

    epochs: int = 14
    """Passes over the training triplets at most."""

    batch: int = 64
    """Triplets a step."""

    rate: float = 6e-6
    """Adam's learning rate."""

    margin: float = 5.0
    """The triplet loss wants negatives farther than positives by this much (embeddings are not normalised)."""

    patience: int = 2
    """Stop early when the validation loss has risen this many epochs running; 0 never stops early."""

    seed: int = 42
    """Seed of the new layer, the order of triplets and every augmentation."""

    workers: int = -1
    """Processes that load and augment images. -1: one per core, at most 8."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto: CUDA where there is one, else Apple's GPU, else the CPU."""

    train_triplets: Path | None = None
    """A triplet file to train on instead of the collection's own (the published one, say)."""

    validation_triplets: Path | None = None
    """Likewise for validation."""

    test_triplets: Path | None = None
    """Likewise for the test at the end."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.augmentations if name not in AUGMENTATIONS]
        if unknown:
            raise UserError(f"--augment knows no {unknown[0]!r}; choose from {', '.join(AUGMENTATIONS)}, or none.")
        least_values = (("epochs", self.epochs, 1), ("batch", self.batch, 1), ("patience", self.patience, 0))
        for flag, value, least in least_values:
            if value < least:
                raise UserError(f"--{flag} is {value}; it must be at least {least}.")
        for flag, number in (("rate", self.rate), ("margin", self.margin)):
            if not (math.isfinite(number) and number > 0):
                raise UserError(f"--{flag} is {number}; it must be a number above 0.")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed is {self.seed}; it must lie between 0 and {2**32 - 1:,}.")
        if self.name is not None and (Path(self.name).name != self.name or self.name in ("", ".", "..")):
            raise UserError(f"--name {self.name!r} must be the plain name of a folder; --runs says where it lies.")
        if len(self.data) > 1 and (self.train_triplets or self.validation_triplets or self.test_triplets):
            raise UserError("a triplet file belongs to one collection; give one --data with it.")

    @property
    def augmentations(self) -> tuple[str, ...]:
        """The names in `augment`."""
        if self.augment.strip().lower() in ("", "none"):
            return ()
        return tuple(name.strip() for name in self.augment.split(","))
