"""How much memory preparing and indexing a collection take as it grows.

    python scripts/benchmark_memory.py [--sizes 10000 100000] [--folder growing]        (Linux and macOS)

The originals are synthetic, 50 an artist, and so small that a hundred thousand of them are made in minutes; memory does
not depend on what they show. The encoder is small and random.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

WORKS_PER_ARTIST = 50
SAVE_ENCODER = """
import sys
from pathlib import Path
from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.network import untrained_network
save_checkpoint(Path(sys.argv[1]), untrained_network("resnet18", "none", seed=0, img_size=64), "whole")
"""


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="numbers of works")
    parser.add_argument("--folder", type=Path, default=Path("growing"), help="working folder, emptied afterwards")
    flags = parser.parse_args()
    table = Table()
    for column in ("works", "command", "seconds", "largest process, MB", "on disk, MB"):
        table.add_column(column, justify="right")
    flags.folder.mkdir(parents=True, exist_ok=True)
    encoder = flags.folder / "encoder.safetensors"
    subprocess.run([sys.executable, "-c", SAVE_ENCODER, str(encoder)], check=True)
    for size in flags.sizes:
        home = flags.folder / str(size)
        try:
            catalogue = make_originals(home, size)
            data, index = home / "data", home / "index"
            commands = {
                "prepare": ["--catalogue", str(catalogue), "--originals", str(home / "originals"), "--out", str(data)],
                "build-index": ["--data", str(data), "--encoder", str(encoder), "--index", str(index),
                                "--split", "all"],
            }  # fmt: skip
            for command, arguments in commands.items():
                seconds, peak = run_command(command, arguments)
                folder = data if command == "prepare" else index
                disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                table.add_row(f"{size:,}", command, f"{seconds:.0f}", f"{peak:.0f}", f"{disk / 1e6:.0f}")
        finally:
            shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(flags.folder)
    Console(width=120).print(table)


def make_originals(home: Path, count: int) -> Path:
    """Write `count` originals and their catalogue; returns the catalogue's path."""
    originals = home / "originals"
    originals.mkdir(parents=True)
    rng = np.random.default_rng(0)
    catalogue = home / "all_data_info.csv"
    with catalogue.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["artist", "date", "genre", "pixelsx", "pixelsy", "size_bytes", "source", "style", "title",
                       "artist_group", "in_train", "new_filename"])  # fmt: skip
        for number in range(count):
            name = f"{number}.jpg"
            coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
            coarse.resize((160, 120), Image.Resampling.BICUBIC).save(originals / name, quality=85)
            artist = number // WORKS_PER_ARTIST
            training = artist % 5 > 0
            rows.writerow([f"Artist {artist}", 1900, "", 160, 120, 0, "", "", f"Work {number}",
                           "train_only" if training else "test_only", training, name])  # fmt: skip
    return catalogue


def run_command(command: str, arguments: list[str]) -> tuple[float, float]:
    """Run one command; returns its seconds and the peak memory of its largest process in megabytes."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", f"painter_search.{command}", *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
