"""Settings of `train` and of its recipes."""

from pathlib import Path
from typing import get_args

import pytest

from painter_search.common.errors import InvalidValueError
from painter_search.training.config import AUGMENTATIONS, TrainConfig
from painter_search.training.recipes.registry import IMPLEMENTATIONS
from painter_search.training.recipes.settings import RECIPES, RecipeName


def test_every_recipe_has_settings_and_an_implementation() -> None:
    assert set(RECIPES) == set(IMPLEMENTATIONS) == set(get_args(RecipeName))


def test_only_the_two_tables_and_their_tests_name_a_recipe() -> None:
    """What differs between recipes belongs to the recipe, so nothing else compares names."""
    import painter_search

    package = Path(painter_search.__file__).parent
    compared = [
        path.name
        for path in package.rglob("*.py")
        if any(f"recipe {operator}" in path.read_text(encoding="utf-8") for operator in ("==", "!=", "in ("))
    ]
    assert compared == []


def test_report_defaults_are_those_of_the_reports_best_run() -> None:
    resolved = TrainConfig(recipe="report").resolved
    assert resolved.augmentations == ("flips", "rotation", "jitter", "perspective")
    assert (resolved.epochs, resolved.batch_size, resolved.lr, resolved.margin) == (14, 64, 6e-6, 5.0)
    assert resolved.backbone_lr == resolved.lr
    assert TrainConfig().backbone == "resnet34"


def test_strings_are_paths() -> None:
    config = TrainConfig(data="data", runs="runs", recipe="report", train_triplets="a.csv")  # type: ignore[arg-type]
    assert (config.data, config.runs, config.train_triplets) == ((Path("data"),), Path("runs"), Path("a.csv"))
    assert TrainConfig(data=["a", Path("b")]).data == (Path("a"), Path("b"))  # type: ignore[arg-type]


def test_runs_at_a_url_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="runs is a URL"):
        TrainConfig(runs=Path("s3://bucket/runs"))


def test_backbone_lr_follows_lr_unless_set() -> None:
    assert TrainConfig(recipe="report", lr=1e-3).resolved.backbone_lr == 1e-3
    assert TrainConfig(recipe="report", lr=1e-3, backbone_lr=0.0).resolved.backbone_lr == 0
    assert TrainConfig(lr=1e-2).resolved.backbone_lr == TrainConfig().resolved.backbone_lr < 1e-3


@pytest.mark.parametrize("settings", [{"augment": "flips"}, {"train_triplets": Path("t.csv")}, {"workers": 4}], ids=str)
def test_settings_that_a_recipe_does_not_use_are_refused(settings: dict) -> None:
    TrainConfig(recipe="report", **settings)
    with pytest.raises(InvalidValueError) as raised:
        TrainConfig(**settings)
    assert "is for --recipe report; strong does not use it" in raised.value.command_line


def test_report_has_no_epochs_of_fine_tuning_and_strong_none_without_a_learning_rate() -> None:
    with pytest.raises(InvalidValueError, match="is for recipe strong"):
        TrainConfig(recipe="report", finetune_epochs=2)
    with pytest.raises(InvalidValueError, match="is for recipe strong"):
        TrainConfig(recipe="report", finetune="whole-network")
    assert TrainConfig(epochs=3, finetune_epochs=4).resolved.fine_tunes
    assert not TrainConfig(epochs=3, finetune_epochs=4, backbone_lr=0.0).resolved.fine_tunes
    assert TrainConfig(finetune="whole-network").resolved.finetune_epochs == 20
    assert TrainConfig(finetune="whole-network", finetune_epochs=3).resolved.finetune_epochs == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"recipe": "fancy"}, "recipe is 'fancy'; choose from strong, report"),
        ({"finetune": "whole"}, "finetune is 'whole'; choose from last-stages, whole-network"),
        ({"recipe": "report", "augment": "flips,sharpen"}, "'sharpen'"),
        ({"epochs": 0}, "epochs is 0; it must be at least 1"),
        ({"batch_size": 7}, "at least 8"),
        ({"recipe": "report", "batch_size": 0}, "at least 1"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"margin": 0.0}, "a number above 0"),
        ({"recipe": "report", "backbone_lr": -1.0}, "0 or above"),
        ({"img_size": 100}, "a multiple of 32"),
        ({"seed": -1}, "seed is -1"),
        ({"recipe": "report", "workers": -7}, "workers is -7; it must be at least -1"),
        ({"name": "../evil"}, "plain name of a folder"),
        ({"data": (Path("a"), Path("b")), "test_triplets": Path("t.csv")}, "give one data with it"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_used_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        TrainConfig(**settings)


@pytest.mark.parametrize("augment", ["none", "", " None "])
def test_augment_none_means_no_transform(augment: str) -> None:
    assert TrainConfig(recipe="report", augment=augment).resolved.augmentations == ()


def test_augment_takes_every_transform() -> None:
    assert TrainConfig(recipe="report", augment=",".join(AUGMENTATIONS)).resolved.augmentations == AUGMENTATIONS
