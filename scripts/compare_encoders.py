"""How good are encoders, side by side? Each scored on the test artists of prepared collections.

    python scripts/compare_encoders.py painter runs/strong imagenet --data data --backbone tf_efficientnet_lite0

An encoder is a run, a checkpoint, an encoder's folder, `painter` (the one that comes with the package) or `imagenet`
(a backbone without training, seen as trained ones are). Test artists that one of them was trained or validated on are
left out, where that is known. Every pair of works by one artist is held against every work by another. 95 % intervals
by bootstrap over artists; differences are paired, to the last encoder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from painter_search.collection.collection import Collection
from painter_search.collection.work import Work
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.names import PACKAGED
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.inference.onnx_export import fastest_embedder
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.trained_artists import find_trained
from painter_search.metrics.bootstrap import Estimate, mean_by_artist, paired_difference
from painter_search.metrics.retrieval import score_retrieval
from painter_search.metrics.triplet_accuracy import all_negative_hits

ACCURACY, RECALL = "accuracy, every negative", "recall@1"
Scores = dict[str, tuple[np.ndarray, np.ndarray]]
"""By figure: a value for each pair or work, and its artist."""


def main() -> None:
    """Embed, score and print a table for each collection."""
    flags = parse_flags()
    encoders = {name: open_encoder(name, flags.backbone, flags.weights) for name in flags.encoders}
    for folder in flags.data:
        collection = Collection.open(folder)
        works = unseen_works(collection, list(encoders.values()))
        show(collection, works, {name: score(encoder, collection, works) for name, encoder in encoders.items()})


def parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoders", nargs="+", help="runs, checkpoints, folders, painter, or imagenet")
    parser.add_argument("--data", type=Path, nargs="+", default=[Path("data")], help="prepared collections")
    parser.add_argument("--backbone", default="resnet34", help="the backbone of imagenet")
    parser.add_argument("--weights", default="imagenet", help="its weights, if they are in a file")
    return parser.parse_args()


def open_encoder(name: str, backbone: str, weights: str) -> Encoder:
    if name != "imagenet":
        return load_encoder(PACKAGED if name == "painter" else name)
    if weights == "imagenet":
        return Encoder.untrained(backbone)
    from painter_search.encoder.network import untrained_network

    return Encoder(untrained_network(backbone, weights, seed=42, views="sized-parts", normalize=True), "whole")


def unseen_works(collection: Collection, encoders: Sequence[Encoder]) -> list[Work]:
    """Its test works by artists that none of the encoders was trained or validated on, as far as is known."""
    works = collection.works("test")
    digests = {digest for encoder in encoders for digest in encoder.trained_artists or ()}
    trained = find_trained(digests, {work.artist for work in works})
    return [work for work in works if work.artist not in trained]


def score(encoder: Encoder, collection: Collection, works: Sequence[Work]) -> Scores:
    """Accuracy over every negative of each pair of works by one artist; recall@1 of each work."""
    embeddings = embed_all(fastest_embedder(encoder.network), [collection.frame_path(work.file) for work in works])
    return score_embeddings(embeddings, np.unique([work.artist for work in works], return_inverse=True)[1])


def score_embeddings(embeddings: np.ndarray, artists: np.ndarray) -> Scores:
    """The same of embeddings `[n, 256]` by the numbers of their artists `[n]`."""
    anchors, positives = np.nonzero((artists[:, None] == artists) & ~np.eye(len(artists), dtype=bool))
    hits = all_negative_hits(embeddings, artists, anchors, positives)
    recall = score_retrieval(embeddings, artists, ks=(1,)).recall[1]
    return {ACCURACY: (hits, artists[anchors]), RECALL: (recall, artists)}


def show(collection: Collection, works: Sequence[Work], scores: dict[str, Scores]) -> None:
    artists = len({work.artist for work in works})
    table = Table(title=f"{collection.name}: {len(works):,} test works by {artists:,} artists", title_justify="left")
    figures = list(next(iter(scores.values())))
    last = next(reversed(scores))
    for column in ("encoder", *(name for figure in figures for name in (f"{figure}, %", f"less {last}"))):
        table.add_column(column)
    for name, of_encoder in scores.items():
        cells = [name]
        for figure in figures:
            values, by = of_encoder[figure]
            cells.append(interval(mean_by_artist(values, by)))
            other = scores[last][figure][0]
            cells.append("" if name == last else interval(paired_difference(values, other, by), "+"))
        table.add_row(*cells)
    Console(width=170).print(table)


def interval(estimate: Estimate, sign: str = "") -> str:
    value, low, high = (100 * number for number in (estimate.value, estimate.low, estimate.high))
    return f"{value:{sign}.1f} [{low:{sign}.1f}, {high:{sign}.1f}]"


if __name__ == "__main__":
    main()
