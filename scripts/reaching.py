"""How soon each recipe reaches the report's best validation accuracy, for `benchmark.py`.

Both start from the same backbone, look at the same central crops through one view, and are scored after every epoch on
the same validation triplets; the clock runs through training and validation. The paintings are those in the folder
`paintings` of PAINTER_SEARCH_COLLECTIONS, or else the built-in sample's.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from painter_search.collection.collection import Collection
from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import PrepareConfig
from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.settings import IMAGE_SIDE
from painter_search.training.course import Course
from painter_search.training.dataset import TripletPaths, gather_triplets
from painter_search.training.history import Phase, should_stop
from painter_search.training.phases import validation_phase
from painter_search.training.recipe import TrainConfig
from painter_search.training.report import report_course
from painter_search.training.strong import strong_course

BACKBONE = "tf_efficientnet_lite0"
QUICK_SIDE = 64
"""Pixels, where nothing but running is checked."""


@dataclass(frozen=True)
class Reached:
    """How the two recipes came to one accuracy."""

    start_report: float
    start_strong: float
    accuracy: float
    """The best that the report's recipe reached, on validation triplets."""
    seconds_report: float
    seconds_strong: float | None
    """None where `strong` did not reach it."""


def reach(folder: Path, quick: bool) -> Reached:
    """Train both, the report's first, and time them."""
    source, side = Path(os.environ.get("PAINTER_SEARCH_COLLECTIONS", ""), "paintings"), IMAGE_SIDE
    if source.is_dir() and not quick:
        given = {"info": (source / "all_data_info.csv",), "originals": (source / "originals",)}
    else:
        given, side = {}, QUICK_SIDE if quick else side
    collection = prepare_collection(PrepareConfig(**given, out=folder / "data", framing="center"))
    validating = gather_triplets([collection], "validation", None)
    config = TrainConfig(backbone=BACKBONE, image_side=side, data=(collection.folder,))
    report, strong = replace(config, recipe="report", epochs=1 if quick else None), config
    encoder = start_encoder(BACKBONE, "imagenet", config.seed, image_side=side)
    with report_course(report, encoder, [collection]) as course:
        theirs = follow(course, report, validating)
    best = max(range(1, len(theirs)), key=lambda epoch: theirs[epoch][0])
    accuracy = theirs[best][0]

    began = time.perf_counter()
    encoder = start_encoder(BACKBONE, "imagenet", config.seed, image_side=side, unit=True)
    spent = time.perf_counter() - began
    ours = follow_strong(collection, strong, encoder, validating, folder)
    seconds = next((clock + spent for found, clock in ours[1:] if found >= accuracy), None)
    return Reached(theirs[0][0], ours[0][0], accuracy, theirs[best][1], seconds)


def follow_strong(
    collection: Collection, config: TrainConfig, encoder, validating: TripletPaths, folder: Path
) -> list[tuple[float, float]]:
    """As `follow`, the look at the training works included."""
    began = time.perf_counter()
    with strong_course(config, encoder, [collection], validating, folder) as course:
        before = time.perf_counter() - began
        return [(accuracy, clock + before) for accuracy, clock in follow(course, config, validating)]


def follow(course: Course, config: TrainConfig, validating: TripletPaths) -> list[tuple[float, float]]:
    """Validation accuracy and seconds passed, before training and after every epoch."""
    recipe = config.settled
    began = time.perf_counter()
    history: list[Phase] = [validation_phase(course.encoder, validating, recipe.margin, 0)]
    found = [(history[0].accuracy, 0.0)]
    for epoch in range(1, recipe.epochs + 1):
        if should_stop(history, recipe.patience):
            break
        course.train(epoch)
        history.append(validation_phase(course.encoder, validating, recipe.margin, epoch))
        found.append((history[-1].accuracy, time.perf_counter() - began))
    return found
