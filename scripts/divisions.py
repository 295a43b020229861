"""How good is the encoder? Both recipes on several divisions of the artists into train and test.

    python scripts/divisions.py shared/paintings --weights weights.pth --backbone tf_efficientnet_lite0

A collection is a folder with `all_data_info.csv` and `originals/` or `train.zip`; with several, `strong` is trained on
all of them together as well. For each division (the catalogue's own, and two drawn) it prepares the collection, trains
each recipe and scores the test works against every negative. Then it prints means over the divisions, with 95 %
intervals by bootstrap over artists, drawn alike for all divisions and encoders. What is done already is not done again.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table

from painter_search.collection.collection import Collection
from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import PrepareConfig
from painter_search.encoder.checkpoint import load_encoder
from painter_search.encoder.embedding import embed_all
from painter_search.encoder.encoder import Encoder
from painter_search.scores.retrieval import score_retrieval
from painter_search.scores.triplets import all_negative_hits
from painter_search.training.recipe import TrainConfig
from painter_search.training.trainer import train_encoder

RESAMPLES = 2000
ROWS = {
    "report, untrained": ("report", "epoch_00.pt"),
    "report": ("report", "best.pt"),
    "strong, untrained": ("strong", "epoch_00.pt"),
    "strong, fitted without gradients": ("strong", "epoch_01.pt"),
    "strong": ("strong", "best.pt"),
    "strong, trained on all": ("together", "best.pt"),
}
COMPARED = [
    ("strong", "report"),
    ("strong", "strong, untrained"),
    ("strong", "strong, fitted without gradients"),
    ("strong, trained on all", "strong"),
]


@dataclass(frozen=True)
class Scores:
    """One encoder on one division: for each pair and for each work what it scored, and the artist's name."""

    pairs: np.ndarray
    pair_artists: np.ndarray
    works: np.ndarray
    work_artists: np.ndarray


def main() -> None:
    """Prepare, train, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("divisions"), help="where everything is kept")
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--backbone", default="resnet34")
    parser.add_argument(
        "--image-side", type=int, nargs="+", default=[224], help="for the report's recipe, a collection"
    )
    parser.add_argument("--divisions", type=int, default=3)
    parser.add_argument("--without-report", action="store_true", help="train and score strong only")
    arguments = parser.parse_args()
    sides = arguments.image_side * (len(arguments.collections) if len(arguments.image_side) == 1 else 1)
    found: dict[str, dict[str, list[Scores]]] = {source.name: {} for source in arguments.collections}
    for number in range(arguments.divisions):
        home = [arguments.out / source.name / f"division-{number}" for source in arguments.collections]
        prepared = [
            prepare_division(source, number, out) for source, out in zip(arguments.collections, home, strict=True)
        ]
        common = {"weights": arguments.weights, "backbone": arguments.backbone}
        for collection, out, side in zip(prepared, home, sides, strict=True):
            if not arguments.without_report:
                data = (collection.folder,)
                train(TrainConfig(data=data, runs=out, name="report", recipe="report", image_side=side, **common))
            train(TrainConfig(data=(collection.folder,), runs=out, name="strong", image_side=side, **common))
        together = arguments.out / "together" / f"division-{number}"
        if len(prepared) > 1:
            train(TrainConfig(data=tuple(c.folder for c in prepared), runs=together, name="together", **common))
        for collection, out in zip(prepared, home, strict=True):
            for row, (run, file) in ROWS.items():
                checkpoint = (together if run == "together" else out) / run / file
                if checkpoint.is_file():
                    encoder, _ = load_encoder(checkpoint)
                    found[collection.name].setdefault(row, []).append(score(encoder, collection))
    for name, rows in found.items():
        show(name, rows)


def prepare_division(source: Path, number: int, out: Path) -> Collection:
    """The collection with the artists divided anew; division 0 is the catalogue's own."""
    catalogue = pd.read_csv(source / "all_data_info.csv", dtype=str, keep_default_na=False)
    if number:
        names = catalogue["artist"].str.strip()
        flags = catalogue["in_train"].str.lower() == "true"
        artists = sorted(set(names))
        share = flags.groupby(names).mean().mean()
        order = np.random.default_rng(number).permutation(len(artists))
        learning = {artists[i] for i in order[: round(share * len(artists))]}
        catalogue["in_train"] = names.isin(learning).map({True: "True", False: "False"})
    out.mkdir(parents=True, exist_ok=True)
    divided = out / "all_data_info.csv"
    catalogue.to_csv(divided, index=False)
    originals = next(path for path in (source / "originals", source / "train.zip") if path.exists())
    return prepare_collection(
        PrepareConfig(info=(divided,), originals=(originals,), out=out / "data", name=source.name)
    )


