"""The training itself, from the first to the last epoch."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

from painter_search.collection.collection import Collection
from painter_search.collection.triplets import read_triplets
from painter_search.encoder.checkpoint import (
    encoder_of_checkpoint,
    read_checkpoint,
    save_checkpoint,
    start_encoder,
)
from painter_search.encoder.device import keep_freed_memory, pick_device, within_gpu_memory
from painter_search.encoder.encoder import Encoder
from painter_search.errors import UserError
from painter_search.folders import digest_file, link_or_copy, locked, sweep
from painter_search.progress import say
from painter_search.training.calibration import add_confidence
from painter_search.training.course import Course
from painter_search.training.dataset import TripletPaths, gather_triplets
from painter_search.training.findings import score_on_test_artists
from painter_search.training.history import (
    Measure,
    Phase,
    as_rows,
    best_epoch,
    should_stop,
    sign_of_collapse,
    write_history,
)
from painter_search.training.phases import validation_phase
from painter_search.training.ranks import process_group, processes, rank, told_by_first, wait_for_all
from painter_search.training.recipe import TrainConfig
from painter_search.training.report import report_course, report_triplets
from painter_search.training.run import Run, lasting_settings, open_run_folder, save_score
from painter_search.training.strong import strong_course

EpochWatcher = Callable[[Path, Sequence[Phase]], None]


def train_encoder(
    config: TrainConfig, on_epoch: EpochWatcher | None = None, on_end: Callable[[Run], object] | None = None
) -> Run | None:
    """Train an encoder and keep it in `runs/<name>/`; `on_epoch` is told the folder and the history so far.

    `on_end` is told the run before it counts as finished, so that one killed meanwhile is resumed.

    The best epoch is chosen on validation artists; the test artists are scored once, at the end, with the network
    before training beside it. Under torchrun every process calls this; only the first one writes, and the others
    return None. Raises `UserError` for data, weights or settings that cannot be used.
    """
    keep_freed_memory()
    device = pick_device(config.device)
    collections = [Collection.open(folder) for folder in config.data]
    if any(collection.framing != collections[0].framing for collection in collections):
        raise UserError("the collections differ in framing; prepare them with the same --framing.")
    validating = _triplets(collections, "validation", config.validation_triplets)
    if config.recipe == "report":
        report_triplets(config, collections)  # what cannot be used is found before a folder is made
    with process_group(device):
        # Before the run's folder is made: weights that cannot be had must not leave an unfinished run behind.
        start = None if config.resume or rank() else _start(config)
        folder = told_by_first(lambda: open_run_folder(config, collections, device.type))
        lock = locked(folder / ".lock", f"{folder} is being trained") if rank() == 0 else nullcontext()
        with lock, within_gpu_memory():
            if rank() == 0:
                sweep(folder)
            return _train(config, start, folder, collections, validating, device, on_epoch, on_end)


def _start(config: TrainConfig) -> Encoder:
    """The network before training; `strong` looks at it through the same views as at the trained one."""
    strong = config.recipe == "strong"
    return start_encoder(
        config.backbone,
        config.weights,
        config.seed,
        image_side=config.image_side,
        views="parts" if strong else "center",
        unit=strong,
    )


def _train(
    config: TrainConfig,
    start: Encoder | None,
    folder: Path,
    collections: Sequence[Collection],
    validating: TripletPaths,
    device: torch.device,
    on_epoch: EpochWatcher | None,
    on_end: Callable[[Run], object] | None,
) -> Run | None:
    settings, framing, recipe = lasting_settings(config, collections), collections[0].framing, config.settled
    # Epoch 0 is the network as it begins: the baseline, and what a run killed in its first epoch resumes from.
    if rank() == 0 and _last_epoch(folder) is None:
        encoder = (start or _start(config)).to(device)
        history = [validation_phase(encoder, validating, recipe.margin, epoch=0)]
        save_checkpoint(_epoch(folder, 0), encoder, framing, config=settings, epoch=0, history=as_rows(history))
    reached = told_by_first(lambda: _last_epoch(folder) or 0)
    _see_that_all_share(_epoch(folder, reached))
    checkpoint = read_checkpoint(_epoch(folder, reached))
    encoder = encoder_of_checkpoint(checkpoint, _epoch(folder, reached)).to(device)
    history = [Phase(**row) for row in checkpoint["history"]]

    with _course(config, encoder, collections, validating, folder) as course:
        if reached:
            say(f"Continuing {folder} after epoch {reached}.")
            course.resume(checkpoint)
        for epoch in range(reached + 1, recipe.epochs + 1):
            if should_stop(history, recipe.patience):
                say(f"Stopped early: the validation loss has risen {recipe.patience} epochs running.")
                break
            trained = course.train(epoch)
            if rank():
                wait_for_all()
                continue
            history += [trained] if trained else []
            history.append(validation_phase(course.encoder, validating, recipe.margin, epoch))
            for collection in collections:
                collection.confirm()
            save_checkpoint(
                _epoch(folder, epoch),
                course.encoder,
                framing,
                config=settings,
                epoch=epoch,
                best_epoch=best_epoch(history, course.selected_by),
                history=as_rows(history),
                **course.state(),
            )
            _finish_epoch(folder, history, course.selected_by, on_epoch)
            sign = sign_of_collapse(history, recipe.margin)
            if sign:
                say(f"Warning: {sign}. The encoder has collapsed; train again with a lower --rate.")
            wait_for_all()
        held_out = course.held_out()
    if rank():
        return None
    _finish_epoch(folder, history, course.selected_by, on_epoch)
    best = best_epoch(history, course.selected_by)
    add_confidence(folder / "best.pt", validating, held_out, device)
    test = score_on_test_artists(_epoch(folder, 0), _epoch(folder, best), collections, config.test_triplets, device)
    run = Run(folder, config, history, best, test)
    if on_end is not None:
        on_end(run)
    save_score(folder, run)
    return run


def _see_that_all_share(file: Path) -> None:
    """Raises `UserError` in a process that has another file here than the first one, or none."""
    if processes() == 1:
        return
    digest = told_by_first(lambda: digest_file(file))
    if not file.is_file() or digest_file(file) != digest:
        raise UserError(
            f"{file.parent} on {socket.gethostname()} is not the folder that the first machine trains in; all machines "
            "need the same --data and --runs: folders that they share."
        )


def _course(
    config: TrainConfig, encoder: Encoder, collections: Sequence[Collection], validating: TripletPaths, folder: Path
) -> AbstractContextManager[Course]:
    if config.recipe == "report":
        return report_course(config, encoder, collections)
    return strong_course(config, encoder, collections, validating, folder)


def _triplets(collections: Sequence[Collection], part: str, file: Path | None) -> TripletPaths:
    return gather_triplets(collections, part, None if file is None else read_triplets(file))  # type: ignore[arg-type]


def _finish_epoch(folder: Path, history: Sequence[Phase], measure: Measure, on_epoch: EpochWatcher | None) -> None:
    """Bring everything that follows from the checkpoints up to date (again, where a kill came between)."""
    write_history(folder / "history.csv", history)
    link_or_copy(_epoch(folder, history[-1].epoch), folder / "last.pt")
    link_or_copy(_epoch(folder, best_epoch(history, measure)), folder / "best.pt")
    if on_epoch is not None:
        on_epoch(folder, history)


def _epoch(folder: Path, epoch: int) -> Path:
    return folder / f"epoch_{epoch:02d}.pt"


def _last_epoch(folder: Path) -> int | None:
    """The last epoch whose checkpoint is complete; None before the first."""
    numbers = [path.stem.removeprefix("epoch_") for path in folder.glob("epoch_*.pt")]
    return max((int(number) for number in numbers if number.isdecimal()), default=None)
