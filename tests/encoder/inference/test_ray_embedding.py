"""Workers on Ray write the same shards as one machine alone; a killed worker, or a failed run, loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from running_scripts import Run
from small_world import paint
from staged_net import BACKBONE, networks_for_workers

pytest.importorskip("ray")

from onnx_files import export_onnx

from painter_search.common.errors import PainterSearchError
from painter_search.encoder.inference import embedding_shards as sharding
from painter_search.encoder.inference.embedding_shards import (
    Shard,
    embed_shards,
    join_shards,
    missing_shards,
    split_into_shards,
)
from painter_search.encoder.inference.ray_embedding import embed_on_ray
from painter_search.encoder.network import EncoderNetwork, untrained_network
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks for processes in /proc"),
]


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    """One Ray for all tests, with cores for two workers, which find the tests' own networks."""
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with networks_for_workers():
        ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL")
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def encoder() -> EncoderNetwork:
    return untrained_network(BACKBONE, "none", seed=1, img_size=64)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("frames")
    paths = [folder / f"{number}.jpg" for number in range(12)]
    for number, path in enumerate(paths):
        paint(0, number).save(path)
    return paths


@pytest.fixture(scope="module")
def shards(frames: list[Path]) -> list[Shard]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharding, "SHARD_SIZE", 2)
        return split_into_shards([frame.name for frame in frames], frames)


def test_build_on_ray_gives_the_index_of_one_machine(
    small_index_config: BuildIndexConfig, small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharding, "SHARD_SIZE", 5)
    config = replace(small_index_config, index=tmp_path / "index", ray="local", workers=2, shards=str(tmp_path / "s"))
    index = PaintingIndex.build(config)
    ids = small_index.artists.ids
    np.testing.assert_allclose(index.embeddings(ids), small_index.embeddings(ids), rtol=1e-3, atol=1e-3)
    assert index.works.get(ids.tolist()) == small_index.works.get(ids.tolist())
    for name in ("thumbnails.sqlite", "encoder.onnx"):
        assert (index.folder / name).read_bytes() == (small_index.folder / name).read_bytes()
    kept = parquet.read_table(next((tmp_path / "s").iterdir()))
    np.testing.assert_array_equal(np.stack(kept["embedding"].to_numpy()), index.embeddings(kept["id"].to_numpy()))
    assert kept["work"].to_pylist() == [work.name for work in index.works.get(kept["id"].to_pylist())]
    written = [path.stat().st_mtime_ns for path in (tmp_path / "s").rglob("*.parquet")]
    assert PaintingIndex.build(config).digest == index.digest
    assert [path.stat().st_mtime_ns for path in (tmp_path / "s").rglob("*.parquet")] == written
    assert not [path for path in (tmp_path / "index").iterdir() if path.name.startswith(".")]


@pytest.mark.long
def test_embed_on_ray_replaces_a_killed_worker(encoder: EncoderNetwork, shards: list[Shard], tmp_path: Path) -> None:
    """A frame is a pipe, where the worker waits until it is killed; the next worker finds the frame itself."""
    exported = export_onnx(encoder, tmp_path / "encoder.onnx")
    embed_shards(exported, shards, tmp_path / "undisturbed")
    frame, pipe = shards[3].frames[0], tmp_path / "slow.jpg"
    os.mkfifo(pipe)
    disturbed = [*shards[:3], replace(shards[3], frames=(pipe, *shards[3].frames[1:])), *shards[4:]]
    with ThreadPoolExecutor(1) as thread:
        killed = thread.submit(kill_reader, pipe, frame.read_bytes())
        embed_on_ray(
            "local", encoder, tmp_path / "encoder.onnx", disturbed, tmp_path / "shards", device="cpu", workers=2
        )
    assert killed.result() not in (None, os.getpid())
    one, other = (join_shards(shards, tmp_path / name, tmp_path / f"{name}.f32") for name in ("undisturbed", "shards"))
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
                frame = pipe.with_name("frame.jpg")
                frame.write_bytes(content)
                os.replace(frame, pipe)
                os.kill(int(process.name), signal.SIGKILL)
                os.close(writer)
                return int(process.name)
    return None


@pytest.mark.long
def test_embed_on_ray_continues_after_a_frame_was_missing(
    encoder: EncoderNetwork, shards: list[Shard], tmp_path: Path
) -> None:
    export_onnx(encoder, tmp_path / "encoder.onnx")
    lost = replace(shards[-1], frames=(tmp_path / "lost.jpg", *shards[-1].frames[1:]))
    with pytest.raises(PainterSearchError, match=r"lost\.jpg: No such file.*at the same paths"):
        embed_on_ray(
            "local", encoder, tmp_path / "encoder.onnx", [*shards[:-1], lost], tmp_path / "s", device="cpu", workers=1
        )
    missing = missing_shards(shards, tmp_path / "s")
    assert missing == shards[-1:]
    written = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()}
    embed_on_ray("local", encoder, tmp_path / "encoder.onnx", missing, tmp_path / "s", device="cpu", workers=1)
    assert missing_shards(shards, tmp_path / "s") == []
    assert {name: (tmp_path / "s" / name).stat().st_mtime_ns for name in written} == written


def test_benchmark_ray_measures_one_worker_and_two(run_here: Run, small_collection: Path, long: bool) -> None:
    if not long:
        pytest.skip("with --long")
    small = ("--backbone", BACKBONE, "--works", 12, "--shard-size", 2, "--rounds", 1)
    printed = run_here("benchmark_ray.py", small_collection, *small)
    for words in ("1 worker(s): ", "2 worker(s): ", "at work: ", "from start to end: "):
        assert words in printed


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nosuch.invalid:6379"])
def test_embed_on_ray_reports_an_unreachable_cluster_at_once(address: str) -> None:
    """In a process without a Ray; left to itself, Ray tries for a quarter of an hour."""
    done = subprocess.run([sys.executable, "-c", CONNECT, address], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith(f"the Ray at {address} cannot be reached ("), done.stderr
    assert "RAY_AUTH_MODE" in done.stdout
    assert done.stderr == ""


CONNECT = """
import sys
from painter_search.common.errors import PainterSearchError
from painter_search.encoder.inference.ray_embedding import _connect
try:
    with _connect(sys.argv[1], 0):
        print("reached")
except PainterSearchError as error:
    print(error)
"""
