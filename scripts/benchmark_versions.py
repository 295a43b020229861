"""This version and an older one side by side: embedding, training, queries and serving, taking turns; medians.

    git worktree add --detach ../older 9097dd6
    python scripts/benchmark_versions.py --baseline ../older --json versions.json
    python scripts/benchmark_versions.py --baseline ../older --only query --works 40 --rounds 1

Pictures come from the collections `wikiart` and `paintings` in the folder that PAINTER_SEARCH_COLLECTIONS names. Both
versions run in this environment, every measurement in a process of its own; networks have random weights but for
`train`, which is by the recipe strong without its last stages (--finetune-epochs 0). `accuracy` compares this machine's
precision with float32 in this version alone: on a machine with bfloat16, what that costs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from compileall import compile_dir
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from peers.collections import read_originals, real_collection
from rich.console import Console
from rich.table import Table

from painter_search.common.files.atomic_io import write_json

HERE = Path(__file__).resolve().parents[1]
TASKS = HERE / "scripts" / "benchmark" / "version_tasks.py"
WORKS_TO_QUERY = 175
"""Works of an index that is queried."""


@dataclass(frozen=True)
class Version:
    """A checkout, and a folder for its own work."""

    name: str
    checkout: Path
    home: Path

    def python(self, *arguments: object) -> str:
        """What Python prints that imports this checkout; ends everything where it fails."""
        environment = {**os.environ, "PYTHONPATH": str(self.checkout)}
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.home, env=environment)
        if done.returncode:
            raise SystemExit(f"{self.name}: {' '.join(command)} failed:\n{done.stderr[-3000:]}")
        return done.stdout

    def task(self, name: str, backbone: str) -> dict[str, float]:
        """The figures of a task of `benchmark/version_tasks.py`."""
        figures: dict[str, float] = json.loads(self.python(TASKS, name, backbone, self.home).splitlines()[-1])
        return figures

    def seconds(self, *arguments: object) -> float:
        """How long a command takes."""
        begun = time.perf_counter()
        self.python(*arguments)
        return time.perf_counter() - begun


def main() -> None:
    """Measure what was chosen, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", type=Path, required=True, help="a checkout of the older version")
    parser.add_argument(
        "--only", nargs="+", choices=MEASURES, default=list(MEASURES), metavar="NAME", help=", ".join(MEASURES)
    )
    parser.add_argument("--backbones", nargs="+", default=["tf_efficientnet_lite0", "resnet34"])
    parser.add_argument("--works", type=int, default=600, help="works of each collection to embed")
    parser.add_argument("--train-works", type=int, default=10**6, help="works to train on, the collection's first")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each takes")
    parser.add_argument("--seconds", type=float, default=60, help="that 50 clients ask the server")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    flags = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="painter-search-versions-") as folder:
        checkouts = {"this": HERE, "older": flags.baseline.resolve()}
        versions = [Version(name, checkout, Path(folder, name)) for name, checkout in checkouts.items()]
        for version in versions:
            version.home.mkdir()
            compile_dir(version.checkout / "painter_search", quiet=1)  # as an installed package is
        for name in flags.only:
            for what, figures in MEASURES[name](versions, flags):
                Console(stderr=True).print(f"{name}: {what} …")
                rows += [{"measured": name, "of": what, **row} for row in compare(figures)]
    table = Table(title=f"Medians of {flags.rounds} rounds, three times as many of query; train and accuracy once")
    for column in ("", "of", "figure", "this", "older", "this / older"):
        table.add_column(column, justify="left" if column in ("", "of", "figure") else "right")
    for row in rows:
        older = row["older"]
        ratio = "" if older is None else f"{row['this'] / older:.2f}"
        cells = (row["measured"], row["of"], row["figure"], f"{row['this']:.4g}")
        table.add_row(*cells, "" if older is None else f"{older:.4g}", ratio)
    Console(width=140).print(table)
    if flags.json:
        write_json(flags.json, rows)


Rounds = dict[str, list[dict[str, float]]]
"""By version the figures of every round."""


def compare(rounds: Rounds) -> Iterator[dict[str, Any]]:
    """A row for every figure: its medians, None for a version that was not measured."""
    for figure in rounds["this"][0]:
        medians = {
            name: statistics.median(one[figure] for one in of_rounds) if of_rounds else None
            for name, of_rounds in rounds.items()
        }
        yield {"figure": figure, **medians}


def take_turns(versions: list[Version], rounds: int, measure: Callable[[Version], dict[str, float]]) -> Rounds:
    """Measure one version after the other, round by round."""
    taken: Rounds = {version.name: [] for version in versions}
    for _ in range(rounds):
        for version in versions:
            taken[version.name].append(measure(version))
    return taken


def measure_embedding(versions: list[Version], flags: argparse.Namespace) -> Iterator[tuple[str, Rounds]]:
    """Embedding, and looking at training works, of both collections with every backbone."""

    def measure(version: Version, backbone: str) -> dict[str, float]:
        return version.task("embedding", backbone) | version.task("looking", backbone)

    for collection in ("wikiart", "paintings"):
        for version in versions:
            write_pictures(collection, flags.works, version.home)
        for backbone in flags.backbones:
            yield f"{backbone}, {collection}", take_turns(versions, flags.rounds, partial(measure, backbone=backbone))


