"""What an encoder is: saved with it, so that every later painting is seen as the training paintings were."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

EMBEDDING_SIZE = 256
MOST_SIDE = 2048
"""Side of the largest view that is taken for meant."""
IMAGE_SIDE = 224
"""Side of a view in pixels: what the networks were pre-trained on."""
Channels = tuple[float, float, float]
IMAGENET_MEAN: Channels = (0.485, 0.456, 0.406)
IMAGENET_STD: Channels = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class EncoderConfig:
    """How a frame becomes an embedding."""

    backbone: str = "resnet34"
    """A torchvision classifier, or any timm model where timm is installed."""
    image_side: int = IMAGE_SIDE
    """Side of the square view in pixels."""
    mean: Channels = IMAGENET_MEAN
    """Mean per channel (pixels from 0 to 1) that is subtracted before the network."""
    std: Channels = IMAGENET_STD
    """Standard deviation per channel that it is divided by."""
    views: Literal["center", "parts"] = "center"
    """What is seen of a frame. center: its central square. parts: all of it and its four quarters."""
    unit: bool = False
    """Whether embeddings have length 1."""
    head: Literal["linear", "readout"] = "linear"
    """The new last layer. linear: of the last features. readout: of statistics of several stages, see `stages.py`."""
    stages: tuple[str, ...] = ()
    """With a readout: the parts of the network whose outputs are read beside the last features."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what describes no encoder: files of strangers are read, too."""
        numbers = all(
            isinstance(number, int | float) and math.isfinite(number) and (number > 0 or channels is self.mean)
            for channels in (self.mean, self.std)
            for number in channels
        )
        sides = type(self.image_side) is int and 32 <= self.image_side <= MOST_SIDE and self.image_side % 32 == 0
        names = isinstance(self.backbone, str) and all(isinstance(stage, str) for stage in self.stages)
        choices = self.views in ("center", "parts") and self.head in ("linear", "readout")
        if not (numbers and len(self.mean) == len(self.std) == 3 and sides and names and choices):
            raise ValueError(f"there is no encoder {self}")

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> EncoderConfig:
        """The settings as JSON or a checkpoint holds them; raises `TypeError` or `ValueError` for what are none."""
        plain: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return cls(**plain)
