"""Reliability of an index's answers, measured on its own works with leave-one-out queries.

Each work is queried twice: without the work itself, and without any work by its artist. This shows how well the index
ranks its own artists, and whether its probabilities come true among them; it cannot show more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from painter_search.common.files.stored import to_stored
from painter_search.common.html_repr import html_table
from painter_search.common.progress import track
from painter_search.index.calibration.leave_one_out_index import LeaveOneOutIndex
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.bootstrap import Estimate, mean_by_artist
from painter_search.metrics.calibration_curve import CalibrationCurve, calibration_curve
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import MIN_ARTISTS
from painter_search.metrics.distances import FloatArray, IntArray, paired_distances
from painter_search.metrics.identification.naming_threshold import LEAST_ARTISTS, LEAST_WORKS

if TYPE_CHECKING:
    import pandas as pd

MAX_WORKS = 4_000
"""More works are many; see `LeaveOneOutIndex`."""
MAX_QUERIES = 1_500
MIN_QUERIES = 20
"""With fewer queries nothing is measured."""
MAX_PAIRS_PER_ARTIST = 20
"""Same-artist pairs drawn of one artist, so that an artist with many works does not outweigh the others."""
TRUE_NAMES_KEPT = 0.8
"""Share of true names at which false ones are counted, so that indexes can be compared."""
QUICK_QUERIES = 300
"""Queries that take seconds in an index of few works and need no progress bar."""


@dataclass(frozen=True)
class OpenSetScore:
    """How well works by artists in the index are told from as many works by others."""

    auroc: float
    """ROC AUC: share of comparisons in which a work by an artist in the index scores higher than a work by another."""
    false_names: float
    """Share of works by others that are given a name, at the threshold at which `TRUE_NAMES_KEPT` of the works whose
    artist ranks first are."""


@dataclass(frozen=True)
class IndexReliability:
    """How far the answers of an index can be trusted. What rests on probabilities is None without calibration."""

    index: str
    """Digest of the index."""
    split: str
    """Which part of its collections the index was built from: test, train, all, or folder."""
    works: int
    """Works among which they were ranked: all of the index, of a small one each picture once."""
    artists: int
    queries: int = field(metadata={"stored": "asked"})
    """Works that were queried with."""
    queried_artists: int = field(metadata={"stored": "asked_artists"})
    """Their artists, each of whom has another work."""
    recall_1: Estimate
    """recall@1: share of queries whose nearest work is by their artist, with its 95 % interval by artist."""
    first_artist: Estimate
    """Share of queries whose artist ranks first, with its 95 % interval by artist."""
    nearest: OpenSetScore
    """Known or unknown artist, judged by the distance of the nearest work alone."""
    artist_known: OpenSetScore | None = field(metadata={"stored": "known"})
    """Known or unknown artist, judged by the probability that the artist is in the index."""
    true_named: float | None
    """At the index's threshold: share of the queries whose artist ranks first that are given its name."""
    false_named: float | None
    """At the index's threshold: share of works by artists who are not in the index that are given a name."""
    pairs: CalibrationCurve | None
    """Calibration of the probability that one artist painted both works of a pair; half of the pairs are."""
    answers: CalibrationCurve | None
    """Calibration of the probability of the artist ranked first, over queries with and without their artist."""

    @property
    def enough(self) -> bool:
        """Whether so many works by so many artists were queried that shares mean anything; see `LEAST_WORKS`."""
        return self.queries >= LEAST_WORKS and self.queried_artists >= LEAST_ARTISTS

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as under "trust" in what `eval-triplets --json` prints."""
        return to_stored(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per figure, with the columns figure, value, low and high.

        low and high bound the 95 % interval of recall_1 and first_artist; figures without calibration are left out.
        """
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=["figure", "value", "low", "high"])

    def _rows(self) -> list[tuple[str, float, float | None, float | None]]:
        estimates = {"recall_1": self.recall_1, "first_artist": self.first_artist}
        figures = {
            "nearest_auroc": self.nearest.auroc,
            "nearest_false_names": self.nearest.false_names,
            "artist_known_auroc": None if self.artist_known is None else self.artist_known.auroc,
            "artist_known_false_names": None if self.artist_known is None else self.artist_known.false_names,
            "true_named": self.true_named,
            "false_named": self.false_named,
            "pairs_calibration_error": None if self.pairs is None else self.pairs.error_debiased,
            "pairs_brier": None if self.pairs is None else self.pairs.brier,
            "answers_calibration_error": None if self.answers is None else self.answers.error_debiased,
            "answers_brier": None if self.answers is None else self.answers.brier,
        }
        return [
            *((name, estimate.value, estimate.low, estimate.high) for name, estimate in estimates.items()),
            *((name, value, None, None) for name, value in figures.items() if value is not None),
        ]

    def _repr_html_(self) -> str:
        caption = f"Index {self.index}: {self.queries:,} of its works by {self.queried_artists:,} artists"
        return html_table(("figure", "value", "low", "high"), self._rows(), caption)


