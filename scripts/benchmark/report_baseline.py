"""The report's method, written plainly: the baseline that `benchmark.py` times painter_search against.

Each triplet loads three images and takes three float32 forward passes, without loader processes; every transform
resamples for itself; originals are decoded in full. This is what a careful reader of the report would write.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from PIL import Image
from torch import nn
from torchvision import models, transforms

NORMALIZE = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
TO_TENSOR = transforms.Compose([transforms.ToTensor(), NORMALIZE])
AUGMENT = transforms.Compose(
    [
        transforms.RandomVerticalFlip(0.5),
        transforms.RandomHorizontalFlip(0.5),
        transforms.RandomRotation(15),
        transforms.ColorJitter(brightness=0.5, hue=0.3),
        transforms.RandomPerspective(0.6, p=0.2),
        transforms.ToTensor(),
        NORMALIZE,
    ]
)

Triplet = tuple[Path, Path, Path]

TEST_TRIPLETS, TEST_PAINTINGS = 6135, 4383
"""Size of the report's published test set, counted from its triplet file."""
TRAINING_TRIPLETS, TRAINING_PAINTINGS = 23755, 6892
"""The same of its training set."""


def build_network(backbone: str = "resnet34") -> nn.Module:
    """ResNet-34 (or another with a layer `fc`) with a new last layer of 256 outputs."""
    network = models.get_model(backbone, weights=None)
    network.fc = nn.Linear(network.fc.in_features, 256)
    return network


def load_image(path: Path) -> Image.Image:
    """Load one image as RGB."""
    return Image.open(path).convert("RGB")


@torch.no_grad()
def triplet_accuracy(network: nn.Module, triplets: Sequence[Triplet], batch: int = 64) -> float:
    """Load and embed all three images of every triplet; return the share with d(a, p) < d(a, n)."""
    network.eval()
    hits = 0
    for start in range(0, len(triplets), batch):
        block = triplets[start : start + batch]
        anchor, positive, negative = (
            network(torch.stack([TO_TENSOR(load_image(triplet[role])) for triplet in block])) for role in range(3)
        )
        hits += int((F.pairwise_distance(anchor, positive) < F.pairwise_distance(anchor, negative)).sum())
    return hits / len(triplets)


@torch.no_grad()
def embed(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Embed images with one float32 forward pass."""
    return network.eval()(images)


def training_step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    anchor: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
) -> None:
    """Take three forward passes, the triplet loss, and one backward pass."""
    network.train()
    optimizer.zero_grad()
    loss = F.triplet_margin_loss(network(anchor), network(positive), network(negative), margin=5.0)
    loss.backward()
    optimizer.step()


def prepare_whole(source: Path, target: Path, side: int = 448, quality: int = 92) -> None:
    """Decode in full, reduce the short side to `side` pixels, and save at the quality of our frames."""
    image = load_image(source)
    scale = side / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    image.resize(size, Image.Resampling.BICUBIC).save(target, "JPEG", quality=quality, subsampling=0)