def train(config: TrainConfig) -> None:
    """Train, or leave what is trained already."""
    assert config.name is not None
    folder = config.runs / config.name
    if not (folder / "score.json").is_file():
        train_encoder(TrainConfig(**{**config.__dict__, "resume": (folder / "config.json").is_file()}))


@torch.inference_mode()
def score(encoder: Encoder, collection: Collection) -> Scores:
    """Every pair of test works by one artist against every negative, and every test work's nearest neighbour."""
    works = collection.works("test")
    embeddings = embed_all(encoder, [collection.frame_path(work.file) for work in works])
    names, artists = np.unique([work.artist for work in works], return_inverse=True)
    same = artists[:, None] == artists[None, :]
    anchors, positives = np.nonzero(same & ~np.eye(len(works), dtype=bool))
    hits = all_negative_hits(embeddings, artists, anchors, positives)
    recall = score_retrieval(embeddings, artists, ks=(1,)).recall[1]
    answered = ~np.isnan(recall)
    return Scores(hits, names[artists[anchors]], recall[answered], names[artists[answered]])


def resampled(scores: list[Scores], weights: dict[str, int], draws: np.ndarray) -> np.ndarray:
    """Accuracy and recall@1, means over divisions: `[1 + resamples, 2]`, the first row without resampling."""
    divisions = []
    for one in scores:
        figures = []
        for values, artists in ((one.pairs, one.pair_artists), (one.works, one.work_artists)):
            column = np.array([weights[artist] for artist in artists])
            sums = np.bincount(column, values, minlength=len(weights))
            counts = np.bincount(column, minlength=len(weights)).astype(float)
            figures.append((draws @ sums) / (draws @ counts))
        divisions.append(np.stack(figures, axis=1))
    return 100 * np.mean(divisions, axis=0)


def show(name: str, rows: dict[str, list[Scores]]) -> None:
    """Print one collection's table."""
    artists = sorted({str(artist) for scores in rows.values() for one in scores for artist in one.work_artists})
    weights = {artist: number for number, artist in enumerate(artists)}
    drawn = np.random.default_rng(0).multinomial(len(artists), np.full(len(artists), 1 / len(artists)), RESAMPLES)
    draws = np.vstack([np.ones(len(artists)), drawn])
    figures = {row: resampled(scores, weights, draws) for row, scores in rows.items()}

    def interval(values: np.ndarray, sign: str = "") -> str:
        low, high = np.percentile(values[1:], [2.5, 97.5])
        return f"{values[0]:{sign}.1f} [{low:{sign}.1f}, {high:{sign}.1f}]"

    divisions = len(next(iter(rows.values())))
    table = Table(title=f"{name}: mean over {divisions} divisions, {len(artists)} test artists in all")
    for column in ("", "accuracy, every negative, %", "recall@1, %", "accuracy in each", "recall@1 in each"):
        table.add_column(column)
    for row, values in figures.items():
        each = [resampled([one], weights, draws[:1])[0] for one in rows[row]]
        spread = [", ".join(f"{one[place]:.1f}" for one in each) for place in (0, 1)]
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
