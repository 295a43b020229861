"""Settings of `train`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

from painter_search.common.command_line.flag_types import IfGiven, check_choices
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import as_paths, expand_home, writable_path
from painter_search.training.recipes.settings import RECIPES, Hyperparameters, RecipeName, RecipeSettings

AUGMENTATIONS = ("flips", "rotation", "jitter", "perspective", "blur", "affine")
"""The names that `augment` takes; see `data/augmentations.py`."""

WHOLE_NETWORK_EPOCHS = 20
"""Chosen on validation artists: 6, 12 and 20 were tried, at rates of 3e-4 and 1e-3."""


@dataclass(frozen=True)
class TrainConfig:
    """Train an encoder with triplets, so that paintings by one artist lie closer together than those by different ones.

    A setting that is None takes the recipe's default; `resolved` has the result.

    Raises:
        InvalidValueError: A setting, or a combination of settings, cannot be used.

    Example:
        >>> from painter_search import TrainConfig
        >>> TrainConfig(recipe="report", epochs=3).resolved.batch_size
        64
    """

    data: tuple[Path, ...] = (Path("data"),)
    """Prepared collections to train on."""

    recipe: RecipeName = "strong"
    """How to train. strong: several views of every painting, statistics of several stages of the network, a new layer
    trained on every valid triplet of each batch. report: the 2016 report's triplets, network, loss and schedule."""

    name: IfGiven[str] = None
    """The run's folder under --runs. Default: the recipe's name, numbered from the second run on."""

    runs: Path = Path("runs")
    """The folder that holds the runs."""

    resume: bool = False
    """Continue an unfinished run; the result is that of an uninterrupted one."""

    backbone: str = "resnet34"
    """A torchvision classifier, or any timm model where timm is installed: NAME, hf-hub:OWNER/NAME, or local-dir:FOLDER
    (with config.json and model.safetensors, as on the hub)."""

    weights: str = "imagenet"
    """The backbone's initial weights: imagenet (the pre-trained ones, downloaded once), none, or a file."""

    img_size: int = field(default=224, metadata={"stored": "image_side"})
    """Side of a view in pixels, a multiple of 32, or of 14 for transformers with patches of 14 px. With strong, small
    paintings get smaller views, unless the backbone sees one size: a transformer, AlexNet or VGG."""

    augment: IfGiven[str] = None
    """For report: training transforms, joined by commas: flips, rotation, jitter, perspective, blur, affine; or none.
    Default: the first four."""

    epochs: IfGiven[int] = None
    """Maximum number of epochs. report: passes over its triplets; 14. strong: passes over all works, of which the first
    fits the new layer without gradients; 6."""

    finetune_epochs: IfGiven[int] = None
    """For strong: further epochs, which also train the backbone; kept only if they help on validation artists. 0 trains
    the new layer alone. Default: 8; 20 for the whole network."""

    finetune: Literal["last-stages", "whole-network"] = "last-stages"
    """For strong: what those epochs train. last-stages: the last stages, on stored outputs of the earlier ones; for
    CPUs. whole-network: everything, on random crops, after which a new layer is fitted; for GPUs."""

    batch_size: IfGiven[int] = field(default=None, metadata={"stored": "batch"})
    """report: triplets a step; 64. strong: works a step, four an artist; 192, for the new layer of each collection."""

    lr: IfGiven[float] = field(default=None, metadata={"stored": "rate"})
    """Learning rate of the new layer. report: 6e-6. strong: 5e-4."""

    backbone_lr: IfGiven[float] = field(default=None, metadata={"stored": "backbone_rate"})
    """Learning rate of the backbone; 0 freezes it. report: --lr. strong: 3e-4, for the last block; less for those
    before."""

    margin: IfGiven[float] = None
    """Margin of the triplet loss. report: 5. strong: 0.2 (its embeddings have length 1)."""

    patience: IfGiven[int] = None
    """Stop early when the validation loss has risen this many epochs in a row; 0 never stops early.
    report: 2. strong: 0."""

    seed: int = 42
    """Seed of the new layer, the order of works and every augmentation."""

    workers: int = -1
    """For report: processes that load and augment images. -1: one per core, at most 8."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto: CUDA where there is one, else Apple's GPU, else the CPU."""

    train_triplets: IfGiven[Path] = None
    """For report: a triplet file to train on instead of the collection's own (the published one, say)."""

    validation_triplets: IfGiven[Path] = None
    """A triplet file to validate on, likewise."""

    test_triplets: IfGiven[Path] = None
    """A triplet file for the test at the end, likewise."""

    def __post_init__(self) -> None:
        """Raise `InvalidValueError` for settings that cannot be used."""
        check_choices(self)
        object.__setattr__(self, "data", as_paths(self.data, "--data"))
        object.__setattr__(self, "runs", writable_path(self.runs, "--runs"))
        for triplets in ("train_triplets", "validation_triplets", "test_triplets"):
            file = getattr(self, triplets)
            object.__setattr__(self, triplets, None if file is None else expand_home(file))
        recipe, resolved = self.recipe_settings, self.resolved
        unknown = [name for name in resolved.augmentations if name not in AUGMENTATIONS]
        if unknown:
            raise InvalidValueError(
                f"--augment has no transform {unknown[0]!r}; choose from {', '.join(AUGMENTATIONS)}, or none."
            )
        minimums = (
            ("epochs", resolved.epochs, 1),
            ("finetune-epochs", resolved.finetune_epochs, 0),
            ("batch-size", resolved.batch_size, recipe.min_batch_size),
            ("patience", resolved.patience, 0),
            ("workers", self.workers, -1),
        )
        for flag, value, minimum in minimums:
            if value < minimum:
                raise InvalidValueError(f"--{flag} is {value}; it must be at least {minimum}.")
        for flag, number in (("lr", resolved.lr), ("margin", resolved.margin)):
            if not (math.isfinite(number) and number > 0):
                raise InvalidValueError(f"--{flag} is {number}; it must be a number above 0.")
        if not (math.isfinite(resolved.backbone_lr) and resolved.backbone_lr >= 0):
            raise InvalidValueError(f"--backbone-lr is {resolved.backbone_lr}; it must be a number, 0 or above.")
        if self.img_size < 64 or (self.img_size % 32 and self.img_size % 14):
            raise InvalidValueError(
                f"--img-size is {self.img_size}; it must be a multiple of 32 (or of 14, for transformers with such "
                "patches), at least 64."
            )
        if not 0 <= self.seed < 2**32:
            raise InvalidValueError(f"--seed is {self.seed}; it must lie between 0 and {2**32 - 1:,}.")
        if self.name is not None and (Path(self.name).name != self.name or self.name in ("", ".", "..")):
            raise InvalidValueError(
                f"--name {self.name!r} must be the plain name of a folder; its path is given as --runs."
            )
        if len(self.data) > 1 and (self.train_triplets or self.validation_triplets or self.test_triplets):
            raise InvalidValueError("a triplet file belongs to one collection; give one --data with it.")
        if self.finetune != "last-stages" and not recipe.uses("finetune_epochs"):
            raise InvalidValueError(
                f"--finetune is for --recipe strong; {self.recipe} always trains the whole network."
            )
        defaults = {one.name: one.default for one in fields(self)}
        for setting in recipe.unused:
            if getattr(self, setting) != defaults[setting]:
                users = " or ".join(name for name, other in RECIPES.items() if other.uses(setting))
                raise InvalidValueError(
                    f"--{setting.replace('_', '-')} is for --recipe {users}; {self.recipe} does not use it."
                )

    @property
    def recipe_settings(self) -> RecipeSettings:
        """The recipe's defaults and limits."""
        return RECIPES[self.recipe]

    @property
    def resolved(self) -> Hyperparameters:
        """The recipe's hyperparameters, with those that were set replaced."""
        recipe = self.recipe_settings
        settings = {one.name: getattr(self, one.name) for one in fields(Hyperparameters)}
        if settings["finetune_epochs"] is None and self.finetune == "whole-network":
            settings["finetune_epochs"] = WHOLE_NETWORK_EPOCHS
        if settings["backbone_lr"] is None and recipe.one_lr:
            settings["backbone_lr"] = self.lr  # one rate for all, unless two are set
        return replace(recipe.defaults, **{name: value for name, value in settings.items() if value is not None})
