"""Retrieval metrics of embeddings: that all agree on them to 1e-6, and how long each takes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peers.contestant import Contestant, Figures

STEPS = ("measure",)
CONTESTANTS = (
    Contestant("ours", "ours"),
    Contestant("pytorch-metric-learning", "pytorch_metric_learning"),
    Contestant(
        "open-metric-learning", "open_metric_learning", ("omegaconf", "gdown", "validators"), ("open-metric-learning",)
    ),
    Contestant("ranx", "ranx", ("ranx",)),
    Contestant("scikit-learn", "scikit_learn"),
)
WORKS, WORKS_AN_ARTIST = 20_000, 20
ONE, MAP = "recall@1", "MAP@R"


def cases(scale: float) -> list[str]:
    """One number of works."""
    return [str(int(WORKS * scale))]


def prepare(case: str, folder: Path) -> None:
    """Draw embeddings of length 1 around artists' centres."""
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(int(case) // WORKS_AN_ARTIST), WORKS_AN_ARTIST)
    centres = rng.normal(size=(artists.max() + 1, 256))
    embeddings = centres[artists] + 3 * rng.normal(size=(len(artists), 256))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    np.save(folder / "embeddings.npy", embeddings.astype(np.float32))
    np.save(folder / "artists.npy", artists)


def measure(function: str, folder: Path) -> Figures:
    """The metrics that the contestant has, how far they are from plain ones in float64, and how long they took."""
    embeddings, artists = np.load(folder / "embeddings.npy"), np.load(folder / "artists.npy")
    metrics = METRICS[function]
    metrics(embeddings[:200], artists[:200])  # imports, and what is compiled when it is first used
    start = time.perf_counter()
    measured = metrics(embeddings, artists)
    seconds = time.perf_counter() - start
    expected = _plain(embeddings, artists)
    off = max(abs(value - expected[name]) for name, value in measured.items())
    return {"s": seconds, **measured, "off": off}


def _plain(embeddings: NDArray[np.float32], artists: NDArray[np.int64]) -> dict[str, float]:
    """The definitions, written plainly: every artist has as many works."""
    r = WORKS_AN_ARTIST - 1
    hits, precisions = [], []
    for start in range(0, len(artists), 500):
        near = _nearest(embeddings, np.arange(start, min(start + 500, len(artists))), r)
        matches = artists[near] == artists[start : start + 500, None]
        hits.append(matches[:, 0])
        precisions.append((matches * matches.cumsum(1) / np.arange(1, r + 1)).sum(1) / r)
    return {ONE: float(np.concatenate(hits).mean()), MAP: float(np.concatenate(precisions).mean())}


def _nearest(embeddings: NDArray[np.float32], rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    alike = embeddings[rows].astype(np.float64) @ embeddings.T.astype(np.float64)
    alike[np.arange(len(rows)), rows] = -np.inf
    best = np.argpartition(-alike, count, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(alike, best, 1), axis=1)
    return np.take_along_axis(best, order, 1)


def _ours(embeddings: NDArray[np.float32], artists: NDArray[np.int64]) -> dict[str, float]:
    from painter_search.metrics.retrieval import score_retrieval

    scores = score_retrieval(embeddings, artists)  # and recall@5, recall@10, and the AUC of all pairs
    return {ONE: float(scores.recall[1].mean()), MAP: float(scores.map_at_r.mean())}


def _pytorch_metric_learning(embeddings: NDArray[np.float32], artists: NDArray[np.int64]) -> dict[str, float]:
    import torch
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    calculator = AccuracyCalculator(include=("precision_at_1", "mean_average_precision_at_r"), k="max_bin_count")
    scores = calculator.get_accuracy(torch.from_numpy(embeddings), torch.from_numpy(artists))
    return {ONE: float(scores["precision_at_1"]), MAP: float(scores["mean_average_precision_at_r"])}


def _open_metric_learning(embeddings: NDArray[np.float32], artists: NDArray[np.int64]) -> dict[str, float]:
    """OML scores rankings that others have made; its MAP divides by the works that were found."""
    import torch
    from oml.functional.metrics import calc_retrieval_metrics

    of_artist = {artist: np.flatnonzero(artists == artist) for artist in np.unique(artists)}
    found, relevant = [], []
    for start in range(0, len(artists), 500):
        rows = np.arange(start, min(start + 500, len(artists)))
        found += [torch.from_numpy(near) for near in _nearest(embeddings, rows, WORKS_AN_ARTIST - 1)]
        relevant += [torch.from_numpy(of_artist[artists[row]][of_artist[artists[row]] != row]) for row in rows]
    scores = calc_retrieval_metrics(found, relevant, cmc_top_k=(1,), precision_top_k=(), map_top_k=(), verbose=False)
    return {ONE: float(scores["cmc"][1])}


def _ranx(embeddings: NDArray[np.float32], artists: NDArray[np.int64]) -> dict[str, float]:
    """ranx scores rankings that others have made; its average precision at R divides by R, too."""
    from ranx import Qrels, Run, evaluate

    r, names = WORKS_AN_ARTIST - 1, [str(row) for row in range(len(artists))]
    relevant, found = {}, {}
    for start in range(0, len(artists), 500):
        rows = np.arange(start, min(start + 500, len(artists)))
        for row, near in zip(rows, _nearest(embeddings, rows, r), strict=True):
            others = np.flatnonzero(artists == artists[row])
            relevant[names[row]] = {names[other]: 1 for other in others if other != row}
            found[names[row]] = {names[other]: float(r - rank) for rank, other in enumerate(near)}
    scores = evaluate(Qrels(relevant), Run(found), ["hit_rate@1", f"map@{r}"])
    return {ONE: float(scores["hit_rate@1"]), MAP: float(scores[f"map@{r}"])}


def _scikit_learn(embeddings: NDArray[np.float32], artists: NDArray[np.int64]) -> dict[str, float]:
    """scikit-learn has the search, not the metrics."""
    from sklearn.neighbors import NearestNeighbors

    r = WORKS_AN_ARTIST - 1
    near = NearestNeighbors(n_neighbors=r, algorithm="brute", n_jobs=-1).fit(embeddings).kneighbors()[1]
    matches = artists[near] == artists[:, None]
    precision = (matches * matches.cumsum(1) / np.arange(1, r + 1)).sum(1) / r
    return {ONE: float(matches[:, 0].mean()), MAP: float(precision.mean())}


METRICS = {
    "ours": _ours,
    "pytorch_metric_learning": _pytorch_metric_learning,
    "open_metric_learning": _open_metric_learning,
    "ranx": _ranx,
    "scikit_learn": _scikit_learn,
}
