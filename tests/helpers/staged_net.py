"""A tiny backbone with everything that training must handle: four stages, batch normalisation and dropout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models
from torchvision.models._api import register_model  # it has no public name

BACKBONE = "tiny_staged_net"


class StagedNet(nn.Module):
    """Four stages, dropout and a linear layer, arranged as torchvision's residual networks are."""

    def __init__(self) -> None:
        super().__init__()
        channels = (3, 8, 12, 16, 24)
        for number, (before, after) in enumerate(pairwise(channels), start=1):
            stage = nn.Sequential(
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
            )
            self.add_module(f"layer{number}", stage)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(channels[-1], 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        for number in range(1, 5):
            images = self.get_submodule(f"layer{number}")(images)
        return self.fc(self.dropout(torch.flatten(self.avgpool(images), 1)))


def register_staged_backbone() -> None:
    """Make `--backbone tiny_staged_net` known in this process, as one of torchvision's own."""
    if BACKBONE not in models.list_models():

        def build(**_: object) -> StagedNet:
            return StagedNet()

        build.__module__ = "torchvision.models.tiny"
        register_model(BACKBONE)(build)


@contextmanager
def networks_for_workers() -> Iterator[None]:
    """A context in which processes that are started find this module, and so the class of the network."""
    with pytest.MonkeyPatch.context() as patched:
        here = str(Path(__file__).parent)
        patched.setenv("PYTHONPATH", os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]))
        yield
