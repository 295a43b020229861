"""Checkpoints as safetensors: tensors under their names, everything else as JSON in the header, and a digest of all.

The network's own tensors keep the names of its state dict, so that any reader of safetensors gets a state dict. Others
(an optimizer's) are named by their path, `/optimizer/state/0/exp_avg`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import torch

from painter_search.encoder.files.safetensors_header import read_header

MODEL = "model"
"""The entry whose tensors keep their names."""
CONTENT, DIGEST = "painter_search", "sha256"
"""Keys of the header's metadata, beside `format: pt`, which other readers expect."""
TENSOR, ITEMS, TUPLE = "$tensor", "$items", "$tuple"
"""What stands in the JSON for a tensor, a dictionary whose keys are no plain texts, and a tuple."""

Tensors = dict[str, torch.Tensor]


def to_safetensors(content: Mapping[str, object]) -> bytes:
    """Nested dictionaries, lists and tuples of plain values and tensors as the bytes of a safetensors file.

    `content["model"]` is a state dict. Tensors are written contiguous, from whichever device.
    """
    from safetensors.torch import save

    rest = {name: value for name, value in content.items() if name != MODEL}
    model = content[MODEL]
    assert isinstance(model, Mapping)
    tensors: Tensors = dict(model)
    description = json.dumps(_to_plain(rest, "", tensors))
    # Clones: safetensors refuses tensors that share memory.
    tensors = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in tensors.items()
    }
    metadata = {"format": "pt", CONTENT: description, DIGEST: _digest(description, tensors)}
    return _with_ordered_metadata(save(tensors, metadata))


def from_safetensors(file: bytes) -> dict[str, Any]:
    """What `to_safetensors` wrote; tensors are on the CPU. Raises `ValueError` where anything has changed since."""
    from safetensors.torch import load

    metadata = read_header(file)[0]["__metadata__"]
    tensors: Tensors = load(file)
    description = metadata[CONTENT]
    if _digest(description, tensors) != metadata[DIGEST]:
        raise ValueError("its content has changed since it was written")
    content: dict[str, Any] = _from_plain(json.loads(description), tensors)
    content[MODEL] = {name: value for name, value in tensors.items() if not name.startswith("/")}
    return content


def _with_ordered_metadata(file: bytes) -> bytes:
    """The same file with its metadata in order: safetensors writes them in another order every time."""
    header, start = read_header(file)
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text + file[start:]


def _to_plain(value: Any, path: str, tensors: Tensors) -> Any:
    """A value as JSON has it; its tensors are put into `tensors` under their paths."""
    if isinstance(value, torch.Tensor):
        tensors[path] = value
        return {TENSOR: path}
    if isinstance(value, Mapping):
        items = [(key, _to_plain(inner, f"{path}/{key}", tensors)) for key, inner in value.items()]
        is_object = all(isinstance(key, str) and not key.startswith("$") for key, _ in items)
        return dict(items) if is_object else {ITEMS: items}
    if isinstance(value, list | tuple):
        values = [_to_plain(inner, f"{path}/{number}", tensors) for number, inner in enumerate(value)]
        return {TUPLE: values} if isinstance(value, tuple) else values
    return value


def _from_plain(value: Any, tensors: Tensors) -> Any:
    if isinstance(value, list):
        return [_from_plain(inner, tensors) for inner in value]
    if not isinstance(value, dict):
        return value
    if TENSOR in value:
        return tensors[value[TENSOR]]
    if ITEMS in value:
        return {key: _from_plain(inner, tensors) for key, inner in value[ITEMS]}
    if TUPLE in value:
        return tuple(_from_plain(inner, tensors) for inner in value[TUPLE])
    return {key: _from_plain(inner, tensors) for key, inner in value.items()}


def _digest(description: str, tensors: Tensors) -> str:
    """SHA-256 of the JSON, and of every tensor's name, type, shape and numbers, as 64 hexadecimal digits."""
    digest = sha256(description.encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"\0{name} {value.dtype} {list(value.shape)}\0".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
