"""What do more training artists bring? Encoders trained on 50, 100, 200, … of them, scored on the same test artists.

    python scripts/learning_curve.py --data data --backbone tf_efficientnet_lite0

The artists are drawn at random from the training artists of all collections together, every larger set with the smaller
ones in it; the validation artists are always the same, and are no training artists. Each training is one of `train`.
`frozen` is its best epoch in which the new layer alone was trained, `fine-tuned` the best of those after them, both by
validation artists. A finished training is not repeated; other settings need another --out.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from compare_encoders import interval, score
from rich.console import Console
from rich.table import Table

from painter_search.collection.collection import CLEAN_FILES, TRIPLET_FILES, Collection
from painter_search.common.files.atomic_io import read_json, write_bytes
from painter_search.encoder.load_encoder import load_encoder
from painter_search.metrics.bootstrap import mean_by_artist, paired_difference
from painter_search.training.config import TrainConfig
from painter_search.training.early_stopping import best_by_phase
from painter_search.training.run import CONFIG, Run, is_finished, saved_settings
from painter_search.training.trainer import train_encoder


def main() -> None:
    """Train on ever more artists and print a table for each collection's test artists."""
    flags = parse_flags()
    collections = [Collection.open(folder) for folder in flags.data]
    tables = {collection.name: new_table(collection) for collection in collections}
    for count in (*flags.artists, None):
        thinned = [thin(collection, chosen_artists(collections, count), flags.out, count) for collection in collections]
        run = open_or_train(thinned, count, flags)
        frozen, tuned = best_epochs(run)
        for collection in collections:
            add_row(tables[collection.name], run, frozen, tuned, collection, sum(map(training_artists, thinned)))
    for table in tables.values():
        Console(width=170).print(table)


def parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=[Path("data")], help="prepared collections")
    parser.add_argument("--artists", type=int, nargs="+", default=[50, 100, 200, 400], help="besides all of them")
    parser.add_argument("--backbone", default="resnet34")
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--finetune", choices=["last-stages", "whole-network"], default="last-stages")
    parser.add_argument("--finetune-epochs", type=int)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument(
        "--out", type=Path, default=Path("learning-curve"), help="where thinned collections and runs lie"
    )
    flags = parser.parse_args()
    if flags.finetune_epochs == 0:
        parser.error("--finetune-epochs is 0, and the table compares epochs that fine-tune; give 1 or more")
    return flags


def validation_artists(collection: Collection) -> set[str]:
    files = set(collection.triplets("validation").to_numpy().ravel())
    return {work.artist for work in collection.works("train") if work.file in files}


def training_artists(collection: Collection) -> int:
    return len({work.artist for work in collection.works("train")} - validation_artists(collection))


def chosen_artists(collections: list[Collection], count: int | None) -> set[str]:
    """So many training artists with two works or more, the first ones of an order that does not depend on `count`."""
    names: set[str] = set()
    for collection in collections:
        works = pd.Series([work.artist for work in collection.works("train")]).value_counts()
        names |= set(works.index[works > 1]) - validation_artists(collection)
    order = np.random.default_rng(0).permutation(sorted(names))
    return set(order[:count])


def thin(collection: Collection, artists: set[str], out: Path, count: int | None) -> Collection:
    """The same collection with these training artists alone, in a folder that links to its frames."""
    folder = out / f"{collection.name}-{count or 'all'}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = artists | validation_artists(collection)
    for name in (*CLEAN_FILES.values(), *TRIPLET_FILES.values(), "prepare.json"):
        source = collection.folder / name
        if not source.is_file():
            continue
        content = source.read_bytes()
        if name in (CLEAN_FILES["train"], CLEAN_FILES["train_all"]):
            table = pd.read_csv(source, dtype=str, keep_default_na=False)
            content = table[table["artist"].isin(kept)].to_csv(index=False).encode()
        write_bytes(folder / name, content)
    if not (folder / "frames").exists():
        os.symlink((collection.folder / "frames").resolve(), folder / "frames")
    return Collection.open(folder)


def open_or_train(collections: list[Collection], count: int | None, flags: argparse.Namespace) -> Run:
    config = TrainConfig(
        data=tuple(collection.folder for collection in collections),
        runs=flags.out,
        name=f"{count or 'all'}-{flags.finetune}-{flags.seed}",
        backbone=flags.backbone,
        weights=flags.weights,
        finetune=flags.finetune,
        finetune_epochs=flags.finetune_epochs,
        seed=flags.seed,
    )
    folder = config.runs / str(config.name)
    if is_finished(folder):
        before, settings = read_json(folder / CONFIG), saved_settings(config, collections)
        if changed := [name for name in settings if name in before and before[name] != settings[name]]:
            raise SystemExit(f"{folder} was trained with another {', '.join(changed)}; give another --out")
        return Run.load(folder)
    run = train_encoder(replace(config, resume=folder.is_dir()))
    assert run is not None
    return run


def best_epochs(run: Run) -> tuple[int, int]:
    """The epochs that did best on validation artists, among those of the new layer alone and those after them."""
    frozen, tuned = best_by_phase(run.history, run.config.resolved.epochs)
    assert frozen is not None
    if tuned is None:
        raise SystemExit(f"no epoch of {run.folder} fine-tuned {run.config.backbone}; give --finetune whole-network")
    return frozen.epoch, tuned.epoch


def new_table(collection: Collection) -> Table:
    works = collection.works("test")
    title = f"{collection.name}: {len(works):,} test works by {len({work.artist for work in works}):,} artists"
    table = Table(title=title, title_justify="left")
    for column in ("training artists", "accuracy, every negative, %: frozen", "fine-tuned", "difference",
                   "recall@1, %: frozen", "fine-tuned", "difference"):  # fmt: skip
        table.add_column(column)
    return table


def add_row(table: Table, run: Run, frozen: int, tuned: int, collection: Collection, artists: int) -> None:
    works = collection.works("test")
    before, after = (
        score(load_encoder(run.folder / f"epoch_{epoch:02d}.safetensors"), collection, works)
        for epoch in (frozen, tuned)
    )
    cells = []
    for figure in before:
        (values, by), (others, _) = before[figure], after[figure]
        cells += [interval(mean_by_artist(values, by)), interval(mean_by_artist(others, by))]
        cells.append(interval(paired_difference(others, values, by), "+"))
    table.add_row(f"{artists:,}", *cells)


if __name__ == "__main__":
    main()
