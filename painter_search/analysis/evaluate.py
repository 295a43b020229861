"""Evaluation of an index: triplet accuracy and retrieval metrics from its stored vectors."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from painter_search.analysis.config import EvaluateConfig
from painter_search.analysis.reliability import IndexReliability, measure_reliability
from painter_search.collection.triplets import TRIPLET_COLUMNS, plain_file, read_triplets
from painter_search.common.errors import InvalidValueError, NotEnoughDataError, UnknownWorkError
from painter_search.common.files.urls import expand_home
from painter_search.common.html_repr import html_table
from painter_search.common.text import first_few
from painter_search.encoder.trained_artists import TrainedShare
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.bootstrap import Estimate, macro_mean, mean_by_artist, paired_difference
from painter_search.metrics.distances import paired_distances
from painter_search.metrics.retrieval import score_retrieval
from painter_search.metrics.triplet_accuracy import all_negative_hits, triplet_hits, triplet_losses

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIPLET_MARGIN, NORMALIZED_TRIPLET_MARGIN = 5.0, 0.2
"""Margins of the mean loss, as in training: the report's, and the one for embeddings of length 1."""


@dataclass(frozen=True)
class TripletScore:
    """Scores of an index on a triplet file. Intervals are 95 %, by bootstrap over artists.

    Example:
        >>> score = score_triplets(index, "data/test_triplets_with_labels.csv")  # doctest: +SKIP
        >>> f"{score.accuracy.value:.3f} [{score.accuracy.low:.3f}, {score.accuracy.high:.3f}]"  # doctest: +SKIP
        '0.862 [0.841, 0.882]'
    """

    index: str
    """Digest of the index."""
    triplets: int
    """Triplets scored."""
    missing: int
    """Triplets left out because one of their paintings is not in the index."""
    paintings: int
    """Works that the scored triplets name."""
    artists: int
    """Artists of these works."""
    accuracy: Estimate
    """Triplet accuracy: share of triplets with d(a, p) < d(a, n)."""
    mean_loss: float
    """Mean of max(0, d(a, p) - d(a, n) + margin)."""
    margin: float
    all_negatives: Estimate
    """Triplet accuracy with every work by another artist as the negative instead of the drawn one."""
    pair_auc: float
    """ROC AUC over pairs: share of comparisons in which a pair by one artist lies nearer than a pair by two."""
    recall: dict[int, Estimate]
    """recall@k by k, averaged over works."""
    recall_macro: dict[int, float]
    """recall@k by k, averaged over artists."""
    map_at_r: Estimate
    """MAP@R, averaged over works."""
    map_at_r_macro: float
    """MAP@R, averaged over artists."""
    difference: dict[str, Estimate] | None = None
    """Paired differences to a baseline of accuracy, all_negatives and recall@1; None without a baseline."""
    contradicted: int = 0
    """Scored triplets that the index contradicts: the positive is the anchor itself or by another artist, or the
    negative is by the anchor's artist."""

    def __post_init__(self) -> None:
        if self.triplets < 1:
            raise NotEnoughDataError("a score needs at least one triplet.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as under "score" in what `eval-triplets --json` prints."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per metric, with the columns metric, value, low, high (the 95 % interval, where there is one).

        With a baseline there are three more: difference, difference_low and difference_high.
        """
        columns = ["metric", "value", "low", "high"]
        if self.difference is not None:
            columns += ["difference", "difference_low", "difference_high"]
        return pd.DataFrame(self._rows(), columns=columns)

    def _rows(self) -> list[Sequence[object]]:
        intervals = {
            "accuracy": self.accuracy,
            "all_negatives": self.all_negatives,
            **{f"recall@{k}": estimate for k, estimate in self.recall.items()},
            "map_at_r": self.map_at_r,
        }
        values = {
            "mean_loss": self.mean_loss,
            "pair_auc": self.pair_auc,
            **{f"recall@{k}_macro": value for k, value in self.recall_macro.items()},
            "map_at_r_macro": self.map_at_r_macro,
        }
        rows: list[Sequence[object]] = [(name, one.value, one.low, one.high) for name, one in intervals.items()]
        rows += [(name, value, None, None) for name, value in values.items()]
        if self.difference is None:
            return rows
        differences = {name: (one.value, one.low, one.high) for name, one in self.difference.items()}
        return [(*row, *differences.get(str(row[0]), (None, None, None))) for row in rows]

    def _repr_html_(self) -> str:
        headers = ["metric", "value", "low", "high"] + ["difference", "low", "high"] * (self.difference is not None)
        caption = f"Index {self.index}: {self.triplets:,} triplets over {self.paintings:,} paintings"
        return html_table(headers, self._rows(), caption)


@dataclass(frozen=True)
class IndexEvaluation:
    """What `eval-triplets` measures."""

    score: TripletScore
    """The index's scores, with the paired differences to the baseline if there is one."""
    baseline: TripletScore | None
    """The baseline's scores."""
    reliability: IndexReliability | None
    """How far the index's answers can be trusted; None if it has too few works to measure that."""
    trained_share: TrainedShare | None = None
    """How many of the index's artists its encoder was trained or validated on, which flatters all figures; None where
    that is not known."""
    baseline_trained_share: TrainedShare | None = None
    """The same of the baseline and its encoder, which flatters the baseline; None without one, too."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `eval-triplets --json` prints them."""
        shares = {"trained_share": self.trained_share, "baseline_trained_share": self.baseline_trained_share}
        return {
            "score": self.score.to_dict(),
            "baseline": None if self.baseline is None else self.baseline.to_dict(),
            "trust": None if self.reliability is None else self.reliability.to_dict(),
            **{name: None if share is None else share._asdict() for name, share in shares.items()},
        }


@dataclass(frozen=True)
class _ScoredItems:
    """The values behind a score, one per triplet or work, for paired comparison with a baseline."""

    complete: NDArray[np.bool_]
    """Which triplets of the table were scored."""
    hits: NDArray[np.float64]
    all_hits: NDArray[np.float64]
    recall_1: NDArray[np.float64]
    """Of the works in the order in which the scored triplets name them, whatever their ids."""
    anchor_artists: NDArray[np.int64]
    work_artists: NDArray[np.int64]


def score_triplets(
    index: PaintingIndex, triplets: pd.DataFrame | Path | str, skip_missing: bool = False
) -> TripletScore:
    """Score an index on triplets from its stored vectors; no image is opened.

    Negatives, neighbours and pairs are those among the works that the triplets name.

    Args:
        index: The index.
        triplets: A CSV file, or a data frame, with the columns anchor, positive and negative: file names of works in
            the index, or names with their collection (`collection/file`).
        skip_missing: Leave out triplets with a painting that is not in the index, instead of raising an error.

    Raises:
        UnknownWorkError: A painting is not in the index (unless `skip_missing`).
        NotEnoughDataError: No triplet is left.
        PainterSearchError: The file does not exist or is not a triplet file.

    Example:
        >>> score = score_triplets(index, "data/test_triplets_with_labels.csv")  # doctest: +SKIP
        >>> score.accuracy.value, score.recall[1].value  # doctest: +SKIP
        (0.862, 0.61)
    """
    return _score(index, expand_home(triplets) if isinstance(triplets, str) else triplets, skip_missing)[0]


def evaluate_index(config: EvaluateConfig) -> IndexEvaluation:
    """Score the index that `config` names, and its baseline, and measure the index's reliability.

    Args:
        config: The index, the triplets, and optionally a baseline: another index of the same works.

    Returns:
        The scores, the baseline's scores and the reliability.

    Raises:
        InvalidValueError: The baseline lacks other triplets than the index.
        UnknownWorkError: A painting is not in the index (unless `config.skip_missing`).
        PainterSearchError: An index or the triplet file cannot be read.

    Example:
        >>> evaluation = evaluate_index(EvaluateConfig(index=Path("index")))  # doctest: +SKIP
        >>> evaluation.score.accuracy.value  # doctest: +SKIP
        0.862
    """
    index = PaintingIndex.load(config.index)
    score, items = _score(index, config.triplets, config.skip_missing)
    if config.baseline is None:
        return IndexEvaluation(score, None, measure_reliability(index), index.trained_share)
    baseline_index = PaintingIndex.load(config.baseline)
    baseline, baseline_items = _score(baseline_index, config.triplets, config.skip_missing)
    scored_alike = np.array_equal(baseline_items.complete, items.complete)
    if not scored_alike or len(baseline_items.recall_1) != len(items.recall_1):
        raise InvalidValueError(
            f"{config.baseline} lacks other triplets than {config.index}; build both from the same works."
        )
    difference = {
        "accuracy": paired_difference(items.hits, baseline_items.hits, items.anchor_artists),
        "all_negatives": paired_difference(items.all_hits, baseline_items.all_hits, items.anchor_artists),
        "recall@1": paired_difference(items.recall_1, baseline_items.recall_1, items.work_artists),
    }
    score = replace(score, difference=difference)
    shares = index.trained_share, baseline_index.trained_share
    return IndexEvaluation(score, baseline, measure_reliability(index), *shares)


def _score(
    index: PaintingIndex, triplets: pd.DataFrame | Path, skip_missing: bool
) -> tuple[TripletScore, _ScoredItems]:
    table, source = (read_triplets(triplets), str(triplets)) if isinstance(triplets, Path) else (triplets, "the table")
    lacking = [column for column in TRIPLET_COLUMNS if column not in table.columns]
    if lacking:
        raise InvalidValueError(f"{source} lacks the column {' and '.join(lacking)}.")
    table = table[TRIPLET_COLUMNS]
    names = pd.unique(table.to_numpy().ravel())
    ids = _ids_of(index, [str(name) for name in names])
    complete = table.isin(set(ids)).all(axis=1)
    missing = int((~complete).sum())
    if missing and not skip_missing:
        absent = sorted(set(map(str, names)) - set(ids))
        raise UnknownWorkError(
            f"{missing:,} of the {len(table):,} triplets in {source} name paintings that are not in the index "
            f"({len(absent):,} paintings: {first_few(absent)}); "
            "build the index from the same collection, or add --skip-missing."
        )
    table = table[complete]
    if table.empty:
        raise NotEnoughDataError(f"{source} has no triplet whose three paintings are in the index.")

    used = pd.unique(np.array([ids[name] for name in pd.unique(table.to_numpy().ravel())]))
    vectors = index.embeddings(used)
    artists = index.artists.numbers[np.searchsorted(index.artists.ids, used)]
    row_of = {int(id): row for row, id in enumerate(used)}
    row = {name: row_of[id] for name, id in ids.items() if id in row_of}
    anchor, positive, negative = (table[column].map(row).to_numpy() for column in TRIPLET_COLUMNS)
    by_others, by_same = artists[anchor] != artists[positive], artists[anchor] == artists[negative]
    to_positive = paired_distances(vectors[anchor], vectors[positive])
    to_negative = paired_distances(vectors[anchor], vectors[negative])
    hits = triplet_hits(to_positive, to_negative).astype(np.float64)
    all_hits = all_negative_hits(vectors, artists, anchor, positive)
    retrieval = score_retrieval(vectors, artists)
    margin = NORMALIZED_TRIPLET_MARGIN if index.manifest.encoder.normalize else TRIPLET_MARGIN
    score = TripletScore(
        index=index.digest,
        triplets=len(table),
        missing=missing,
        paintings=len(used),
        artists=len(np.unique(artists)),
        accuracy=mean_by_artist(hits, artists[anchor]),
        mean_loss=float(triplet_losses(to_positive, to_negative, margin).mean()),
        margin=margin,
        all_negatives=mean_by_artist(all_hits, artists[anchor]),
        pair_auc=retrieval.pair_auc,
        recall={k: mean_by_artist(values, artists) for k, values in retrieval.recall.items()},
        recall_macro={k: macro_mean(values, artists) for k, values in retrieval.recall.items()},
        map_at_r=mean_by_artist(retrieval.map_at_r, artists),
        map_at_r_macro=macro_mean(retrieval.map_at_r, artists),
        contradicted=int(((anchor == positive) | by_others | by_same).sum()),
    )
    return score, _ScoredItems(complete.to_numpy(), hits, all_hits, retrieval.recall[1], artists[anchor], artists)


def _ids_of(index: PaintingIndex, names: list[str]) -> dict[str, int]:
    """The ids of works by name; a name that the index does not know may be one with `./` or backslashes."""
    ids = index.works.ids_of(names)
    spellings = {name: plain_file(name) for name in names if name not in ids}
    found = index.works.ids_of(list(set(spellings.values())))
    return ids | {name: found[spelling] for name, spelling in spellings.items() if spelling in found}
