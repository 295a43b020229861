"""An encoder with its card, saved and pushed to the Hugging Face hub."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from painter_search.common.errors import NotFoundError
from painter_search.common.files.atomic_io import write_bytes
from painter_search.common.files.urls import expand_home
from painter_search.common.log import logger
from painter_search.display.model_card import model_card
from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.names import CARD, find_checkpoint, newest_run
from painter_search.encoder.hub.config import PushConfig
from painter_search.encoder.hub.push import push_folder
from painter_search.encoder.load_encoder import load_encoder
from painter_search.training.run import Run, is_finished


@dataclass(frozen=True)
class Pushed:
    """What was pushed, or only written."""

    repository: str
    url: str | None
    """The repository's address; None where nothing was pushed."""
    folder: Path | None
    """The folder that was written instead."""
    files: dict[str, int]
    """The files' sizes in bytes."""

    def to_dict(self) -> dict[str, object]:
        """Plain values, as `push-to-hub --json` prints them."""
        folder = None if self.folder is None else self.folder.as_posix()
        return {"repository": self.repository, "url": self.url, "folder": folder, "files": self.files}


def push_encoder(config: PushConfig) -> Pushed:
    """Push an encoder to the Hugging Face hub, with a card made from its run's report.

    Raises:
        NotFoundError: There is no such encoder, or you may not write to the repository.
        MissingPackageError: huggingface_hub is not installed.
        UnreachableError: The hub cannot be reached.

    Example:
        >>> push_encoder(PushConfig("ann/hands", encoder="runs/strong")).url  # doctest: +SKIP
        'https://huggingface.co/ann/hands'
    """
    source = config.encoder if config.encoder is not None else newest_run(config.runs)
    if source is None:
        raise NotFoundError(f"{config.runs} holds no finished run; train first, or give --encoder.")
    logger.info(f"Encoder: {source}")
    encoder, run = load_encoder(source), _run_of(expand_home(source))
    if config.folder is not None:
        return Pushed(config.repository, None, config.folder, _write(encoder, run, config, config.folder))
    with tempfile.TemporaryDirectory(prefix="painter-search-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary, "encoder")
        files = _write(encoder, run, config, folder)
        url = push_folder(folder, config.repository, private=not config.public)
    return Pushed(config.repository, url, None, files)


def _write(encoder: Encoder, run: Run | None, config: PushConfig, folder: Path) -> dict[str, int]:
    encoder.save(folder, precision=config.precision)
    write_bytes(folder / CARD, model_card(encoder, run, config.repository, config.license).encode())
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir())}


def _run_of(source: Path) -> Run | None:
    """The finished run that an encoder is the best epoch of; None for another epoch, which was not measured on its own.

    `source` is the run's folder or a checkpoint in it.
    """
    folder = source if source.is_dir() else source.parent
    if not is_finished(folder):
        return None
    run = Run.load(folder)
    if source == folder:
        return run
    file = find_checkpoint(source)
    return run if file.is_file() and read_checkpoint(file).get("epoch") == run.best_epoch else None
