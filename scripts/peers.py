"""Other programs and ours on the same work, taking turns: a table, and the figures as JSON.

    python scripts/peers.py --json peers.json
    python scripts/peers.py --only ann --scale 0.02 --rounds 1

Parts: ann (nearest neighbours among 500,000 and a million stand-ins), metrics (of 20,000 embeddings), duplicates (near
copies planted among 2,000 works), folder (600 paintings to answers, with the same backbone). Each peer gets an
environment of its own in --folder, whose packages pip installs; one that does not install is in the table with the
reason. duplicates and folder need real paintings: PAINTER_SEARCH_COLLECTIONS names a folder with `wikiart` and
`paintings`. Figures are medians of the rounds; every step runs in a process of its own.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from peers.contestant import CannotRunError, Contestant, Figures, python_for, run_step, version_of
from rich.console import Console
from rich.table import Table

from painter_search.common.errors import NotFoundError
from painter_search.common.files.atomic_io import write_json

PARTS = ("ann", "metrics", "duplicates", "folder")


def main() -> None:
    """Run every part and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--peers", nargs="+", metavar="NAME", help="functions of the parts' modules, such as ours; default: all"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="share of the works; 0.02 tries everything in minutes")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each takes")
    parser.add_argument("--folder", type=Path, default=Path("peers"), help="environments and work; environments stay")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    flags = parser.parse_args()
    everything: list[dict[str, Any]] = []
    for part in flags.only:
        module = import_module(f"peers.{part}")
        for case in module.cases(flags.scale):
            work = flags.folder.resolve() / "work"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            try:
                with get_context("spawn").Pool(1) as apart:  # steps inherit this process's peak memory
                    apart.apply(module.prepare, (case, work))
                chosen = [one for one in module.CONTESTANTS if not flags.peers or one.function in flags.peers]
                environments = flags.folder.resolve() / "environments"
                rows = measure(part, module.STEPS, chosen, environments, work, flags.rounds)
            except NotFoundError as error:
                parser.error(f"{part}: {error}")
            finally:
                shutil.rmtree(work, ignore_errors=True)
            show(f"{part}: {case}", rows)
            everything += [{"part": part, "case": case, **row} for row in rows]
    if flags.json:
        write_json(flags.json, everything)


def measure(
    part: str, steps: tuple[str, ...], contestants: list[Contestant], environments: Path, work: Path, rounds: int
) -> list[dict[str, Any]]:
    """What each contestant measured, a median over the rounds, or why it cannot run."""
    console = Console(stderr=True)
    measured: dict[str, list[Figures]] = {one.name: [] for one in contestants}
    versions, failed = {}, {}
    for number in range(rounds):
        for one in contestants:
            if one.name in failed:
                continue
            console.print(f"{part}, round {number + 1}: {one.name} …")
            try:
                python = python_for(one, environments)
                versions[one.name] = version_of(python, one)
                figures: Figures = {}
                for step in steps:
                    figures |= run_step(python, one, part, step, work)
                measured[one.name].append(figures)
            except CannotRunError as reason:
                failed[one.name] = str(reason)
    rows = []
    for one in contestants:
        row: dict[str, Any] = {"name": one.name, "versions": versions.get(one.name, "")}
        if one.name in failed:
            row["cannot run"] = failed[one.name]
        else:
            row |= {key: _median([figures[key] for figures in measured[one.name]]) for key in measured[one.name][0]}
        rows.append(row)
    return rows


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print a table, a row a contestant."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(*columns, title=title)
    for row in rows:
        values = [row.get(column, "") for column in columns]
        table.add_row(*(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in values))
    Console(width=200).print(table)


def _median(values: list[Any]) -> Any:
    return statistics.median(values) if isinstance(values[0], int | float) else values[0]


if __name__ == "__main__":
    main()
