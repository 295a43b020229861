"""A run's folder: `runs/<name>/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from painter_search.collection.collection import Collection
from painter_search.errors import UserError
from painter_search.folders import read_json, write_json
from painter_search.training.findings import TestScore, portable
from painter_search.training.history import Phase
from painter_search.training.recipe import TrainConfig


@dataclass(frozen=True)
class Run:
    """A finished training."""

    folder: Path
    config: TrainConfig
    history: list[Phase]
    best_epoch: int
    test: TestScore | None
    """None where the collection has no test triplets."""

    @property
    def best(self) -> Path:
        """The checkpoint of the epoch that did best on validation artists."""
        return self.folder / "best.pt"


def open_run_folder(config: TrainConfig, collections: Sequence[Collection], device: str) -> Path:
    """The folder to train in: a new one, or the unfinished one to resume.

    Raises `UserError` where a run of that name is there already, or the one to resume had other settings or paintings.
    """
    name = config.name or config.recipe
    folder = config.runs / name
    number = 2
    while config.name is None and is_finished(folder):
        folder = config.runs / f"{name}-{number}"
        number += 1
    if config.resume:
        return _resumed(folder, config, lasting_settings(config, collections))
    if is_finished(folder):
        raise UserError(f"{folder} is a finished run; choose another --name, or delete the folder.")
    if (folder / "config.json").is_file():
        raise UserError(f"{folder} is an unfinished run; add --resume to continue it, or choose another --name.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made ({error.strerror}); choose another --runs.") from error
    write_json(folder / "config.json", {**lasting_settings(config, collections), "device": device})
    return folder


def is_finished(folder: Path) -> bool:
    """Whether a run has come to its end."""
    return (folder / "score.json").is_file()


def lasting_settings(config: TrainConfig, collections: Sequence[Collection]) -> dict[str, Any]:
    """The settings that shape the result, as plain values, and which paintings they were applied to.

    Files go by their names alone: runs are handed around, and where their maker's files lie is nobody's business.
    """
    passing = {"data", "name", "runs", "resume", "workers", "device"}
    settings = {**asdict(config), **asdict(config.settled)}
    settings["weights"] = Path(config.weights).name
    plain = {
        key: value.name if isinstance(value, Path) else value for key, value in settings.items() if key not in passing
    }
    return {**plain, "collections": [[collection.name, collection.digest] for collection in collections]}


def _resumed(folder: Path, config: TrainConfig, now: dict[str, Any]) -> Path:
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder} is no run that could be resumed; leave out --resume to begin one.")
    before = read_json(folder / "config.json")
    if not isinstance(before, dict):
        raise UserError(f"{folder / 'config.json'} is damaged; begin another run with another --name.")
    if before.get("collections", now["collections"]) != now["collections"]:
        raise UserError(
            f"{folder} was begun on other paintings than {', '.join(map(str, config.data))} holds now; "
            "begin another run with another --name."
        )
    # A run may be made longer, where no schedule depends on its end; everything else would make it another run.
    free = {"epochs", "patience"} if config.recipe == "report" else {"patience"}
    settled = (now.keys() & before.keys()) - {"collections"} - free
    changed = sorted(key for key in settled if before[key] != now[key])
    if changed:
        key = changed[0]
        raise UserError(
            f"{folder} was begun with --{key.replace('_', '-')} {before.get(key)}, not {now[key]}; "
            "resume it with the settings it has, or choose another --name."
        )
    return folder


def save_score(folder: Path, run: Run) -> None:
    """Write `score.json`, the sign that the run is complete."""
    write_json(folder / "score.json", {"best_epoch": run.best_epoch, "test": portable(run.test)})
