"""Checkpoints as `torch.save` wrote them before they were safetensors (`best.pt`): read, never unpickled."""

from __future__ import annotations

import io
import zipfile

import torch

MAGIC = b"PK"
"""First bytes of such a file, a zip archive."""


def from_torch_archive(file: bytes) -> object:
    """The content of an archive, its tensors on the CPU; raises various errors where it cannot be read safely."""
    _check_archive(file)
    content: object = torch.load(io.BytesIO(file), map_location="cpu", weights_only=True)
    return content


def _check_archive(file: bytes) -> None:
    """Raise `ValueError` for an archive with compressed members (they unpack to any size) or a wrong checksum."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()) or archive.testzip():
            raise ValueError("not written by torch.save, or damaged")
