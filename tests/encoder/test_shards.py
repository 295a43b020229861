"""Embeddings in Parquet shards: whole or absent, written once, read only as they were written."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from small_world import paint

from painter_search.encoder import shards as sharding
from painter_search.encoder.embedding import embed_all
from painter_search.encoder.settings import EncoderConfig
from painter_search.encoder.shards import (
    DamagedShardError,
    Shard,
    cut_shards,
    embed_shards,
    join_shards,
    read_shard,
    unwritten,
)
from painter_search.errors import UserError
from painter_search.places import Place, names_at


class Means:
    """Embeds a view as its mean, 256 times over, with a little of its corner."""

    config = EncoderConfig(backbone="none", views="center", image_side=64)
    at_once = 32

    def __init__(self) -> None:
        self.seen = 0

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        self.seen += len(pixels)
        corner = pixels[:, :, :16, :16].reshape(len(pixels), -1)[:, :256]
        return (pixels.mean((1, 2, 3), keepdims=True)[:, 0, 0] + 0.1 * corner).astype(np.float32)


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Shard]:
    """Eleven frames in shards of four."""
    monkeypatch.setattr(sharding, "SHARD", 4)
    frames = [tmp_path / f"{number}.jpg" for number in range(11)]
    for number, frame in enumerate(frames):
        paint(0, number).save(frame)
    return cut_shards([f"here/ü{number}\udcff.jpg" for number in range(11)], frames, first=100)


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where shards go: a folder, or a URL."""
    return tmp_path / "shards" if request.param == "folder" else f"memory://{tmp_path.name}/shards"


def test_shards_hold_every_work_once_under_its_id(cut: list[Shard], place: Place, tmp_path: Path) -> None:
    embedder = Means()
    assert [shard.ids.tolist() for shard in cut] == [[100, 101, 102, 103], [104, 105, 106, 107], [108, 109, 110]]
    assert unwritten(cut, place) == cut
    embed_shards(embedder, cut, place)
    assert names_at(place) == {shard.name for shard in cut}
    joined = join_shards(cut, place, tmp_path / "all.f32")
    np.testing.assert_array_equal(joined, embed_all(Means(), [frame for shard in cut for frame in shard.frames]))
    assert unwritten(cut, place) == []
    assert embedder.seen == 11


def test_a_shard_is_a_parquet_file_that_anybody_reads(cut: list[Shard], tmp_path: Path) -> None:
    embed_shards(Means(), cut, tmp_path / "shards")
    table = parquet.read_table(tmp_path / "shards")
    assert table.column_names == ["id", "embedding", "work"]
    assert sorted(table["id"].to_pylist()) == list(range(100, 111))
    assert {len(embedding) for embedding in table["embedding"].to_pylist()} == {256}
    assert table["work"].to_pylist()[0] == "here/ü0\\udcff.jpg"


@pytest.mark.parametrize("left", [0, 7, 0.5, 0.999])
def test_a_truncated_shard_alone_is_embedded_again(
    cut: list[Shard], tmp_path: Path, left: float, capsys: pytest.CaptureFixture
) -> None:
    place = tmp_path / "shards"
    embed_shards(Means(), cut, place)
    sound = join_shards(cut, place, tmp_path / "sound.f32").copy()
    others = {path.name: path.stat().st_mtime_ns for path in place.iterdir() if path.name != cut[1].name}
    file = place / cut[1].name
    content = file.read_bytes()
    file.write_bytes(content[: left if isinstance(left, int) else int(left * len(content))])
    with pytest.raises(UserError, match=rf"{cut[1].name} is not whole\. Run the same command again"):
        join_shards(cut, place, tmp_path / "all.f32")
    assert not (tmp_path / "all.f32").exists()
    missing = unwritten(cut, place)
    assert missing == [cut[1]]
    assert "It is embedded again" in capsys.readouterr().err.replace("\n", " ")
    embedder = Means()
    embed_shards(embedder, missing, place)
    assert embedder.seen == 4
    np.testing.assert_array_equal(join_shards(cut, place, tmp_path / "all.f32"), sound)
    assert {name: (place / name).stat().st_mtime_ns for name in others} == others


def test_no_bit_of_a_shard_changes_unseen(cut: list[Shard], tmp_path: Path) -> None:
    embed_shards(Means(), cut[:1], tmp_path)
    sound, file = read_shard(cut[0], tmp_path), tmp_path / cut[0].name
    content = file.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for place in rng.integers(len(content), size=150):
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.integers(8)
        file.write_bytes(bytes(damaged))
        try:
            np.testing.assert_array_equal(read_shard(cut[0], tmp_path), sound)
        except DamagedShardError:
            refused += 1
    assert refused > 75


def test_a_shard_of_other_works_is_refused(cut: list[Shard], tmp_path: Path) -> None:
    embed_shards(Means(), cut[:1], tmp_path)
    for other in (replace(cut[0], first=7), replace(cut[0], works=("x", *cut[0].works[1:]))):
        with pytest.raises(DamagedShardError, match="is of other works"):
            read_shard(other, tmp_path)
        assert unwritten([other], tmp_path) == [other]


def test_what_a_killed_writer_left_is_swept_away(cut: list[Shard], tmp_path: Path) -> None:
    place = tmp_path / "shards"
    embed_shards(Means(), cut, place)
    shutil.copyfile(place / cut[0].name, place / f".{cut[0].name}.123")
    assert unwritten(cut, place) == []
    assert {path.name for path in place.iterdir()} == {shard.name for shard in cut}


def test_a_pipe_in_place_of_a_shard_is_not_waited_for(cut: list[Shard], tmp_path: Path) -> None:
    place = tmp_path / "shards"
    place.mkdir()
    os.mkfifo(place / cut[0].name)
    assert unwritten(cut, place) == cut
    embed_shards(Means(), cut, place)
    assert unwritten(cut, place) == []


def test_a_shard_that_nobody_shares_is_missed_in_a_sentence(cut: list[Shard], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"all workers share"):
        join_shards(cut, tmp_path / "elsewhere", tmp_path / "all.f32")


def test_a_url_that_cannot_be_reached_is_one_sentence_and_loses_nothing(
    cut: list[Shard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    with pytest.raises(UserError, match="is no URL that can be read"):
        unwritten(cut, "nosuch://bucket/shards")
    place = f"memory://{tmp_path.name}/cut-off"
    embed_shards(Means(), cut[:2], place)

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "pipe_file", unreachable)
        with pytest.raises(UserError, match=r"cannot be reached \(no route to host\); nothing is lost"):
            embed_shards(Means(), cut[2:], place)
    assert unwritten(cut, place) == cut[2:]
