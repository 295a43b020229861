"""Triplets scored from the stored vectors of an index: the whole of `eval-triplets`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from painter_search.collection.triplets import read_triplets
from painter_search.errors import UserError
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import ScoreConfig
from painter_search.retrieval.trust import Trust, measure_trust
from painter_search.scores.intervals import Estimate, macro_mean, mean_by_artist, paired_difference
from painter_search.scores.retrieval import score_retrieval
from painter_search.scores.triplets import (
    all_negative_hits,
    paired_distances,
    triplet_hits,
    triplet_losses,
)

MARGIN, UNIT_MARGIN = 5.0, 0.2
"""The recipes' margins, for the mean loss: the report's, and that of embeddings of length 1."""


@dataclass(frozen=True)
class TripletScore:
    """What a triplet file says of an index. Intervals are 95 %, by bootstrap over artists."""

    index: str
    """The index's digest."""
    triplets: int
    """Triplets scored."""
    missing: int
    """Triplets left out because the index lacks one of their paintings."""
    paintings: int
    artists: int
    accuracy: Estimate
    """Share of triplets with d(a, p) < d(a, n)."""
    mean_loss: float
    """Mean of max(0, d(a, p) - d(a, n) + margin)."""
    margin: float
    all_negatives: Estimate
    """The same accuracy with every work by another artist as the negative instead of the one drawn."""
    pair_auc: float
    """Share of comparisons in which a pair by one artist lies nearer than a pair by two."""
    recall: dict[int, Estimate]
    """recall@k by work."""
    recall_macro: dict[int, float]
    """recall@k, every artist counting the same."""
    map_at_r: Estimate
    map_at_r_macro: float
    difference: dict[str, Estimate] | None = None
    """accuracy, all_negatives and recall@1 less the baseline's, paired; None without a baseline."""

    def __post_init__(self) -> None:
        if self.triplets < 1:
            raise ValueError("a score needs at least one triplet")


@dataclass(frozen=True)
class _Parts:
    """The per-item values behind a score, kept for paired comparison."""

    hits: NDArray[np.float64]
    all_hits: NDArray[np.float64]
    recall_1: NDArray[np.float64]
    anchor_artists: NDArray[np.int64]
    work_artists: NDArray[np.int64]


def score_triplets(
    index: PaintingIndex, triplets: pd.DataFrame | Path | str, skip_missing: bool = False
) -> TripletScore:
    """Score a triplet table (columns anchor, positive, negative) or file on an index.

    Negatives, neighbours and pairs are drawn from the works that the triplets name. Raises `UserError` for triplets
    whose paintings the index lacks, unless `skip_missing`.
    """
    source = Path(triplets) if isinstance(triplets, str) else triplets
    return _score(index, source, skip_missing)[0]


def score_with(config: ScoreConfig) -> tuple[TripletScore, TripletScore | None, Trust | None]:
    """Score what `config` names: the index, with the paired difference to its baseline; the baseline; and how far the
    index's answers can be trusted."""
    index = PaintingIndex.load(config.index)
    score, parts = _score(index, config.triplets, config.skip_missing)
    if config.baseline is None:
        return score, None, measure_trust(index)
    baseline, before = _score(PaintingIndex.load(config.baseline), config.triplets, config.skip_missing)
    if len(before.hits) != len(parts.hits):
        raise UserError(f"{config.baseline} lacks other triplets than {config.index}; build both from the same works.")
    difference = {
        "accuracy": paired_difference(parts.hits, before.hits, parts.anchor_artists),
        "all_negatives": paired_difference(parts.all_hits, before.all_hits, parts.anchor_artists),
        "recall@1": paired_difference(parts.recall_1, before.recall_1, parts.work_artists),
    }
    return TripletScore(**{**score.__dict__, "difference": difference}), baseline, measure_trust(index)


def _score(index: PaintingIndex, triplets: pd.DataFrame | Path, skip_missing: bool) -> tuple[TripletScore, _Parts]:
    table = read_triplets(triplets) if isinstance(triplets, Path) else triplets
    source = str(triplets) if isinstance(triplets, Path) else "the triplets"
    names = pd.unique(table[["anchor", "positive", "negative"]].to_numpy().ravel())
    ids = index.works.ids_of([str(name) for name in names])
    complete = table.isin(set(ids)).all(axis=1)
    missing = int((~complete).sum())
    if missing and not skip_missing:
        absent = sorted(set(map(str, names)) - set(ids))
        raise UserError(
            f"{missing:,} of the {len(table):,} triplets in {source} name paintings that are not in the index "
            f"({len(absent):,} paintings: {', '.join(absent[:3])}{', …' if len(absent) > 3 else ''}); "
            "build the index from the same collection, or add --skip-missing."
        )
    table = table[complete]
    if table.empty:
        raise UserError(f"{source} has no triplet whose three paintings are in the index.")

    used = np.unique(np.array([ids[name] for name in pd.unique(table.to_numpy().ravel())]))
    vectors = index.vectors(used)
    all_ids, numbers, _ = index.artists
    artists = numbers[np.searchsorted(all_ids, used)]
    row = {name: int(np.searchsorted(used, id)) for name, id in ids.items()}
    anchor, positive, negative = (table[column].map(row).to_numpy() for column in table.columns)
    near = paired_distances(vectors[anchor], vectors[positive])
    far = paired_distances(vectors[anchor], vectors[negative])
    hits = triplet_hits(near, far).astype(np.float64)
    all_hits = all_negative_hits(vectors, artists, anchor, positive)
    retrieval = score_retrieval(vectors, artists)
    margin = UNIT_MARGIN if index.manifest["encoder"].get("unit") else MARGIN
    score = TripletScore(
        index=index.digest,
        triplets=len(table),
        missing=missing,
        paintings=len(used),
        artists=len(np.unique(artists)),
        accuracy=mean_by_artist(hits, artists[anchor]),
        mean_loss=float(triplet_losses(near, far, margin).mean()),
        margin=margin,
        all_negatives=mean_by_artist(all_hits, artists[anchor]),
        pair_auc=retrieval.pair_auc,
        recall={k: mean_by_artist(values, artists) for k, values in retrieval.recall.items()},
        recall_macro={k: macro_mean(values, artists) for k, values in retrieval.recall.items()},
        map_at_r=mean_by_artist(retrieval.map_at_r, artists),
        map_at_r_macro=macro_mean(retrieval.map_at_r, artists),
    )
    return score, _Parts(hits, all_hits, retrieval.recall[1], artists[anchor], artists)
