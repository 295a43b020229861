"""Workers of Ray write the same shards as one machine alone; a killed one, or a failed run, loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from small_world import paint

pytest.importorskip("ray")

from painter_search.encoder import shards as sharding
from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.cluster import embed_on_ray
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.exported import export_encoder
from painter_search.encoder.shards import Shard, cut_shards, embed_shards, join_shards, unwritten
from painter_search.encoder.swift import fastest_on_cpu
from painter_search.errors import UserError
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import IndexConfig

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks for processes in /proc")


@pytest.fixture(scope="module", autouse=True)
def started():
    """One Ray for all tests, with two workers' worth of cores."""
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL")
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return start_encoder("resnet18", "none", seed=1, image_side=64)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("frames")
    paths = [folder / f"{number}.jpg" for number in range(12)]
    for number, path in enumerate(paths):
        paint(0, number).save(path)
    return paths


@pytest.fixture
def cut(frames: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[Shard]:
    monkeypatch.setattr(sharding, "SHARD", 2)
    return cut_shards([frame.name for frame in frames], frames)


def test_an_index_is_the_same_with_and_without(
    small_index_config: IndexConfig, small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharding, "SHARD", 5)
    config = replace(small_index_config, index=tmp_path / "index", ray="local", workers=2, shards=str(tmp_path / "s"))
    index = PaintingIndex.build(config)
    ids = small_index.artists[0]
    np.testing.assert_allclose(index.vectors(ids), small_index.vectors(ids), rtol=1e-3, atol=1e-3)
    for name in ("works.sqlite", "thumbnails.sqlite", "encoder.onnx"):
        assert (index.folder / name).read_bytes() == (small_index.folder / name).read_bytes()
    kept = parquet.read_table(next((tmp_path / "s").iterdir()))
    np.testing.assert_array_equal(np.stack(kept["embedding"].to_numpy()), index.vectors(kept["id"].to_numpy()))
    assert kept["work"].to_pylist() == [work.name for work in index.works.get(kept["id"].to_pylist())]
    written = [path.stat().st_mtime_ns for path in (tmp_path / "s").rglob("*.parquet")]
    assert PaintingIndex.build(config).digest == index.digest
    assert [path.stat().st_mtime_ns for path in (tmp_path / "s").rglob("*.parquet")] == written
    assert not [path for path in (tmp_path / "index").iterdir() if path.name.startswith(".")]


def test_a_worker_killed_in_a_shard_loses_nothing(encoder: Encoder, cut: list[Shard], tmp_path: Path) -> None:
    """A frame is a pipe, at which the worker waits until it is killed; the next finds the frame."""
    exported = export_encoder(encoder, tmp_path / "encoder.onnx")
    embed_shards(fastest_on_cpu(encoder, exported), cut, tmp_path / "undisturbed")
    frame, pipe = cut[3].frames[0], tmp_path / "slow.jpg"
    os.mkfifo(pipe)
    disturbed = [*cut[:3], replace(cut[3], frames=(pipe, *cut[3].frames[1:])), *cut[4:]]
    with ThreadPoolExecutor(1) as thread:
        killed = thread.submit(kill_reader, pipe, frame.read_bytes())
        embed_on_ray("local", encoder, tmp_path / "encoder.onnx", disturbed, tmp_path / "shards", "cpu", 2)
    assert killed.result() not in (None, os.getpid())
    one, other = (join_shards(cut, tmp_path / name, tmp_path / f"{name}.f32") for name in ("undisturbed", "shards"))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def kill_reader(pipe: Path, content: bytes) -> int | None:
    """Wait for a process that reads `pipe`, put a file of this content in its place, and kill the process."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        time.sleep(0.1)
        try:
            writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)  # fails as long as nobody reads
        except OSError:
            continue
        for process in Path("/proc").glob("[0-9]*"):
            try:
                reads = any(link.resolve() == pipe for link in (process / "fd").iterdir())
            except OSError:
                continue
            if reads and int(process.name) != os.getpid():
                beside = pipe.with_name("beside.jpg")
                beside.write_bytes(content)
                os.replace(beside, pipe)
                os.kill(int(process.name), signal.SIGKILL)
                os.close(writer)
                return int(process.name)
    return None


def test_a_run_that_a_worker_could_not_finish_is_continued(encoder: Encoder, cut: list[Shard], tmp_path: Path) -> None:
    export_encoder(encoder, tmp_path / "encoder.onnx")
    lost = replace(cut[-1], frames=(tmp_path / "lost.jpg", *cut[-1].frames[1:]))
    with pytest.raises(UserError, match=r"lost\.jpg: No such file.*at the same paths"):
        embed_on_ray("local", encoder, tmp_path / "encoder.onnx", [*cut[:-1], lost], tmp_path / "s", "cpu", 1)
    missing = unwritten(cut, tmp_path / "s")
    assert missing == cut[-1:]
    written = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()}
    embed_on_ray("local", encoder, tmp_path / "encoder.onnx", missing, tmp_path / "s", "cpu", 1)
    assert unwritten(cut, tmp_path / "s") == []
    assert {name: (tmp_path / "s" / name).stat().st_mtime_ns for name in written} == written


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nosuch.invalid:6379"])
def test_a_cluster_that_is_not_there_is_told_at_once(address: str) -> None:
    """In a process without a Ray; left to itself, Ray tries for a quarter of an hour."""
    done = subprocess.run([sys.executable, "-c", ASK, address], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith(f"the Ray at {address} cannot be reached ("), done.stderr
    assert "RAY_AUTH_MODE" in done.stdout
    assert done.stderr == ""


ASK = """
import sys
from painter_search.encoder.cluster import _ray
from painter_search.errors import UserError
try:
    with _ray(sys.argv[1], 0):
        print("reached")
except UserError as error:
    print(error)
"""
