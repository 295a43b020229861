"""How much two workers of Ray embed where one embeds so much: `python scripts/ray_workers.py data`.

`data` is a prepared collection. Each worker is limited to one thread. The same shards are embedded by one worker and
by two, in turns; every run starts Ray anew. Measured are the whole, from Ray's start to its end, and the workers at
work: from when each has written its first shard until the last is written.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from painter_search.collection.collection import Collection
from painter_search.encoder import shards as sharding
from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.cluster import LOCAL, embed_on_ray
from painter_search.encoder.exported import export_encoder


def measure(data: Path, backbone: str, works: int, a_shard: int, rounds: int) -> None:
    """Print works a second of one worker and of two, and their ratio."""
    sharding.SHARD = a_shard
    collection = Collection.open(data)
    entries = collection.works("all")
    entries = [entries[number % len(entries)] for number in range(works)]
    encoder = start_encoder(backbone, "none", seed=0)
    cut = sharding.cut_shards([work.name for work in entries], [collection.frame_path(work.file) for work in entries])
    steady: dict[int, list[float]] = {1: [], 2: []}
    whole: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        export_encoder(encoder, Path(folder, "encoder.onnx"))
        for number in range(rounds):
            for workers in (1, 2):
                place = Path(folder, f"{workers}-{number}")
                began = time.perf_counter()
                embed_on_ray(LOCAL, encoder, Path(folder, "encoder.onnx"), cut, place, "cpu", workers)
                whole[workers].append(works / (time.perf_counter() - began))
                steady[workers].append(rate_at_work(place, a_shard, workers))
                print(
                    f"{workers} worker(s): {steady[workers][-1]:.1f} works/s at work, {whole[workers][-1]:.1f} in all"
                )
    for name, rates in (("at work", steady), ("from start to end", whole)):
        one, two = (statistics.median(rates[workers]) for workers in (1, 2))
        print(f"{name}: {one:.1f} works/s by one, {two:.1f} by two: {two / one:.2f} x (median of {rounds})")


def rate_at_work(place: Path, a_shard: int, workers: int) -> float:
    """Works a second between the times when each worker had written its first shard and when the last was written."""
    ends = sorted(path.stat().st_mtime for path in place.iterdir())
    return (len(ends) - workers) * a_shard / (ends[-1] - ends[workers - 1])


if __name__ == "__main__":
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--backbone", default="resnet34")
    parser.add_argument("--works", type=int, default=1024)
    parser.add_argument("--shard", type=int, default=64, help="works a shard, fewer than the 1,024 of build-index")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    measure(given.data, given.backbone, given.works, given.shard, given.rounds)
