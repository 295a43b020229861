"""A run's folder, `runs/<name>/`: opened before training, complete at its end, loaded afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painter_search.collection.collection import Collection
from painter_search.common.errors import DamagedFileError, InvalidValueError, NotFoundError
from painter_search.common.files.atomic_io import read_json, write_json
from painter_search.common.files.stored import from_stored, stored_names, to_stored
from painter_search.common.files.urls import expand_home
from painter_search.common.html_repr import html_picture, html_table
from painter_search.encoder.files.names import BEST, find_checkpoint
from painter_search.training.config import TrainConfig
from painter_search.training.final_scores import TestScore
from painter_search.training.history import EpochMetrics, as_rows, history_frame, read_history

if TYPE_CHECKING:
    import pandas as pd

CONFIG, HISTORY, SCORE = "config.json", "history.csv", "score.json"
NOT_SAVED = ("data", "name", "runs", "resume", "workers", "device")
"""Settings that do not change the result."""


@dataclass(frozen=True)
class Run:
    """A finished training.

    Example:
        >>> from painter_search import Run
        >>> run = Run.load("runs/strong")  # doctest: +SKIP
        >>> run.to_frame()[["epoch", "phase", "accuracy"]]  # doctest: +SKIP
    """

    folder: Path
    config: TrainConfig
    history: list[EpochMetrics]
    """The metrics of every epoch's phases, epoch 0 being the network before training."""
    best_epoch: int
    """The epoch that did best on validation artists."""
    test: TestScore | None
    """The scores on test artists; None where the collection has no test triplets."""
    collections: tuple[str, ...] = ()
    """The names of the collections that it was trained on."""

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Load a finished run.

        Settings that do not change the result are not saved: `config.data` is empty, and the other ones have their
        defaults. Metrics have the six decimals of `history.csv`.

        Args:
            folder: `runs/<name>`.

        Raises:
            NotFoundError: The folder holds no finished run.
            DamagedFileError: One of its files is damaged.
        """
        folder = expand_home(folder)
        if not is_finished(folder):
            raise NotFoundError(f"{folder} holds no finished run; train one: `python -m painter_search.train`.")
        settings, score = read_json(folder / CONFIG), read_json(folder / SCORE)
        history = read_history(folder / HISTORY)
        try:
            config = _config_from_settings(folder, settings)
            test = None if score["test"] is None else TestScore.from_dict(score["test"])
            names = tuple(str(name) for name, _ in settings.get("collections", ()))
            return cls(folder, config, history, int(score["best_epoch"]), test, names)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(
                f"{folder / CONFIG} or {folder / SCORE} is damaged ({error}); copy the run again, or train again."
            ) from error

    @property
    def never_seen(self) -> bool:
        """Whether no test artist was trained on: training triplets from a file are taken as they are."""
        return self.config.train_triplets is None

    @property
    def best(self) -> Path:
        """The checkpoint of the best epoch; `load_encoder` opens it, and the run's folder, too."""
        return find_checkpoint(self.folder / BEST)

    def to_dict(self) -> dict[str, Any]:
        """The run as plain values, as `train --json` prints it."""
        return {
            "run": self.folder.as_posix(),
            "best_epoch": self.best_epoch,
            "test": None if self.test is None else asdict(self.test.with_relative_frames()),
            "history": as_rows(self.history),
        }

    def to_frame(self) -> pd.DataFrame:
        """The history as a table: a row for each phase of each epoch, the columns of `EpochMetrics`."""
        return history_frame(self.history)

    def _repr_html_(self) -> str:
        shown = ("loss", "accuracy", "all_negatives", "recall_1")
        rows = [
            (
                f"{metrics.epoch} (best)" if metrics.epoch == self.best_epoch else metrics.epoch,
                *(f"{getattr(metrics, name):.3f}" for name in shown),
            )
            for metrics in self.history
            if metrics.phase == "validation"
        ]
        table = html_table((f"Run {self.folder}: epoch", *(f"validation {name}" for name in shown)), rows)
        curves = self.folder / "curves.png"
        return table + html_picture(curves.read_bytes(), 900, "curves") if curves.is_file() else table


