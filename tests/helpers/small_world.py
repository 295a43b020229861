"""A small synthetic world: twelve painters, each with a palette, prepared, indexed and ready to query."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from shared_world import made_once
from staged_net import BACKBONE, register_staged_backbone

from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.inference import embedding_shards
from painter_search.encoder.inference.embedding import Embedder
from painter_search.encoder.network import untrained_network
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.confidence import Confidence

PAINTERS = 12
WORKS = 4


def paint(painter: int, work: int) -> Image.Image:
    """Make a painting in the painter's palette: blobs of paint on a tinted ground, slightly blurred."""
    rng = np.random.default_rng([painter, work])
    palette = np.random.default_rng(painter).integers(0, 256, (5, 3))
    size = (int(rng.integers(240, 330)), int(rng.integers(240, 330)))
    image = Image.new("RGB", size, tuple(int(v) for v in palette[0]))
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        w, h = rng.integers(10, 120, 2)
        draw.ellipse((x - w, y - h, x + w, y + h), fill=tuple(int(v) for v in palette[rng.integers(1, 5)]))
    return image.filter(ImageFilter.GaussianBlur(painter % 4))


def write_paintings(folder: Path, painters: int = PAINTERS, works: int = WORKS) -> list[Path]:
    """Write a folder of artists, `Painter 0/0.jpg` and so on; returns the files."""
    paths = [folder / f"Painter {painter}" / f"{work}.jpg" for painter in range(painters) for work in range(works)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        paint(int(path.parent.name.split()[1]), int(path.stem)).save(path)
    return paths


@pytest.fixture(scope="session")
def painted_originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of originals with the names of the catalogue."""

    def make(folder: Path) -> None:
        (folder / "originals").mkdir()
        for painter in range(PAINTERS):
            for work in range(WORKS):
                paint(painter, work).save(folder / "originals" / f"{painter}-{work}.jpg", quality=92)

    return made_once(tmp_path_factory, "painted", make) / "originals"


@pytest.fixture(scope="session")
def painted_catalogue(painted_originals: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their catalogue: painters 0 to 7 for training, the others for the test."""
    rows = ["artist,date,genre,title,in_train,new_filename"]
    for painter in range(PAINTERS):
        for work in range(WORKS):
            rows.append(f"Painter {painter},19{work}0,abstract,No. {work},{painter < 8},{painter}-{work}.jpg")
    path = tmp_path_factory.mktemp("catalogue") / "all_data_info.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_collection(
    painted_catalogue: Path, painted_originals: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The prepared collection, whole paintings."""
    return _prepare_once(painted_catalogue, painted_originals, tmp_path_factory, "whole")


@pytest.fixture(scope="session")
def center_collection(
    painted_catalogue: Path, painted_originals: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same, central crops."""
    return _prepare_once(painted_catalogue, painted_originals, tmp_path_factory, "center")


def _prepare_once(catalogue: Path, originals: Path, factory: pytest.TempPathFactory, framing: str) -> Path:
    def make(folder: Path) -> None:
        prepare_small(catalogue, originals, folder / "data", framing)

    return made_once(factory, f"{framing}-collection", make) / "data"


def prepare_small(catalogue: Path, originals: Path, out: Path, framing: str) -> Path:
    config = PrepareConfig(
        catalogue=(catalogue,), originals=(originals,), out=out, name="small", workers=1, test_triplets=1.0
    )
    prepare_collection(replace(config, framing=framing))  # type: ignore[arg-type]
    return out


@pytest.fixture(scope="session")
def painted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's own folder of artists: two with three works, one with one, and a stray file."""
    folder = tmp_path_factory.mktemp("artists")
    for painter, name in ((20, "Ada Blue"), (21, "Émile Vert")):
        (folder / name).mkdir()
        for work in range(3):
            paint(painter, work).save(folder / name / f"work {work}.png")
    (folder / "Solo").mkdir()
    paint(22, 0).save(folder / "Solo" / "only.jpg")
    (folder / "Solo" / "notes.txt").write_text("no painting")
    return folder


@pytest.fixture(scope="session")
def small_index_config(small_collection: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildIndexConfig:
    """How to index the small collection with an untrained encoder."""
    home = tmp_path_factory.mktemp("index")
    register_staged_backbone()
    save_checkpoint(home / "encoder.safetensors", untrained_network(BACKBONE, "none", seed=1), "whole")
    return BuildIndexConfig(
        data=(small_collection,), encoder=str(home / "encoder.safetensors"), index=home / "index", device="cpu"
    )


@pytest.fixture(scope="session")
def small_index(small_index_config: BuildIndexConfig, tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    """The index of the small collection's test works."""

    def make(folder: Path) -> None:
        PaintingIndex.build(replace(small_index_config, index=folder / "index"))

    return PaintingIndex.load(made_once(tmp_path_factory, "small-index", make) / "index")


@pytest.fixture
def home(small_index: PaintingIndex, tmp_path: Path) -> Path:
    """A folder of indexes that a test may change; its current one is a copy of the small index."""
    shutil.copytree(small_index.folder, tmp_path / "index" / small_index.digest)
    (tmp_path / "index" / "CURRENT").write_text(small_index.digest, encoding="utf-8")
    return tmp_path / "index"


@pytest.fixture(scope="session")
def calibrated_index(small_index: PaintingIndex) -> PaintingIndex:
    """The small index as if its encoder had a calibration."""
    weights = (-4.64, -11.29, -11.92, -1.49)
    confidence = Confidence((12.0, -13.0), weights, sharpness=20.0, threshold=0.5, artists=6, works=35)
    return PaintingIndex(small_index.folder, replace(small_index.manifest, confidence=confidence))


def interrupt_second_shard(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Interrupt the embedding once, as its second shard begins; returns the sizes of blocks embedded, 0 there."""
    embedded: list[int] = []
    real = embedding_shards.embed_frames

    def embed_frames(embedder: Embedder, frames: Sequence[Path], threads: int) -> Iterator[NDArray[np.float32]]:
        if len(embedded) == 1:
            embedded.append(0)
            raise KeyboardInterrupt
        for block in real(embedder, frames, threads=threads):
            embedded.append(len(block))
            yield block

    monkeypatch.setattr(embedding_shards, "embed_frames", embed_frames)
    return embedded
