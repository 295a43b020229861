"""How much faster two workers of Ray embed than one: `python scripts/benchmark_ray.py data`.

`data` is a prepared collection. Each worker is limited to one thread. The same shards are embedded by one worker and
by two, in turns; every run starts Ray anew. Two rates are measured: of the whole run, from Ray's start to its end, and
of the workers at work, from when each has written its first shard until the last is written.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from painter_search.collection.collection import Collection
from painter_search.encoder.config import LOCAL_RAY
from painter_search.encoder.inference import embedding_shards
from painter_search.encoder.inference.onnx_export import export_encoder
from painter_search.encoder.inference.ray_embedding import embed_on_ray
from painter_search.encoder.network import untrained_network


def main() -> None:
    """Measure both and print the rates."""
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a prepared collection")
    parser.add_argument("--backbone", default="resnet34")
    parser.add_argument("--works", type=int, default=1024)
    parser.add_argument("--shard-size", type=int, default=64, help="works a shard; build-index writes 1,024")
    parser.add_argument("--rounds", type=int, default=3)
    flags = parser.parse_args()
    measure(flags.data, flags.backbone, flags.works, flags.shard_size, flags.rounds)


def measure(data: Path, backbone: str, works: int, shard_size: int, rounds: int) -> None:
    """Print works a second of one worker and of two, and their ratio."""
    embedding_shards.SHARD_SIZE = shard_size
    collection = Collection.open(data)
    entries = collection.works("all")
    entries = [entries[number % len(entries)] for number in range(works)]
    encoder = untrained_network(backbone, "none", seed=0)
    shards = embedding_shards.split_into_shards(
        [work.name for work in entries], [collection.frame_path(work.file) for work in entries]
    )
    at_work: dict[int, list[float]] = {1: [], 2: []}
    in_all: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder, "encoder.onnx")
        exported.write_bytes(export_encoder(encoder))
        for number in range(rounds):
            for workers in (1, 2):
                out = Path(folder, f"{workers}-{number}")
                start = time.perf_counter()
                embed_on_ray(LOCAL_RAY, encoder, exported, shards, out, device="cpu", workers=workers)
                whole = works / (time.perf_counter() - start)
                steady = rate_at_work(out, shard_size, workers)
                in_all[workers].append(whole)
                at_work[workers].append(steady)
                print(f"{workers} worker(s): {steady:.1f} works/s at work, {whole:.1f} in all")
    for name, rates in (("at work", at_work), ("from start to end", in_all)):
        one, two = (statistics.median(rates[workers]) for workers in (1, 2))
        print(f"{name}: {one:.1f} works/s by one, {two:.1f} by two: {two / one:.2f} x (median of {rounds})")


def rate_at_work(out: Path, shard_size: int, workers: int) -> float:
    """Works a second from when each worker had written its first shard until the last was written."""
    ends = sorted(path.stat().st_mtime for path in out.iterdir())
    return (len(ends) - workers) * shard_size / (ends[-1] - ends[workers - 1])


if __name__ == "__main__":
    main()
