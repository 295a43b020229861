"""Encoders on disk. Nothing is ever unpickled: files are read with `weights_only=True`."""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import torch

from painter_search.collection.settings import Framing
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.network import expected_normalization
from painter_search.encoder.settings import EncoderConfig
from painter_search.errors import UserError
from painter_search.folders import write_bytes

FORMAT = 1
"""Version of the checkpoint's layout."""


def save_checkpoint(path: Path, encoder: Encoder, framing: Framing, **more: Any) -> None:
    """Write an encoder with the framing it was made for, and whatever else belongs to it (plain values, tensors)."""
    content = {
        "format": FORMAT,
        "encoder": asdict(encoder.config),
        "framing": framing,
        "model": encoder.state_dict(),
        **more,
    }
    _write(path, content)


def add_to_checkpoint(path: Path, **more: Any) -> None:
    """Write a checkpoint again with more that belongs to it."""
    _write(path, {**read_checkpoint(path), **more})


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint. Raises `UserError` where the file is missing, damaged, or of another format."""
    if not path.is_file():
        raise UserError(f"{path} does not exist; train an encoder first: `python -m painter_search.train`.")
    try:
        _check_sizes(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(
            f"{path} is no checkpoint that can be read safely; it is damaged or not ours: copy it again, or delete it "
            "and continue its run from the epoch before with --resume."
        ) from error
    if not isinstance(content, dict) or not {"format", "encoder", "framing", "model"} <= set(content):
        raise UserError(f"{path} is no checkpoint of painter_search; give a runs/<name>/best.pt.")
    if content["framing"] not in get_args(Framing):
        raise UserError(f"{path} says nothing of the framing it was trained on; it is damaged: train again.")
    if content["format"] != FORMAT:
        raise UserError(f"{path} has format {content['format']}, and this version reads format {FORMAT}; train again.")
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    # Through memory: given a path, torch would write its name into the file, and hide that a disk is full.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(path, buffer.getbuffer())


def _check_sizes(path: Path) -> None:
    """Raises an error for an archive that would unpack to more than it is, or with a part that is not as written."""
    with zipfile.ZipFile(path) as archive:
        if any(part.compress_type != zipfile.ZIP_STORED for part in archive.infolist()) or archive.testzip():
            raise ValueError("not written by torch.save, or damaged")


def encoder_of_checkpoint(content: dict[str, Any], source: Path) -> Encoder:
    """The encoder that a checkpoint holds, in evaluation mode."""
    try:
        encoder = Encoder(EncoderConfig.from_plain(content["encoder"]))
        encoder.load_state_dict(content["model"])
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{source} does not fit its own description; it is damaged: train again.") from error
    return encoder.eval()


def load_encoder(path: Path) -> tuple[Encoder, Framing]:
    """The encoder in a checkpoint, in evaluation mode, and the framing it was trained on."""
    content = read_checkpoint(path)
    return encoder_of_checkpoint(content, path), content["framing"]


def start_encoder(backbone: str, weights: str, seed: int, **settings: Any) -> Encoder:
    """An encoder before any training, in evaluation mode; `settings` are those of `EncoderConfig`."""
    mean, std = expected_normalization(backbone)
    return Encoder(EncoderConfig(backbone=backbone, mean=mean, std=std, **settings), weights, seed).eval()
