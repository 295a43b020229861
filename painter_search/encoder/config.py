"""The settings of an encoder, saved with it so that later paintings are seen as the training paintings were."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

EMBEDDING_SIZE = 256
MAX_IMG_SIZE = 2048
"""Largest accepted side of a view in pixels; a larger number in a file is taken for damage."""
IMG_SIZE = 224
"""Default side of a view in pixels: the size that the backbones were pre-trained on."""
Channels = tuple[float, float, float]
Views = Literal["center", "parts", "sized-parts", "equal-parts"]
IMAGENET_MEAN: Channels = (0.485, 0.456, 0.406)
IMAGENET_STD: Channels = (0.229, 0.224, 0.225)

LOCAL_RAY = "local"
"""Ray's address for a cluster that it starts on this machine, which ends with the program."""


@dataclass(frozen=True)
class EncoderConfig:
    """How a frame becomes an embedding."""

    backbone: str = "resnet34"
    """A torchvision classifier, or any timm model where timm is installed."""
    img_size: int = field(default=IMG_SIZE, metadata={"stored": "image_side"})
    """Side of the square view in pixels."""
    mean: Channels = IMAGENET_MEAN
    """Mean per channel (pixels from 0 to 1) that is subtracted before the network."""
    std: Channels = IMAGENET_STD
    """Standard deviation per channel that the difference is divided by."""
    views: Views = "center"
    """What the network sees of a frame. center: its central square. sized-parts: the whole frame and its four quarters,
    each in a square that enlarges it little. equal-parts: the same for a network of one size, always in squares of
    `img_size`. parts: what earlier versions saw, all views of a frame in squares of one size, no quarters of small
    frames."""
    normalize: bool = field(default=False, metadata={"stored": "unit"})
    """Whether embeddings have length 1."""
    head: Literal["linear", "readout"] = "linear"
    """The new last layer. linear: of the last features. readout: of statistics of several stages, see
    `multi_stage_features.py`."""
    stages: tuple[str, ...] = ()
    """With a readout: the submodules whose outputs are read besides the last features."""

    @property
    def any_size(self) -> bool:
        """Whether views have the size that suits a frame, up to `img_size`."""
        return self.views in ("parts", "sized-parts")

    def __post_init__(self) -> None:
        """Raise `ValueError` for values that describe no encoder; files from strangers are read, too."""
        valid_channels = all(
            isinstance(number, int | float) and math.isfinite(number) and (number > 0 or channels is self.mean)
            for channels in (self.mean, self.std)
            for number in channels
        )
        valid_size = type(self.img_size) is int and 32 <= self.img_size <= MAX_IMG_SIZE
        valid_names = isinstance(self.backbone, str) and all(isinstance(stage, str) for stage in self.stages)
        valid_choices = self.views in get_args(Views) and self.head in ("linear", "readout")
        three_channels = valid_channels and len(self.mean) == len(self.std) == 3
        if not (three_channels and valid_size and valid_names and valid_choices):
            raise ValueError(f"no encoder can have these settings: {self}")
