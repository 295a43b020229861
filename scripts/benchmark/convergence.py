"""How soon each recipe reaches the report's best validation accuracy.

Both start from the same backbone, see the same central crops in one view, and are scored after every epoch on the same
validation triplets; the clock runs through training and validation. The paintings are those in the folder `paintings`
of PAINTER_SEARCH_COLLECTIONS, or else the built-in sample's.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmark.measuring import Setup
from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.encoder.network import EncoderNetwork, untrained_network
from painter_search.training.config import TrainConfig
from painter_search.training.data.training_sets import TripletPaths, gather_triplets
from painter_search.training.early_stopping import should_stop
from painter_search.training.epoch_metrics import measure_validation
from painter_search.training.history import EpochMetrics
from painter_search.training.recipes.protocol import Recipe, TrainingData
from painter_search.training.recipes.report import report_recipe
from painter_search.training.recipes.strong import strong_recipe

BACKBONE = "tf_efficientnet_lite0"


@dataclass(frozen=True)
class Convergence:
    """When both recipes reach the report's best validation accuracy."""

    accuracy: float
    """The best that the report's recipe reached, on validation triplets."""
    start_report: float
    """Its accuracy before training."""
    start_strong: float
    seconds_report: float
    seconds_strong: float | None
    """None if `strong` did not reach it."""


def measure_convergence(setup: Setup) -> Convergence:
    """Train both recipes, the report's first, and time them."""
    folder = setup.folder / "convergence"
    collection = _prepare(setup, folder)
    validation = gather_triplets([collection], "validation", None)
    backbone, weights = (setup.backbone, "none") if setup.quick else (BACKBONE, "imagenet")
    strong = TrainConfig(backbone=backbone, img_size=setup.side, data=(collection.folder,))
    if setup.quick:
        strong = replace(strong, epochs=1)
    report = replace(strong, recipe="report")
    data = TrainingData([collection], validation)
    encoder = untrained_network(backbone, weights, report.seed, img_size=setup.side)
    with report_recipe(report, data, encoder, folder) as recipe:
        theirs = _follow(recipe, encoder, report, validation)
    best = max(range(1, len(theirs)), key=lambda epoch: theirs[epoch].accuracy)
    accuracy = theirs[best].accuracy

    start = time.perf_counter()
    encoder = untrained_network(backbone, weights, strong.seed, img_size=setup.side, normalize=True)
    with strong_recipe(strong, data, encoder, folder) as recipe:
        before = time.perf_counter() - start  # the backbone's pass over the training works is part of the training
        ours = _follow(recipe, encoder, strong, validation)
    seconds = next((before + epoch.seconds for epoch in ours[1:] if epoch.accuracy >= accuracy), None)
    return Convergence(accuracy, theirs[0].accuracy, ours[0].accuracy, theirs[best].seconds, seconds)


@dataclass(frozen=True)
class _Epoch:
    accuracy: float
    seconds: float
    """Since the training began."""


def _follow(recipe: Recipe, untrained: EncoderNetwork, config: TrainConfig, validation: TripletPaths) -> list[_Epoch]:
    """Train to the end: validation accuracy and the clock before training and after every epoch."""
    settings = config.resolved

    def measure(network: EncoderNetwork, epoch: int) -> EpochMetrics:
        return measure_validation(partial(recipe.embed, network), validation, settings.margin, epoch)

    start = time.perf_counter()
    history = [measure(untrained, 0)]
    epochs = [_Epoch(history[0].accuracy, 0.0)]
    for epoch in range(1, settings.epochs + 1):
        if should_stop(history, settings.patience):
            break
        recipe.train(epoch)
        history.append(measure(recipe.encoder, epoch))
        epochs.append(_Epoch(history[-1].accuracy, time.perf_counter() - start))
    return epochs


def _prepare(setup: Setup, folder: Path) -> Collection:
    source = Path(os.environ.get("PAINTER_SEARCH_COLLECTIONS", ""), "paintings")
    config = PrepareConfig(out=folder / "data", framing="center")
    if setup.quick:
        config = replace(config, folder=setup.paintings, workers=1)
    elif source.is_dir():
        config = replace(config, catalogue=(source / "all_data_info.csv",), originals=(source / "originals",))
    return prepare_collection(config)
