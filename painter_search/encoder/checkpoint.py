"""Checkpoints: an encoder and all that its training continues from, in one safetensors file.

Those of earlier versions, which `torch.save` wrote, are read too. Nothing is ever unpickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict, cast, get_args

import torch

from painter_search.common.errors import DamagedFileError, NotFoundError, PainterSearchError
from painter_search.common.files.atomic_io import write_bytes
from painter_search.common.files.lfs import refuse_lfs_pointer
from painter_search.common.files.stored import from_stored, to_stored
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.files.names import BEST, LAST, OLD_SUFFIX, SUFFIX
from painter_search.encoder.files.plda_file import plda_from_arrays
from painter_search.encoder.files.safetensors_file import from_safetensors, to_safetensors
from painter_search.encoder.files.torch_archive import MAGIC, from_torch_archive
from painter_search.encoder.network import EncoderNetwork
from painter_search.images.types import Framing
from painter_search.metrics.identification.plda import PLDA

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
    """The content of a checkpoint file.

    A recipe adds entries of its own, from which it resumes; the last two checkpoints of a run have them.
    """

    confidence: dict[str, object]
    """The calibration, in a finished run's `best.safetensors`."""
    plda: dict[str, torch.Tensor]
    """The fields of `PLDA`, in a finished run's `best.safetensors`."""
    config: dict[str, object]
    """The run's settings, as in its `config.json`."""
    epoch: int
    best_epoch: int
    history: list[dict[str, object]]
    """`EpochMetrics` so far, as plain values."""
    trained_artists: list[str]
    """The artists that it was trained or validated on, as `digest_artists` gives them; those of earlier versions lack
    them."""


def save_checkpoint(path: Path, encoder: EncoderNetwork, framing: Framing, **entries: object) -> None:
    """Write an encoder with the framing it was made for, and further `entries` (plain values, tensors)."""
    content = {
        "format": FORMAT,
        "encoder": to_stored(encoder.config),
        "framing": framing,
        "model": encoder.state_dict(),
        **entries,
    }
    write_bytes(path, to_safetensors(content))


def add_to_checkpoint(path: Path, **entries: object) -> None:
    """Write a checkpoint again with further `entries`."""
    write_bytes(path, to_safetensors({**read_checkpoint(path), **entries}))


def drop_training_state(path: Path) -> None:
    """Write a checkpoint again without what a recipe resumes from; nothing happens where it holds none."""
    content = read_checkpoint(path)
    if state := training_state(content):
        write_bytes(path, to_safetensors({name: value for name, value in content.items() if name not in state}))


def training_state(content: Checkpoint) -> set[str]:
    """The names of the entries that a recipe added to resume from."""
    return content.keys() - (Checkpoint.__required_keys__ | Checkpoint.__optional_keys__)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        NotFoundError: There is no such file.
        DamagedFileError: The file is damaged, no checkpoint, or of another format.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; train an encoder first: `python -m painter_search.train`.")
    try:
        file = path.read_bytes()
        content = from_torch_archive(file) if file.startswith(MAGIC) else from_safetensors(file)
    except Exception as error:
        refuse_lfs_pointer(path)
        raise DamagedFileError(
            f"{path} cannot be read safely as a checkpoint; it is damaged, or no checkpoint: copy it again, or delete "
            "it and continue its run from the epoch before with --resume."
        ) from error
    if not isinstance(content, dict) or not Checkpoint.__required_keys__ <= content.keys():
        raise DamagedFileError(f"{path} is not a checkpoint of painter_search; give a runs/<name>/{BEST}.")
    if content["framing"] not in get_args(Framing):
        raise DamagedFileError(f"{path} does not say which framing it was trained on; it is damaged: train again.")
    if content["format"] != FORMAT:
        raise DamagedFileError(
            f"{path} has format {content['format']}, and this version reads format {FORMAT}; train again."
        )
    return cast("Checkpoint", content)


def convert_checkpoints(folder: Path) -> None:
    """Write the checkpoints of a run that an earlier version began anew, as safetensors, in place of the old ones."""
    for old in sorted(folder.glob(f"epoch_*{OLD_SUFFIX}")):
        write_bytes(old.with_suffix(SUFFIX), to_safetensors(read_checkpoint(old)))
        old.unlink()
    for name in (BEST, LAST):
        (folder / name).with_suffix(OLD_SUFFIX).unlink(missing_ok=True)


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


def plda_of_checkpoint(content: Checkpoint, source: Path) -> PLDA | None:
    """The PLDA that a checkpoint holds, None for an encoder without one; raise `DamagedFileError` if damaged."""
    stored = content.get("plda")
    if stored is None:
        return None
    try:
        return plda_from_arrays(*(stored[name].numpy() for name in ("mean", "transform", "between")))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{source} has a damaged calibration; copy it again, or train again.") from error


def training_collections(content: Checkpoint) -> tuple[str, ...] | None:
    """The names of the collections that a checkpoint was trained on; None where it does not say."""
    try:
        return tuple(str(name) for name, _ in cast("Any", content["config"]["collections"]))
    except (KeyError, TypeError, ValueError):
        return None


def training_artists(content: Checkpoint) -> tuple[str, ...] | None:
    """The digests of the artists that a checkpoint learned from; None where it does not say."""
    digests: object = content.get("trained_artists")
    return tuple(map(str, digests)) if isinstance(digests, list) else None
