"""Saves an encoder as a folder, complete or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch

from painter_search.common.errors import InvalidValueError
from painter_search.common.files.atomic_io import recover_folder, replace_folder
from painter_search.encoder.files.encoder_folder import is_encoder_folder, write_description
from painter_search.encoder.files.external_weights import share_weights
from painter_search.encoder.files.names import ONNX, PLDA_FILE, WEIGHTS
from painter_search.encoder.files.plda_file import write_plda
from painter_search.encoder.inference.onnx_export import export_encoder
from painter_search.encoder.network import EncoderNetwork
from painter_search.images.types import Framing
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.identification.plda import PLDA

Precision = Literal["float32", "float16"]


def save_encoder_folder(
    network: EncoderNetwork,
    framing: Framing,
    confidence: Confidence | None,
    plda: PLDA | None,
    trained_artists: Sequence[str] | None,
    folder: Path,
    *,
    precision: Precision,
    onnx: bool,
) -> None:
    """Write an encoder's folder; see `Encoder.save`."""
    from safetensors.torch import save

    check_replaceable(folder)
    recover_folder(folder)
    staging = folder.with_name(f".{folder.name}.saving")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        state = {name: stored_tensor(value, precision) for name, value in network.state_dict().items()}
        (staging / WEIGHTS).write_bytes(save(state, {"format": "pt"}))
        if onnx:
            rounded = EncoderNetwork(network.config)
            rounded.load_state_dict(state)
            exported = export_encoder(rounded, as_stored=True)
            (staging / ONNX).write_bytes(share_weights(exported, staging / WEIGHTS))
        if plda is not None:
            write_plda(staging / PLDA_FILE, plda, plda.mean)
        write_description(staging, network.config, framing, confidence, trained_artists)
        for file in staging.iterdir():
            with file.open("rb+") as opened:
                os.fsync(opened.fileno())
        replace_folder(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_replaceable(folder: Path) -> None:
    """Raise `InvalidValueError` for a folder with anything but an encoder in it."""
    if folder.exists() and not (folder.is_dir() and (not any(folder.iterdir()) or is_encoder_folder(folder))):
        raise InvalidValueError(f"{folder} holds something else than an encoder; choose another folder.")


def stored_tensor(value: torch.Tensor, precision: Precision) -> torch.Tensor:
    """A tensor of a state dict as it is written, contiguous and on the CPU.

    In float16 are matrices and kernels alone: vectors, such as the statistics of batch normalisation, take no space.
    """
    value = value.detach().cpu().clone(memory_format=torch.contiguous_format)
    if precision == "float32" or value.dtype != torch.float32 or value.dim() < 2:
        return value
    half = value.half()
    return half if half.isfinite().all() else value
