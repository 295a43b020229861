"""How good is the encoder? Both recipes on several splits of the artists into train and test.

    python scripts/compare_recipes.py shared/paintings --weights weights.pth --backbone tf_efficientnet_lite0

A collection is a folder with `all_data_info.csv` and `originals/` or `train.zip`; with several, `strong` is also
trained on all of them together. For each split (the catalogue's own and two random ones) the collection is prepared,
each recipe trained, and the test works scored against every negative. The table shows means over the splits with 95 %
intervals by bootstrap over artists, the same draws for all splits and encoders. A run again skips finished steps.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from compare_encoders import ACCURACY, RECALL, score_embeddings
from rich.console import Console
from rich.table import Table

from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.network import EncoderNetwork
from painter_search.training.config import TrainConfig
from painter_search.training.run import CONFIG, is_finished
from painter_search.training.trainer import train_encoder

RESAMPLES = 2000
ROWS = {
    "report, untrained": ("report", "epoch_00.safetensors"),
    "report": ("report", "best.safetensors"),
    "strong, untrained": ("strong", "epoch_00.safetensors"),
    "strong, fitted in closed form": ("strong", "epoch_01.safetensors"),
    "strong": ("strong", "best.safetensors"),
    "strong, trained on all": ("together", "best.safetensors"),
}
COMPARED = [
    ("strong", "report"),
    ("strong", "strong, untrained"),
    ("strong", "strong, fitted in closed form"),
    ("strong, trained on all", "strong"),
]


@dataclass(frozen=True)
class Scores:
    """One encoder on one split: the score of each pair and of each work, and their artists."""

    pairs: np.ndarray
    pair_artists: np.ndarray
    works: np.ndarray
    work_artists: np.ndarray


def main() -> None:
    """Prepare, train, score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("splits"), help="folder for everything that is made")
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--backbone", default="resnet34")
    parser.add_argument(
        "--img-size",
        type=int,
        nargs="+",
        default=[224],
        help="side of a view: one, or one a collection; the largest for all together",
    )
    parser.add_argument("--splits", type=int, default=3, help="how many; the first is the catalogue's own")
    parser.add_argument("--epochs", type=int, help="as in train; the recipe's own by default")
    parser.add_argument("--backbone-lr", type=float, help="as in train, for strong; 0 trains the new layer alone")
    parser.add_argument("--without-report", action="store_true", help="train and score strong only")
    flags = parser.parse_args()
    sides = flags.img_size * (len(flags.collections) if len(flags.img_size) == 1 else 1)
    scores: dict[str, dict[str, list[Scores]]] = {source.name: {} for source in flags.collections}
    for number in range(flags.splits):
        home = [flags.out / source.name / f"split-{number}" for source in flags.collections]
        prepared = [prepare_split(source, number, out) for source, out in zip(flags.collections, home, strict=True)]
        common = {"weights": flags.weights, "backbone": flags.backbone, "epochs": flags.epochs}
        strong = common | {"backbone_lr": flags.backbone_lr}
        for collection, out, side in zip(prepared, home, sides, strict=True):
            if not flags.without_report:
                data = (collection.folder,)
                train(TrainConfig(data=data, runs=out, name="report", recipe="report", img_size=side, **common))
            train(TrainConfig(data=(collection.folder,), runs=out, name="strong", img_size=side, **strong))
        together = flags.out / "together" / f"split-{number}"
        if len(prepared) > 1:
            folders = tuple(collection.folder for collection in prepared)
            train(TrainConfig(data=folders, runs=together, name="together", img_size=max(sides), **strong))
        for collection, out in zip(prepared, home, strict=True):
            for row, (run, file) in ROWS.items():
                checkpoint = (together if run == "together" else out) / run / file
                if checkpoint.is_file():
                    network = load_encoder(checkpoint).network
                    scores[collection.name].setdefault(row, []).append(score(network, collection))
    for name, rows in scores.items():
        show(name, rows)


