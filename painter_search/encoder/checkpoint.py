"""Encoders on disk. Nothing is ever unpickled: files are read with `weights_only=True`."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypedDict, cast, get_args

import torch

from painter_search.common.atomic_io import write_bytes
from painter_search.common.errors import DamagedFileError, NotFoundError, PainterSearchError
from painter_search.common.log import logger
from painter_search.common.stored import from_stored, to_stored
from painter_search.encoder.backbone import architecture_of, expected_normalization
from painter_search.encoder.config import IMG_SIZE, EncoderConfig
from painter_search.encoder.network import EncoderNetwork
from painter_search.images.types import Framing
from painter_search.metrics.confidence import Confidence

FORMAT = 1
"""Version of the checkpoint's layout."""


class _RequiredEntries(TypedDict):
    format: int
    encoder: dict[str, object]
    """`EncoderConfig` under its names on disk."""
    framing: Framing
    model: dict[str, torch.Tensor]
    """The state dict of the `EncoderNetwork`."""


class Checkpoint(_RequiredEntries, total=False):
    """The content of a checkpoint file. A recipe adds entries of its own, from which it resumes."""

    confidence: dict[str, object]
    """The calibration, in a finished run's `best.pt`."""
    config: dict[str, object]
    """The run's settings, as in its `config.json`."""
    epoch: int
    best_epoch: int
    history: list[dict[str, object]]
    """`EpochMetrics` so far, as plain values."""


def save_checkpoint(path: Path, encoder: EncoderNetwork, framing: Framing, **entries: object) -> None:
    """Write an encoder with the framing it was made for, and further `entries` (plain values, tensors)."""
    content = {
        "format": FORMAT,
        "encoder": to_stored(encoder.config),
        "framing": framing,
        "model": encoder.state_dict(),
        **entries,
    }
    _write(path, content)


def add_to_checkpoint(path: Path, **entries: object) -> None:
    """Write a checkpoint again with further `entries`."""
    _write(path, {**read_checkpoint(path), **entries})


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        NotFoundError: There is no such file.
        DamagedFileError: The file is damaged, no checkpoint, or of another format.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; train an encoder first: `python -m painter_search.train`.")
    try:
        _check_archive(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DamagedFileError(
            f"{path} cannot be read safely as a checkpoint; it is damaged, or no checkpoint: copy it again, or delete "
            "it and continue its run from the epoch before with --resume."
        ) from error
    if not isinstance(content, dict) or not {"format", "encoder", "framing", "model"} <= set(content):
        raise DamagedFileError(f"{path} is no checkpoint of painter_search; give a runs/<name>/best.pt.")
    if content["framing"] not in get_args(Framing):
        raise DamagedFileError(f"{path} does not say which framing it was trained on; it is damaged: train again.")
    if content["format"] != FORMAT:
        raise DamagedFileError(
            f"{path} has format {content['format']}, and this version reads format {FORMAT}; train again."
        )
    return cast("Checkpoint", content)


def _write(path: Path, content: Mapping[str, object]) -> None:
    # Through memory: given a path, torch would write its name into the file, and hide that a disk is full.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(path, buffer.getbuffer())


def _check_archive(path: Path) -> None:
    """Raise `ValueError` for an archive with compressed members (they unpack to any size) or a wrong checksum."""
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()) or archive.testzip():
            raise ValueError("not written by torch.save, or damaged")


def network_of_checkpoint(content: Checkpoint, source: Path) -> EncoderNetwork:
    """The network that a checkpoint holds, in evaluation mode; raise `DamagedFileError` where it does not fit."""
    try:
        network = EncoderNetwork(from_stored(EncoderConfig, content["encoder"]))
        network.load_state_dict(content["model"])
    except PainterSearchError:
        raise  # an unknown backbone, say, has a sentence of its own
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise DamagedFileError(f"{source} does not fit its own description; it is damaged: train again.") from error
    return network.eval()


def confidence_of_checkpoint(content: Checkpoint, source: Path) -> Confidence | None:
    """The calibration that a checkpoint holds, None for an encoder without one; raise `DamagedFileError` if damaged."""
    stored = content.get("confidence")
    if stored is None:
        return None
    try:
        confidence = from_stored(Confidence, stored)
        numbers = (
            *confidence.same_artist_weights,
            *confidence.artist_known_weights,
            confidence.sharpness,
            confidence.threshold,
        )
        valid = (
            len(confidence.same_artist_weights) == 2
            and len(confidence.artist_known_weights) == 4
            and all(map(math.isfinite, numbers))
        )
        valid = valid and isinstance(confidence.artists, int) and isinstance(confidence.works, int)
    except (AttributeError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{source} has a damaged calibration; copy it again, or train again.") from error
    if not valid:
        raise DamagedFileError(f"{source} has a damaged calibration; copy it again, or train again.")
    return confidence


def start_encoder(
    backbone: str,
    weights: str,
    seed: int,
    *,
    img_size: int = IMG_SIZE,
    views: Literal["center", "parts"] = "center",
    normalize: bool = False,
) -> EncoderNetwork:
    """An encoder's network before any training, in evaluation mode.

    See `build_network` for `weights`, `seed` and the errors, and `EncoderConfig` for the other settings.
    """
    mean, std = expected_normalization(backbone)
    architecture = architecture_of(backbone)
    if architecture != backbone and weights == "imagenet":
        weights = backbone
    config = EncoderConfig(architecture, img_size=img_size, mean=mean, std=std, views=views, normalize=normalize)
    encoder = EncoderNetwork(config, weights, seed).eval()
    if encoder.config.img_size != img_size:
        logger.info(f"{architecture} takes squares of {encoder.config.img_size} px; --img-size {img_size} is not used.")
    return encoder
