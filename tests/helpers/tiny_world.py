"""The smallest world in which every command can run: a tiny backbone and tiny paintings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torchvision import models
from torchvision.models._api import register_model  # it has no public name

from painter_search.common.files.stored import to_stored
from painter_search.encoder.checkpoint import add_to_checkpoint, save_checkpoint
from painter_search.encoder.network import untrained_network
from painter_search.images.types import Framing
from painter_search.metrics.confidence import Confidence

BACKBONE = "tiny_fault_net"


class TinyNet(nn.Module):
    """Two stages and a linear layer, arranged as torchvision's residual networks are."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(3, 8, 3, stride=4), nn.BatchNorm2d(8), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(8, 16, 3, stride=2), nn.BatchNorm2d(16), nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.flatten(self.avgpool(self.layer2(self.layer1(images))), 1))


def register_tiny_backbone() -> None:
    """Register `--backbone tiny_fault_net` in this process, as one of torchvision's own."""
    if BACKBONE not in models.list_models():

        def build(**_: object) -> TinyNet:
            return TinyNet()

        build.__module__ = "torchvision.models.tiny"
        register_model(BACKBONE)(build)


def paint_tiny(path: Path, seed: int, side: int = 40) -> None:
    """Write a tiny painting: some patches of colour."""
    rng = np.random.default_rng(seed)
    patches = Image.fromarray(rng.integers(0, 256, (3, 3, 3), dtype=np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    patches.resize((side, side + seed % 5), Image.Resampling.BICUBIC).save(path, quality=90)


def paint_tiny_artists(folder: Path, artists: int, works: int, first: int = 0) -> Path:
    """Write a folder of artists, each with some tiny paintings."""
    for artist in range(artists):
        for work in range(works):
            paint_tiny(
                folder / f"Artist {artist:02d}" / f"{first + artist * 100 + work}.jpg", first + artist * 100 + work
            )
    return folder


def add_calibration(checkpoint: Path) -> None:
    """Give a checkpoint a PLDA of random directions, and a calibration that weighs it and distances."""
    rng = np.random.default_rng(0)
    confidence = Confidence(
        same_artist_weights=(12.0, -13.0),
        artist_known_weights=(-4.64, -11.29, -11.92, -1.49),
        sharpness=20.0,
        threshold=0.5,
        artists=6,
        works=35,
        share_weights=(0.02, 5.0),
        known_weights=(0.5, 0.01, -0.1),
        strangers=tuple(np.linspace(0, 0.8, 101).tolist()),
        right=tuple(np.linspace(0.2, 1, 101).tolist()),
        measured_works=1150,
        measured_artists=30,
    )
    plda = {
        "mean": torch.zeros(256),
        "transform": torch.from_numpy(rng.normal(size=(256, 256)).astype(np.float32)),
        "between": torch.linspace(2, 0.1, 256),
    }
    add_to_checkpoint(checkpoint, confidence=to_stored(confidence), plda=plda)


def save_tiny_encoder(path: Path, framing: Framing = "whole", seed: int = 1) -> Path:
    """Write a checkpoint of the tiny encoder, as training would."""
    register_tiny_backbone()
    save_checkpoint(path, untrained_network(BACKBONE, "none", seed, img_size=64), framing)
    return path
