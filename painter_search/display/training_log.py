"""A training logged to experiment trackers: TensorBoard, Weights & Biases or MLflow, by `train --log`.

    log = open_training_log(["tensorboard"])
    train_encoder(config, on_epoch=log.on_epoch, on_end=log.on_end)

The events of the trainer's two hooks become calls of each `Tracker`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import MissingPackageError
from painter_search.display.trackers import PACKAGES, TRACKERS, LogName, Tracker
from painter_search.images.framing import read_frame

if TYPE_CHECKING:
    from painter_search.display.trackers import Pixels
    from painter_search.training.history import EpochMetrics
    from painter_search.training.run import Run

METRICS = ("loss", "accuracy", "active", "positive", "negative", "all_negatives", "recall_1", "images_per_second")
"""The fields of `EpochMetrics` that are logged."""
MAX_PROJECTED = 500
"""Test works in the embedding projector, at most."""
PICTURE_SIDE, SPRITE_SIDE = 256, 64
"""Sides in pixels of a confusion's two paintings, and of a work in the projector."""


class TrainingLog:
    """The hooks of a training that log to every tracker; these are opened when the run's folder is known."""

    def __init__(self, openers: Sequence[Callable[[Path], Tracker]]) -> None:
        self._openers = openers
        self._trackers: list[Tracker] = []
        self._logged: set[tuple[int, str]] = set()

    def on_epoch(self, folder: Path, history: Sequence[EpochMetrics]) -> None:
        """Log the metrics of every phase that was not logged before."""
        if not self._trackers:
            self._trackers = [opener(folder) for opener in self._openers]
        for metrics in history:
            if (metrics.epoch, metrics.phase) not in self._logged:
                self._logged.add((metrics.epoch, metrics.phase))
                values = {f"{metrics.phase}/{name}": getattr(metrics, name) for name in METRICS}
                self._log_scalars({name: value for name, value in values.items() if np.isfinite(value)}, metrics.epoch)

    def on_end(self, run: Run) -> None:
        """Log the scores on test artists, the worst confusions as pictures, and the embeddings of test works."""
        if run.test is not None and self._trackers:
            scores = {name: getattr(run.test, name).trained.value for name in ("accuracy", "all_negatives", "recall_1")}
            self._log_scalars({f"test/{name}": value for name, value in scores.items()}, run.best_epoch)
            for number, confusion in enumerate(run.test.confusions, 1):
                pair = [_square(Path(frame), PICTURE_SIDE) for frame in (confusion.frame, confusion.other_frame)]
                caption = f"{confusion.artist}, nearest to {confusion.other_artist}"
                for tracker in self._trackers:
                    tracker.picture(f"confusions/{number:02d}", caption, np.concatenate(pair, axis=1))
            projected = _project_test_works(run)
            if projected is not None:
                for tracker in self._trackers:
                    tracker.projection(*projected)
        for tracker in self._trackers:
            tracker.close()

    def _log_scalars(self, values: Mapping[str, float], epoch: int) -> None:
        for tracker in self._trackers:
            tracker.scalars(values, epoch)


def open_training_log(names: Sequence[LogName]) -> TrainingLog:
    """The hooks that log to these trackers.

    Raises:
        MissingPackageError: A package that one of them needs is not installed.
    """
    for name in names:
        module, remedy = PACKAGES[name]
        if not _is_installed(module):
            raise MissingPackageError(f"--log {name} needs {module}: `pip install '{remedy}'`.")
    return TrainingLog([TRACKERS[name] for name in dict.fromkeys(names)])


def _is_installed(module: str) -> bool:
    """Whether a module can be imported; a folder of its name, as trackers leave behind, has no file."""
    try:
        return getattr(import_module(module), "__file__", None) is not None
    except ImportError:
        return False


def _project_test_works(run: Run) -> tuple[NDArray[np.float32], list[str], Pixels] | None:
    """The best epoch's embeddings of some test works, spread evenly over all of them, their artists and pictures."""
    from painter_search.collection.collection import Collection
    from painter_search.encoder.load_encoder import load_encoder

    works = [
        (collection.frame_path(work.file), work.artist)
        for collection in map(Collection.open, run.config.data)
        for work in collection.works("test")
    ]
    if not works:
        return None
    works = works[:: -(-len(works) // MAX_PROJECTED)]
    frames = [frame for frame, _ in works]
    embeddings = load_encoder(run.best).embed(frames)
    return embeddings, [artist for _, artist in works], np.stack([_square(frame, SPRITE_SIDE) for frame in frames])


def _square(frame: Path, side: int) -> Pixels:
    """A frame's central square, `[side, side, 3]`."""
    from PIL import ImageOps

    return np.asarray(ImageOps.fit(read_frame(frame), (side, side)))
