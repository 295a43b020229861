"""Encoders opened: from runs, checkpoints, folders, the Hugging Face hub, and ONNX files."""

from __future__ import annotations

from pathlib import Path

from painter_search.common.errors import DamagedFileError
from painter_search.common.files.urls import expand_home
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.calibration import read_confidence
from painter_search.encoder.files.encoder_folder import is_encoder_folder, read_encoder_folder
from painter_search.encoder.files.names import BEST, CONFIG, ONNX, PACKAGED, WEIGHTS, find_checkpoint
from painter_search.encoder.saved_encoder import OnnxFileEncoder, SavedEncoder

HUB_PREFIX = "hf-hub:"
"""Before OWNER/NAME of an encoder on the Hugging Face hub, as timm has it."""
PAINTER = "painter"
"""The name of the encoder that comes with the package."""


def load_encoder(path: str | Path, *, normalize: bool = True) -> Encoder:
    """Load an encoder, on the CPU and in evaluation mode. Nothing in the file is executed.

    Args:
        path: A folder that `Encoder.save` wrote, a run's folder, whose best epoch is taken, a checkpoint file, or
            `hf-hub:OWNER/NAME`, an encoder on the Hugging Face hub, which is fetched once; `painter`, the one that
            comes with the package; or the ONNX file of another network, which embeds the central square of pictures.
        normalize: For an ONNX file: whether embeddings are scaled to length 1.

    Raises:
        NotFoundError: There is no such file, or the folder or the hub has no such encoder.
        UnreachableError: The hub cannot be reached, and the encoder was not fetched before.
        DamagedFileError: The file is damaged or no encoder.
        MissingPackageError: The backbone needs timm, which is not installed.

    Example:
        >>> from painter_search import load_encoder
        >>> load_encoder("runs/strong").config.backbone  # doctest: +SKIP
        'resnet34'
    """
    if str(path).startswith(HUB_PREFIX):
        from painter_search.encoder.hub.fetch import fetch_encoder

        path = fetch_encoder(str(path).removeprefix(HUB_PREFIX))
    path = PACKAGED if str(path) == PAINTER else expand_home(path)
    folder = path.parent if path.name in (CONFIG, WEIGHTS, ONNX) else path
    if is_encoder_folder(folder):
        return SavedEncoder(read_encoder_folder(folder))
    if path.suffix.lower() == ".onnx":
        return OnnxFileEncoder(path, normalize)
    if (folder / WEIGHTS).is_file():
        raise DamagedFileError(
            f"{folder} has {WEIGHTS}, but no {CONFIG} of a painter_search encoder; copy the whole folder that "
            "`Encoder.save` wrote."
        )
    from painter_search.encoder.checkpoint import (
        network_of_checkpoint,
        plda_of_checkpoint,
        read_checkpoint,
        training_artists,
        training_collections,
    )

    file = find_checkpoint(path / BEST if path.is_dir() else path)
    content = read_checkpoint(file)
    confidence, plda = read_confidence(content.get("confidence"), file), plda_of_checkpoint(content, file)
    return Encoder(
        network_of_checkpoint(content, file),
        content["framing"],
        confidence,
        plda,
        training_collections(content),
        training_artists(content),
    )
