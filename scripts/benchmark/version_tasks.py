"""What `benchmark_versions.py` measures inside a process, whichever version of the package it imports; prints JSON.

    python version_tasks.py embedding BACKBONE FOLDER    `FOLDER/frames` holds pictures

It keeps to what this version and those back to November 2026 have in common, and asks for the rest.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
ROUNDS = 9


def start(backbone: str) -> Any:
    """An encoder with a readout and five views a painting; its weights are random, which changes no time."""
    from painter_search.training.recipes.strong import with_readout

    try:
        from painter_search.encoder.network import untrained_network
    except ImportError:
        from painter_search.encoder.checkpoint import start_encoder as untrained_network

    return with_readout(untrained_network(backbone, "none", seed=0, img_size=224, views="parts", normalize=True))


def frames(folder: Path, count: int) -> list[Path]:
    """Some of the pictures."""
    return sorted((folder / "frames").iterdir())[:count]


def embedding(backbone: str, folder: Path) -> Figures:
    """Works a second, decoded and embedded."""
    from painter_search.encoder.inference.embedding import embed_all

    encoder = start(backbone)
    try:
        from painter_search.encoder.inference.onnx_export import fastest_embedder
    except ImportError:
        from painter_search.encoder.cpu_inference import fastest_cpu_embedder

        from painter_search.encoder.inference.onnx_export import export_onnx

        embedder = fastest_cpu_embedder(encoder, export_onnx(encoder, folder / "encoder.onnx"))
    else:
        embedder = fastest_embedder(encoder)
    works = frames(folder, 10**6)
    embed_all(embedder, works[:16])
    begun = time.perf_counter()
    embed_all(embedder, works)
    return {"embedding, works/s": len(works) / (time.perf_counter() - begun)}


def looking(backbone: str, folder: Path) -> Figures:
    """Works a second that training looks at."""
    from painter_search.training.data.feature_cache import cached_features

    encoder = start(backbone)
    home = folder / "features"
    home.mkdir(exist_ok=True)
    works = frames(folder, 10**6)
    begun = time.perf_counter()
    with cached_features(encoder, works, home):
        return {"looking at works, works/s": len(works) / (time.perf_counter() - begun)}


def build(backbone: str, folder: Path) -> Figures:
    """An index of the works, in folders of artists, for the tasks that query."""
    from painter_search.encoder.checkpoint import save_checkpoint
    from painter_search.index.painting_index import PaintingIndex

    try:
        from painter_search.encoder.files import names
    except ImportError:
        file = folder / "encoder.pt"
    else:
        file = folder / f"encoder{names.SUFFIX}"
    save_checkpoint(file, start(backbone), "whole")
    begun = time.perf_counter()
    PaintingIndex.build(folder=folder / "artists", encoder=str(file), index=folder / "index")
    return {"build-index, s": time.perf_counter() - begun}


def query(backbone: str, folder: Path) -> Figures:
    """A warm query of five views, and its forward pass alone."""
    import numpy as np

    from painter_search.attribution.attribute import attribute
    from painter_search.index.painting_index import PaintingIndex

    index = PaintingIndex.load(folder / "index")
    (painting,) = frames(folder, 1)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3, 224, 224), dtype=np.uint8)
    warm = lambda: attribute(index, [painting], crop="none") if _has_crop() else attribute(index, [painting])  # noqa: E731
    whole, forward = _in_turns(warm, lambda: index.encoder.embed(pixels))
    return {"warm query, ms": 1000 * whole, "its forward pass, ms": 1000 * forward, "ratio": whole / forward}


def accuracy(backbone: str, folder: Path) -> Figures:
    """The packaged encoder on a collection's test artists, in this machine's precision and in float32; this version."""
    import numpy as np

    from painter_search import load_encoder
    from painter_search.collection.collection import Collection
    from painter_search.encoder.files.names import PACKAGED
    from painter_search.encoder.inference.embedding import embed_all
    from painter_search.encoder.inference.inference_engine import open_onnxruntime
    from painter_search.encoder.inference.onnx_export import OnnxEncoder, open_encoder
    from painter_search.metrics.retrieval import score_retrieval
    from painter_search.metrics.triplet_accuracy import all_negative_hits

    collection, encoder = Collection.open(folder / "paintings"), load_encoder(PACKAGED)
    works = collection.works("test")
    artists = np.unique([work.artist for work in works], return_inverse=True)[1]
    anchors, positives = np.nonzero((artists[:, None] == artists) & ~np.eye(len(works), dtype=bool))
    exported, figures = encoder.to_onnx(), {}
    plain = OnnxEncoder(open_onnxruntime(exported), encoder.config)
    for embedder in (open_encoder(exported, encoder.config), plain):
        embeddings = embed_all(embedder, [collection.frame_path(work.file) for work in works])
        hits = all_negative_hits(embeddings, artists, anchors, positives)
        by_artist = [hits[artists[anchors] == artist].mean() for artist in np.unique(artists[anchors])]
        recall = np.nanmean(score_retrieval(embeddings, artists, ks=(1,)).recall[1])
        figures[f"triplet accuracy, {embedder.engine}, %"] = 100 * float(np.mean(by_artist))
        figures[f"recall@1, {embedder.engine}, %"] = 100 * float(recall)
    return figures


def _has_crop() -> bool:
    from inspect import signature

    from painter_search.attribution.attribute import attribute

    return "crop" in signature(attribute).parameters


def _in_turns(*tasks: Callable[[], object]) -> list[float]:
    """The median seconds of each."""
    seconds: list[list[float]] = [[] for _ in tasks]
    for number in range(ROUNDS + 1):
        for task, taken in zip(tasks, seconds, strict=True):
            begun = time.perf_counter()
            task()
            if number:  # the first is to warm up
                taken.append(time.perf_counter() - begun)
    return [statistics.median(taken) for taken in seconds]


if __name__ == "__main__":
    task, backbone, folder = sys.argv[1:]
    print(json.dumps(globals()[task](backbone, Path(folder))))