def measure_query(versions: list[Version], flags: argparse.Namespace) -> Iterator[tuple[str, Rounds]]:
    """A query, warm from Python and cold from the shell."""

    def measure(version: Version, backbone: str) -> dict[str, float]:
        painting = min((version.home / "frames").iterdir())
        command = ("-m", "painter_search.query", painting, "--index", version.home / "index")
        return {"cold query, s": version.seconds(*command), **version.task("query", backbone)}

    for backbone in flags.backbones:
        prepare_index(versions, backbone, min(flags.works, WORKS_TO_QUERY))
        yield backbone, take_turns(versions, 3 * flags.rounds, partial(measure, backbone=backbone))


def measure_serve(versions: list[Version], flags: argparse.Namespace) -> Iterator[tuple[str, Rounds]]:
    """Answers a second to 50 clients, and to one."""
    backbone = flags.backbones[0]
    prepare_index(versions, backbone, min(flags.works, WORKS_TO_QUERY))

    def measure(version: Version) -> dict[str, float]:
        printed = version.python(
            version.checkout / "scripts" / "benchmark_serve.py", "--index", version.home / "index",
            "--paintings", version.home / "frames", "--seconds", flags.seconds, "--rounds", 1,
        )  # fmt: skip
        rates = re.findall(r"(\d+) clients?: ([\d.]+) answers", printed)
        return {f"answers/s to {clients}": float(rate) for clients, rate in rates}

    yield backbone, take_turns(versions, flags.rounds, measure)


def measure_training(versions: list[Version], flags: argparse.Namespace) -> Iterator[tuple[str, Rounds]]:
    """A training of strong on wikiart, without its last stages; the collection is prepared once by each version."""
    for version in versions:
        catalogue, originals = write_collection("wikiart", flags.train_works, version.home)
        version.python(
            "-m", "painter_search.prepare", "--catalogue", catalogue, "--originals", originals, "--out", "data"
        )

    def measure(version: Version) -> dict[str, float]:
        shutil.rmtree(version.home / "runs", ignore_errors=True)
        new = "finetune_epochs" in (version.checkout / "painter_search" / "training" / "config.py").read_text()
        without = ("--finetune-epochs", 0) if new else ()
        command = ("-m", "painter_search.train", "--backbone", "tf_efficientnet_lite0", "--name", "measured", *without)
        seconds = version.seconds(*command)
        test = json.loads((version.home / "runs" / "measured" / "score.json").read_text())["test"]
        figures = {"training, s": seconds}
        if test:
            figures["all negatives, %"] = 100 * test["all_negatives"]["trained"]["value"]
        return figures

    yield "tf_efficientnet_lite0, wikiart", take_turns(versions, 1, measure)


def measure_accuracy(versions: list[Version], flags: argparse.Namespace) -> Iterator[tuple[str, Rounds]]:
    """What this machine's precision costs."""
    this = versions[0]
    source = real_collection("paintings")
    this.python("-m", "painter_search.prepare", "--catalogue", source / "all_data_info.csv",
                "--originals", source / "originals", "--out", this.home / "paintings")  # fmt: skip
    yield "the packaged encoder, paintings", {"this": [this.task("accuracy", "")], "older": []}


MEASURES = {
    "embedding": measure_embedding,
    "train": measure_training,
    "query": measure_query,
    "serve": measure_serve,
    "accuracy": measure_accuracy,
}


def prepare_index(versions: list[Version], backbone: str, works: int) -> None:
    """An index of works of the collection paintings for every version, with an encoder of its own."""
    for version in versions:
        write_pictures("paintings", works, version.home)
        shutil.rmtree(version.home / "index", ignore_errors=True)
        version.task("build", backbone)


def write_pictures(collection: str, count: int, home: Path) -> None:
    """The first works of a collection as `frames/`, and in folders of artists as `artists/`."""
    for name in ("frames", "artists"):
        shutil.rmtree(home / name, ignore_errors=True)
        (home / name).mkdir()
    for number, (artist, name, content) in enumerate(read_originals(real_collection(collection))):
        if number == count:
            return
        (home / "frames" / name).write_bytes(content)
        folder = home / "artists" / re.sub(r"[^\w .,'-]", "_", artist)
        folder.mkdir(exist_ok=True)
        (folder / name).hardlink_to(home / "frames" / name)


def write_collection(name: str, count: int, home: Path) -> tuple[Path, Path]:
    """A collection's catalogue, all of it or its first rows, and its originals."""
    source = real_collection(name)
    lines = (source / "all_data_info.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    catalogue = home / "all_data_info.csv"
    step = max(1, len(lines) // count)  # works of many artists, of both parts
    catalogue.write_text("".join([lines[0], *lines[1::step]]), encoding="utf-8")
    archive = source / f"{name}.zip"
    return catalogue, archive if archive.is_file() else source / "originals"


if __name__ == "__main__":
    main()