def prepare_split(source: Path, number: int, out: Path) -> Collection:
    """Prepare the collection with its artists split at random by the seed `number`; 0 keeps the catalogue's split."""
    catalogue = pd.read_csv(source / "all_data_info.csv", dtype=str, keep_default_na=False)
    if number:
        names = catalogue["artist"].str.strip()
        flags = catalogue["in_train"].str.lower() == "true"
        artists = sorted(set(names))
        share = flags.groupby(names).mean().mean()
        order = np.random.default_rng(number).permutation(len(artists))
        train_artists = {artists[i] for i in order[: round(share * len(artists))]}
        catalogue["in_train"] = names.isin(train_artists).map({True: "True", False: "False"})
    out.mkdir(parents=True, exist_ok=True)
    split_catalogue = out / "all_data_info.csv"
    catalogue.to_csv(split_catalogue, index=False)
    originals = next(path for path in (source / "originals", source / "train.zip") if path.exists())
    return prepare_collection(
        PrepareConfig(catalogue=(split_catalogue,), originals=(originals,), out=out / "data", name=source.name)
    )


def train(config: TrainConfig) -> None:
    """Train, resume an unfinished run, or keep a finished one."""
    assert config.name is not None
    folder = config.runs / config.name
    if not is_finished(folder):
        train_encoder(replace(config, resume=(folder / CONFIG).is_file()))


@torch.inference_mode()
def score(encoder: EncoderNetwork, collection: Collection) -> Scores:
    """Score every pair of test works by one artist against every negative, and every work's nearest neighbour."""
    works = collection.works("test")
    embeddings = embed_all(encoder, [collection.frame_path(work.file) for work in works])
    names, artists = np.unique([work.artist for work in works], return_inverse=True)
    measured = score_embeddings(embeddings, artists)
    (hits, pair_artists), (recall, _) = measured[ACCURACY], measured[RECALL]
    has_relevant = ~np.isnan(recall)
    return Scores(hits, names[pair_artists], recall[has_relevant], names[artists[has_relevant]])


def resampled(scores: list[Scores], weights: dict[str, int], draws: np.ndarray) -> np.ndarray:
    """Accuracy and recall@1 in percent, means over splits: `[1 + resamples, 2]`, the first row without resampling."""
    splits = []
    for one in scores:
        figures = []
        for values, artists in ((one.pairs, one.pair_artists), (one.works, one.work_artists)):
            column = np.array([weights[artist] for artist in artists])
            sums = np.bincount(column, values, minlength=len(weights))
            counts = np.bincount(column, minlength=len(weights)).astype(float)
            figures.append((draws @ sums) / (draws @ counts))
        splits.append(np.stack(figures, axis=1))
    return 100 * np.mean(splits, axis=0)


def show(name: str, rows: dict[str, list[Scores]]) -> None:
    """Print one collection's table."""
    artists = sorted({str(artist) for scores in rows.values() for one in scores for artist in one.work_artists})
    weights = {artist: number for number, artist in enumerate(artists)}
    resamples = np.random.default_rng(0).multinomial(len(artists), np.full(len(artists), 1 / len(artists)), RESAMPLES)
    draws = np.vstack([np.ones(len(artists)), resamples])
    figures = {row: resampled(scores, weights, draws) for row, scores in rows.items()}

    def interval(values: np.ndarray, sign: str = "") -> str:
        low, high = np.percentile(values[1:], [2.5, 97.5])
        return f"{values[0]:{sign}.1f} [{low:{sign}.1f}, {high:{sign}.1f}]"

    splits = len(next(iter(rows.values())))
    table = Table(title=f"{name}: mean over {splits} splits, {len(artists)} test artists in all")
    for column in ("", "accuracy, every negative, %", "recall@1, %", "accuracy in each", "recall@1 in each"):
        table.add_column(column)
    for row, values in figures.items():
        each = [resampled([one], weights, draws[:1])[0] for one in rows[row]]
        spread = [", ".join(f"{one[column]:.1f}" for one in each) for column in (0, 1)]
        table.add_row(row, interval(values[:, 0]), interval(values[:, 1]), *spread)
    for left, right in COMPARED:
        if left in figures and right in figures:
            difference = figures[left] - figures[right]
            ratio = figures[left][0, 1] / figures[right][0, 1]
            points = (interval(difference[:, 0], "+"), f"{interval(difference[:, 1], '+')} ({ratio:.2f} x)")
            table.add_row(f"{left} - {right}", *points, "", "")
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
