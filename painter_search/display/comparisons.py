"""Comparisons as tables for people, or as JSON for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from painter_search.display.records import comparison_record
from painter_search.display.tables import new_table, percent, print_json, show
from painter_search.retrieval.comparison import GroupComparison, PairComparison

if TYPE_CHECKING:
    from painter_search.retrieval.comparison import Comparison, Mean
    from painter_search.retrieval.painting_index import PaintingIndex


def show_comparison(
    comparison: Comparison, index: PaintingIndex, as_json: bool = False, page: Path | None = None
) -> None:
    """How alike two paintings are, or two groups."""
    if as_json:
        print_json(comparison_record(comparison, index))
        return
    if isinstance(comparison, PairComparison):
        _show_pair(comparison)
    else:
        _show_groups(comparison)
    if page:
        show(f"Look at {page}")


def _show_pair(pair: PairComparison) -> None:
    standing = pair.standing
    table = new_table(f"{pair.one.name} and {pair.other.name}", "", "")
    table.show_header = False
    table.add_row("distance", f"{pair.distance:.3f}")
    for share, count, kind in (
        (standing.nearer_than_different, standing.pairs_different, "different artists"),
        (standing.nearer_than_same, standing.pairs_same, "one artist"),
    ):
        if share is not None:
            table.add_row(f"nearer than, of {count:,} pairs of works by {kind} in the index", percent(share))
    if pair.same_artist is not None:
        table.add_row("probability that one artist painted both", percent(pair.same_artist))
    show(table)
    if pair.same_picture:
        show("Both files show the same picture.")


def _show_groups(groups: GroupComparison) -> None:
    one, other = groups.one, groups.other
    with_chance = groups.probabilities is not None
    table = new_table(
        " and ".join(f"{g.name} ({len(g.paintings):,} work{'s' * (len(g.paintings) > 1)})" for g in (one, other)),
        "",
        "pairs",
        "mean distance",
        *(["mean probability of one hand"] if with_chance else []),
    )
    for name, mean in (
        (f"within {one.name}", groups.within_one),
        (f"within {other.name}", groups.within_other),
        ("between them", groups.between),
    ):
        if mean.pairs:
            table.add_row(name, f"{mean.pairs:,}", *_figures(mean, with_chance))
    show(table)
    verdict = ["nearer to"] if groups.test is not None else []
    for group, placings in zip((one, other), groups.placings, strict=True):
        works = new_table(f"Works of {group.name}", "", "to its others", "to the other group", *verdict)
        for placing in placings:
            own = "" if placing.own is None else f"{placing.own:.3f}"
            nearer = "its others" if placing.stays else "the other group"
            works.add_row(placing.name, own, f"{placing.other:.3f}", *([nearer] if verdict else []))
        show(works)
    for sentence in conclusions(groups):
        show(sentence)
    for left in groups.left_out:
        show(f"{left.painting}: {left.reason}")


def conclusions(groups: GroupComparison) -> list[str]:
    """What can be said of the groups as wholes, in sentences."""
    sentences = []
    if groups.test is not None:
        test = groups.test
        differ = "differ by more than chance explains" if test.p < 0.05 else "differ by no more than chance explains"
        sentences.append(
            f"The groups {differ}: energy distance {test.statistic:.3f}, p = {test.p:.4f} (permutation test, "
            f"{len(groups.one.paintings):,} and {len(groups.other.paintings):,} works, {test.permutations:,} "
            "divisions). Motif, date and reproduction can make groups differ as well as the hand."
        )
    if groups.fit is not None:
        count = len(groups.other.paintings)
        sentences.append(
            f"Of {groups.one.name} and the {count:,} works of {groups.other.name}, {percent(groups.fit)} lie at least "
            f"as far from the rest as it does; {percent(1 / (count + 1))} would mean that none of the others does."
        )
    return sentences


def _figures(mean: Mean, with_chance: bool) -> list[str]:
    distance = "" if mean.distance is None else f"{mean.distance:.3f}"
    chance = "" if mean.same_artist is None else percent(mean.same_artist)
    return [distance, chance] if with_chance else [distance]
