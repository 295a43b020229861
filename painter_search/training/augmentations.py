"""The report's training transforms, on RGB images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image
from torchvision import transforms

Augment = Callable[[Image.Image], Image.Image]


def build_augmentation(names: Sequence[str]) -> Augment:
    """The named transforms one after another, in the report's order and strengths.

    They draw from torch's random numbers.
    """
    steps = {
        "flips": [transforms.RandomVerticalFlip(0.5), transforms.RandomHorizontalFlip(0.5)],
        "rotation": [transforms.RandomRotation(15)],
        "jitter": [transforms.ColorJitter(brightness=0.5, hue=0.3)],
        "perspective": [transforms.RandomPerspective(0.6, p=0.2)],
        "blur": [transforms.GaussianBlur((5, 9), (0.1, 5.0))],
        "affine": [transforms.RandomAffine((-15, 15), translate=(0, 0), scale=(0.8, 1.2), shear=10)],
    }
    return transforms.Compose([step for name, group in steps.items() if name in names for step in group])
