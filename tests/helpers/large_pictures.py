"""A folder of artists whose paintings have more pixels than a thumbnail, and an index that keeps larger pictures."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from shared_world import made_once
from small_world import paint
from staged_net import BACKBONE, register_staged_backbone

from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.network import untrained_network
from painter_search.index.painting_index import PaintingIndex

PICTURE_SIZE = 700


def paint_large(painter: int, work: int) -> Image.Image:
    """A painting of 900 x 660 pixels."""
    return paint(painter, work).resize((900, 660))


def long_side(picture: bytes | None) -> int:
    """The longer side of a picture in pixels."""
    assert picture is not None
    return max(Image.open(io.BytesIO(picture)).size)


@pytest.fixture(scope="session")
def large_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two artists with two large paintings each, and a third painting of 300 pixels of the second."""

    def make(folder: Path) -> None:
        for painter, name in ((50, "Ann"), (51, "Bob")):
            (folder / "artists" / name).mkdir(parents=True)
            for work in range(2):
                paint_large(painter, work).save(folder / "artists" / name / f"{painter}-{work}.jpg", quality=90)
        paint(51, 9).resize((300, 200)).save(folder / "artists" / "Bob" / "small.jpg", quality=90)

    return made_once(tmp_path_factory, "large-folder", make) / "artists"


@pytest.fixture(scope="session")
def large_encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The checkpoint of an untrained encoder with feature maps."""
    register_staged_backbone()
    path = tmp_path_factory.mktemp("encoder") / "encoder.safetensors"
    save_checkpoint(path, untrained_network(BACKBONE, "none", seed=1, img_size=64), "whole")
    return str(path)


@pytest.fixture(scope="session")
def large_index(large_folder: Path, large_encoder: str, tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    """The folder's index with pictures of 700 pixels."""

    def make(folder: Path) -> None:
        build(folder / "index", large_folder, large_encoder, picture_size=PICTURE_SIZE)

    return PaintingIndex.load(made_once(tmp_path_factory, "large-index", make) / "index")


def build(index: Path, folder: Path, encoder: str, **settings: object) -> PaintingIndex:
    """Index a folder of artists on the CPU."""
    return PaintingIndex.build(folder=folder, encoder=encoder, index=index, device="cpu", **settings)
