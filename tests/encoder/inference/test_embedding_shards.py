"""Embeddings in Parquet shards: complete or absent, embedded once, and never read damaged."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from small_world import paint

from painter_search.common.errors import DamagedFileError, NotFoundError, PainterSearchError
from painter_search.common.files.urls import Location, list_names
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.inference import embedding_shards as sharding
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.inference.embedding_shards import (
    DamagedShardError,
    Shard,
    embed_shards,
    join_shards,
    missing_shards,
    read_shard,
    split_into_shards,
)


class Means:
    """Embeds a view as its mean plus a tenth of the pixels in its corner."""

    config = EncoderConfig(backbone="none", views="center", img_size=64)
    batch_size = 32

    def __init__(self) -> None:
        self.views = 0

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        self.views += len(pixels)
        corner = pixels[:, :, :16, :16].reshape(len(pixels), -1)[:, :256]
        return (pixels.mean((1, 2, 3), keepdims=True)[:, 0, 0] + 0.1 * corner).astype(np.float32)


@pytest.fixture
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Shard]:
    """Eleven frames in shards of four."""
    frames = [tmp_path / f"{number}.jpg" for number in range(11)]
    for number, frame in enumerate(frames):
        paint(0, number).save(frame)
    monkeypatch.setattr(sharding, "SHARD_SIZE", 4)
    return split_into_shards([f"here/ü{number}\udcff.jpg" for number in range(11)], frames, first=100)


@pytest.fixture(params=["folder", "memory"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Where shards are written: a folder, or a URL."""
    return tmp_path / "shards" if request.param == "folder" else f"memory://{tmp_path.name}/shards"


def test_embed_shards_writes_every_work_once_under_its_id(
    shards: list[Shard], location: Location, tmp_path: Path
) -> None:
    embedder = Means()
    assert [shard.ids.tolist() for shard in shards] == [[100, 101, 102, 103], [104, 105, 106, 107], [108, 109, 110]]
    assert missing_shards(shards, location) == shards
    embed_shards(embedder, shards, location)
    assert list_names(location) == {shard.name for shard in shards}
    joined = join_shards(shards, location, tmp_path / "all.f32")
    np.testing.assert_array_equal(joined, embed_all(Means(), [frame for shard in shards for frame in shard.frames]))
    assert missing_shards(shards, location) == []
    assert embedder.views == 11


def test_embed_shards_writes_parquet_files(shards: list[Shard], tmp_path: Path) -> None:
    embed_shards(Means(), shards, tmp_path / "shards")
    table = parquet.read_table(tmp_path / "shards")
    assert table.column_names == ["id", "embedding", "work"]
    assert sorted(table["id"].to_pylist()) == list(range(100, 111))
    assert {len(embedding) for embedding in table["embedding"].to_pylist()} == {256}
    assert table["work"].to_pylist()[0] == "here/ü0\\udcff.jpg"


@pytest.mark.parametrize("left", [0, 7, 0.5, 0.999])
def test_missing_shards_returns_a_truncated_shard_alone(
    shards: list[Shard], tmp_path: Path, left: float, capsys: pytest.CaptureFixture
) -> None:
    location = tmp_path / "shards"
    embed_shards(Means(), shards, location)
    sound = join_shards(shards, location, tmp_path / "sound.f32").copy()
    others = {path.name: path.stat().st_mtime_ns for path in location.iterdir() if path.name != shards[1].name}
    file = location / shards[1].name
    content = file.read_bytes()
    file.write_bytes(content[: left if isinstance(left, int) else int(left * len(content))])
    with pytest.raises(DamagedFileError, match=rf"{shards[1].name} is damaged\. Run the same command again"):
        join_shards(shards, location, tmp_path / "all.f32")
    assert not (tmp_path / "all.f32").exists()
    missing = missing_shards(shards, location)
    assert missing == [shards[1]]
    assert "It is embedded again" in capsys.readouterr().err.replace("\n", " ")
    embedder = Means()
    embed_shards(embedder, missing, location)
    assert embedder.views == 4
    np.testing.assert_array_equal(join_shards(shards, location, tmp_path / "all.f32"), sound)
    assert {name: (location / name).stat().st_mtime_ns for name in others} == others


def test_read_shard_notices_every_changed_bit(shards: list[Shard], tmp_path: Path) -> None:
    embed_shards(Means(), shards[:1], tmp_path)
    sound, file = read_shard(shards[0], tmp_path), tmp_path / shards[0].name
    content = file.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for position in rng.integers(len(content), size=150):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.integers(8)
        file.write_bytes(bytes(damaged))
        try:
            np.testing.assert_array_equal(read_shard(shards[0], tmp_path), sound)
        except DamagedShardError:
            refused += 1
    assert refused > 75


def test_read_shard_refuses_a_shard_of_other_works(shards: list[Shard], tmp_path: Path) -> None:
    embed_shards(Means(), shards[:1], tmp_path)
    for other in (replace(shards[0], first=7), replace(shards[0], works=("x", *shards[0].works[1:]))):
        with pytest.raises(DamagedShardError, match="is of other works"):
            read_shard(other, tmp_path)
        assert missing_shards([other], tmp_path) == [other]


def test_missing_shards_removes_what_a_killed_writer_left(shards: list[Shard], tmp_path: Path) -> None:
    location = tmp_path / "shards"
    embed_shards(Means(), shards, location)
    shutil.copyfile(location / shards[0].name, location / f".{shards[0].name}.123")
    assert missing_shards(shards, location) == []
    assert {path.name for path in location.iterdir()} == {shard.name for shard in shards}


def test_missing_shards_does_not_open_a_pipe(shards: list[Shard], tmp_path: Path) -> None:
    location = tmp_path / "shards"
    location.mkdir()
    os.mkfifo(location / shards[0].name)
    assert missing_shards(shards, location) == shards
    embed_shards(Means(), shards, location)
    assert missing_shards(shards, location) == []


def test_join_shards_names_a_shard_that_is_not_shared(shards: list[Shard], tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"all workers share"):
        join_shards(shards, tmp_path / "elsewhere", tmp_path / "all.f32")


def test_embed_shards_to_an_unreachable_url_is_one_sentence_and_loses_nothing(
    shards: list[Shard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    with pytest.raises(PainterSearchError, match="is not a URL that can be read"):
        missing_shards(shards, "nosuch://bucket/shards")
    location = f"memory://{tmp_path.name}/shards-off"
    embed_shards(Means(), shards[:2], location)

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "pipe_file", unreachable)
        with pytest.raises(PainterSearchError, match=r"cannot be reached \(no route to host\); nothing is lost"):
            embed_shards(Means(), shards[2:], location)
    assert missing_shards(shards, location) == shards[2:]
