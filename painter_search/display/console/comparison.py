"""The comparison of two paintings or two groups as tables or JSON."""

from __future__ import annotations

from pathlib import Path

from painter_search.analysis.comparisons.comparison import Comparison
from painter_search.analysis.comparisons.group_comparison import GroupComparison, PairMean
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.attribution.answers import format_probability
from painter_search.display.console.tables import new_table, print_json, show
from painter_search.display.serialize import comparison_to_dict
from painter_search.display.words.figures import percent
from painter_search.index.painting_index import PaintingIndex


def show_comparison(
    comparison: Comparison, index: PaintingIndex, *, as_json: bool = False, page: Path | None = None
) -> None:
    """Print how alike two paintings, or two groups, are."""
    if as_json:
        print_json(comparison_to_dict(comparison, index))
        return
    if comparison.kind == "pair":
        _show_pair(comparison)
    else:
        _show_groups(comparison)
    for painting in comparison.cropped:
        if painting.crop is not None:
            show(f"{painting.name}: {painting.crop.sentence}.")
    if page:
        show(f"Open {page}")


def _show_pair(pair: PairComparison) -> None:
    standing = pair.percentile
    table = new_table(f"{pair.one.name} and {pair.other.name}", "", "")
    table.show_header = False
    table.add_row("distance", f"{pair.distance:.3f}")
    for share, count, artists in (
        (standing.nearer_than_different, standing.pairs_different, "different artists"),
        (standing.nearer_than_same, standing.pairs_same, "one artist"),
    ):
        if share is not None:
            table.add_row(f"nearer than, of {count:,} pairs of works by {artists} in the index", percent(share))
    if pair.same_artist is not None:
        table.add_row(
            "probability that one artist painted both, if half of such pairs are by one",
            format_probability(pair.same_artist),
        )
    show(table)
    if pair.same_picture:
        show("Both files show the same picture.")


def _show_groups(groups: GroupComparison) -> None:
    one, other = groups.one, groups.other
    calibrated = groups.probabilities is not None
    table = new_table(
        " and ".join(f"{g.name} ({len(g.paintings):,} work{'s' * (len(g.paintings) > 1)})" for g in (one, other)),
        "",
        "pairs",
        "mean distance",
        *(["mean probability of one artist"] if calibrated else []),
    )
    for name, mean in (
        (f"within {one.name}", groups.within_one),
        (f"within {other.name}", groups.within_other),
        ("between them", groups.between),
    ):
        if mean.pairs:
            table.add_row(name, f"{mean.pairs:,}", *_mean_cells(mean, calibrated))
    show(table)
    verdict = ["nearer to"] if groups.test is not None else []
    for group, placings in zip((one, other), groups.placements, strict=True):
        works = new_table(f"Works of {group.name}", "", "to its others", "to the other group", *verdict)
        for placing in placings:
            own = "" if placing.own is None else f"{placing.own:.3f}"
            nearer = "its others" if placing.stays else "the other group"
            works.add_row(placing.name, own, f"{placing.other:.3f}", *([nearer] if verdict else []))
        show(works)
    for sentence in groups.conclusions():
        show(sentence)
    for failed in groups.left_out:
        show(f"{failed.painting}: {failed.reason}")


def _mean_cells(mean: PairMean, calibrated: bool) -> list[str]:
    distance = "" if mean.distance is None else f"{mean.distance:.3f}"
    probability = "" if mean.same_artist is None else percent(mean.same_artist)
    return [distance, probability] if calibrated else [distance]