def open_run_folder(config: TrainConfig, collections: Sequence[Collection], device: str) -> Path:
    """The folder to train in: a new one, or the unfinished one to resume.

    Raises:
        InvalidValueError: A run of that name exists, or the one to resume had other settings or paintings.
        NotFoundError: There is no run to resume.
    """
    name = config.name or config.recipe
    folder = config.runs / name
    number = 2
    while config.name is None and is_finished(folder):
        folder = config.runs / f"{name}-{number}"
        number += 1
    if config.resume:
        _check_resumable(folder, config, saved_settings(config, collections))
        return folder
    if is_finished(folder):
        raise InvalidValueError(f"{folder} is a finished run; choose another --name, or delete the folder.")
    if (folder / CONFIG).is_file():
        raise InvalidValueError(
            f"{folder} is an unfinished run; add --resume to continue it, or choose another --name."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidValueError(f"{folder} cannot be made ({error.strerror}); choose another --runs.") from error
    write_json(folder / CONFIG, {**saved_settings(config, collections), "device": device})
    return folder


def update_settings(folder: Path, config: TrainConfig, collections: Sequence[Collection]) -> None:
    """Write the settings of a run that is resumed: it may have other epochs and another patience than before."""
    write_json(folder / CONFIG, {**read_json(folder / CONFIG), **saved_settings(config, collections)})


def is_finished(folder: Path) -> bool:
    """Whether a run is complete."""
    return (folder / SCORE).is_file()


def saved_settings(config: TrainConfig, collections: Sequence[Collection]) -> dict[str, object]:
    """The settings that shape the result, as plain values, and the names and digests of the collections.

    Of paths only the last part is saved: runs are passed on, and where files lie on a machine is private.
    """
    settings = {**to_stored(config), **to_stored(config.resolved)}
    settings["weights"] = Path(config.weights).name
    if config.backbone.startswith("local-dir:"):
        settings["backbone"] = f"local-dir:{Path(config.backbone).name}"
    plain = {
        key: value.name if isinstance(value, Path) else value for key, value in settings.items() if key not in NOT_SAVED
    }
    return {**plain, "collections": [[collection.name, collection.digest] for collection in collections]}


def save_score(run: Run) -> None:
    """Write `score.json`, which marks the run as complete."""
    test = None if run.test is None else run.test.with_relative_frames()
    write_json(run.folder / SCORE, {"best_epoch": run.best_epoch, "test": test})


def _check_resumable(folder: Path, config: TrainConfig, settings: Mapping[str, object]) -> None:
    """Raise a `PainterSearchError` where resuming with these settings would not give the uninterrupted run's result."""
    if not (folder / CONFIG).is_file():
        raise NotFoundError(f"{folder} is not a run that can be resumed; leave out --resume to begin one.")
    before = read_json(folder / CONFIG)
    if not isinstance(before, dict):
        raise DamagedFileError(f"{folder / CONFIG} is damaged; begin another run with another --name.")
    if before.get("collections", settings["collections"]) != settings["collections"]:
        raise InvalidValueError(
            f"{folder} was begun on other paintings than {', '.join(map(str, config.data))} holds now; "
            "begin another run with another --name."
        )
    may_change = {"collections", "patience"} | ({"epochs"} if config.recipe_settings.extensible else set())
    compared = (settings.keys() & before.keys()) - may_change
    changed = sorted(key for key in compared if before[key] != settings[key])
    if changed:
        key = changed[0]
        flag = next(name for name, stored in stored_names(config).items() if stored == key).replace("_", "-")
        raise InvalidValueError(
            f"{folder} was begun with --{flag} {before[key]}, not {settings[key]}; "
            "resume it with the settings it has, or choose another --name."
        )


def _config_from_settings(folder: Path, settings: Mapping[str, Any]) -> TrainConfig:
    """The config that `saved_settings` made plain, without what its recipe does not use or what is not saved."""
    unused = TrainConfig(recipe=settings["recipe"]).recipe_settings.unused
    values = {
        stored: Path(settings[stored]) if name.endswith("_triplets") and settings[stored] else settings[stored]
        for name, stored in stored_names(TrainConfig).items()
        if stored in settings and name not in (*unused, *NOT_SAVED)
    }
    return from_stored(TrainConfig, {**values, "data": (), "name": folder.resolve().name, "runs": folder.parent})
