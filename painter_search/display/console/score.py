"""The result of `eval-triplets`: scores, next to a baseline's where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from painter_search.display.console.tables import new_table, print_json, show
from painter_search.display.words.figures import difference, interval, percent
from painter_search.display.words.reliability_text import (
    NOT_MEASURED,
    TOO_FEW,
    learned_from,
    provenance,
    reliability_rows,
)

if TYPE_CHECKING:
    from painter_search.analysis.evaluate import IndexEvaluation, TripletScore


@dataclass(frozen=True)
class ScoreRow:
    """One row of the table of scores."""

    name: str
    figure: str
    difference: str = ""
    """The row's key in `TripletScore.difference`, if differences are reported for it."""


def show_evaluation(evaluation: IndexEvaluation, *, as_json: bool = False) -> None:
    """Print how good an index is, compared with a baseline if one is given, and how far its answers can be trusted."""
    if as_json:
        print_json(evaluation.to_dict())
        return
    _show_triplet_score(evaluation.score, evaluation.baseline)
    of_baseline = evaluation.baseline_trained_share
    if of_baseline is not None and of_baseline.trained:
        show(learned_from(of_baseline, "The baseline's encoder"))
    reliability, trained = evaluation.reliability, evaluation.trained_share
    if reliability is None:
        show(NOT_MEASURED)
        if trained is not None:
            show(learned_from(trained))
        return
    title = (
        f"Its answers, queried with {reliability.queries:,} of its own works by {reliability.queried_artists:,} artists"
    )
    table = new_table(title, "", f"index {reliability.index}")
    for name, figure in reliability_rows(reliability):
        table.add_row(name, figure)
    show(table)
    if not reliability.enough:
        show(TOO_FEW)
    show(provenance(reliability.split, trained))


def _show_triplet_score(score: TripletScore, baseline: TripletScore | None) -> None:
    columns = ["", f"index {score.index}"]
    if baseline:
        columns += [f"baseline {baseline.index}", "difference"]
    title = f"{score.triplets:,} triplets over {score.paintings:,} paintings by {score.artists:,} artists"
    table = new_table(title, *columns)
    differences = score.difference or {}
    rows, baseline_rows = score_rows(score), score_rows(baseline) if baseline else []
    for number, row in enumerate(rows):
        cells = [row.name, row.figure]
        if baseline:
            compared = difference(differences[row.difference]) if row.difference in differences else ""
            cells += [baseline_rows[number].figure, compared]
        table.add_row(*cells)
    show(table)
    if score.missing:
        show(f"{score.missing:,} triplets were left out: the index lacks one of their paintings.")
    if score.contradicted:
        show(
            f"Of {score.contradicted:,} triplets the positive is the anchor itself or by another artist, or the "
            "negative is by the anchor's artist; they are scored as the file has them."
        )
    show("In brackets: 95 % intervals, by bootstrap over artists. Chance is 50 % for the two accuracies.")


def score_rows(score: TripletScore) -> list[ScoreRow]:
    """The rows of the table, without what they are compared with."""
    return [
        ScoreRow("triplet accuracy", interval(score.accuracy), "accuracy"),
        ScoreRow("against every negative", interval(score.all_negatives), "all_negatives"),
        ScoreRow(f"mean loss (margin {score.margin:g})", f"{score.mean_loss:.3f}"),
        ScoreRow("pair AUC", f"{score.pair_auc:.3f}"),
        *(ScoreRow(f"recall@{k}", interval(recall), f"recall@{k}") for k, recall in score.recall.items()),
        ScoreRow("recall@1, by artist", percent(score.recall_macro[1])),
        ScoreRow("MAP@R", interval(score.map_at_r)),
        ScoreRow("MAP@R, by artist", percent(score.map_at_r_macro)),
    ]