def measure_reliability(
    index: PaintingIndex,
    seed: int = 0,
    *,
    max_works: int = MAX_WORKS,
    max_queries: int = MAX_QUERIES,
    min_queries: int = MIN_QUERIES,
) -> IndexReliability | None:
    """Measure how reliable an index's answers are, by querying it with its own works.

    Args:
        index: The index.
        seed: Seed of everything that is drawn; the same index and seed give the same figures.
        max_works: With more works the index is not measured anew for each query, and queried less; see
            `LeaveOneOutIndex`.
        max_queries: Works to query with, at most.
        min_queries: With fewer works whose artist has another, nothing is measured.

    Returns:
        The figures; None if the index has fewer than `min_queries` such works or fewer than 4 artists.

    Example:
        >>> reliability = measure_reliability(PaintingIndex.load("index"))  # doctest: +SKIP
        >>> reliability.recall_1.value if reliability else "too few works"  # doctest: +SKIP
        0.61
    """
    rng = np.random.default_rng(seed)
    works = LeaveOneOutIndex(index, max_works, rng)
    artists = int(works.numbers.max()) + 1
    if artists < MIN_ARTISTS or len(works.answerable) < min_queries:
        return None
    queries = works.draw(max_queries, rng)
    if len(queries) < min_queries:
        return None
    asked = works.numbers[queries]
    quick = works.few and len(queries) <= QUICK_QUERIES
    results = works.query(queries if quick else track(queries, "Measuring", total=len(queries)))
    in_index = np.array([result.artist_in_index for result in results])
    nearest = np.array([result.nearest_is_by_artist for result in results], np.float64)
    confidence = index.confidence
    answers = None if confidence is None else [confidence.answer(result) for result in results]
    first = [0] * len(results) if answers is None else [answer.first for answer in answers]
    correct = np.array([result.true_rank == rank for result, rank in zip(results, first, strict=True)])
    artist_known = None if answers is None else np.array([answer.artist_known for answer in answers])
    named = None if artist_known is None else artist_known >= index.least_named
    return IndexReliability(
        index=index.digest,
        split=index.manifest.split,
        works=len(works.numbers),
        artists=artists,
        queries=len(queries),
        queried_artists=len(np.unique(asked)),
        recall_1=mean_by_artist(nearest[in_index], asked),
        first_artist=mean_by_artist(correct[in_index].astype(float), asked),
        nearest=_open_set_score(-np.array([result.nearest_work_distance for result in results]), in_index, correct),
        artist_known=None if artist_known is None else _open_set_score(artist_known, in_index, correct),
        true_named=None if named is None or not correct.any() else float(named[correct].mean()),
        false_named=None if named is None else float(named[~in_index].mean()),
        pairs=None
        if confidence is None
        else _pair_calibration(confidence, works.sample.embeddings / index.mean_distance, works.sample.artists, rng),
        answers=None
        if answers is None
        else calibration_curve(np.array([answer.probability for answer in answers]), correct),
    )


def _open_set_score(
    score: NDArray[np.float64], in_index: NDArray[np.bool_], correct: NDArray[np.bool_]
) -> OpenSetScore:
    from sklearn.metrics import roc_auc_score

    threshold = np.quantile(score[correct], 1 - TRUE_NAMES_KEPT) if correct.any() else np.inf
    return OpenSetScore(float(roc_auc_score(in_index, score)), float((score[~in_index] >= threshold).mean()))


def _pair_calibration(
    confidence: Confidence, embeddings: FloatArray, artists: IntArray, rng: np.random.Generator
) -> CalibrationCurve:
    """Calibration over drawn pairs, half of them by one artist; `embeddings` in units of the mean distance."""
    drawn_pairs = []
    for number in range(int(artists.max()) + 1):
        works = rng.permutation(np.flatnonzero(artists == number))[: 2 * MAX_PAIRS_PER_ARTIST]
        pairs = np.stack(np.triu_indices(len(works), 1), axis=1)
        drawn_pairs.append(works[rng.permutation(pairs)[:MAX_PAIRS_PER_ARTIST]])
    same = np.concatenate(drawn_pairs)
    drawn = rng.integers(0, len(artists), (20 * len(same) + 1000, 2))
    different = drawn[artists[drawn[:, 0]] != artists[drawn[:, 1]]][: len(same)]
    pairs = np.concatenate([same, different])
    distances = paired_distances(embeddings[pairs[:, 0]], embeddings[pairs[:, 1]])
    return calibration_curve(confidence.same_artist(distances), np.arange(len(pairs)) < len(same))
