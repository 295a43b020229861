"""A comparison in words: where a pair stands among those of the index, and how it is cited."""

from __future__ import annotations

from datetime import date

from painter_search.analysis.comparisons.comparison import Comparison
from painter_search.analysis.comparisons.comparison_inputs import ComparedPainting, PaintingGroup
from painter_search.analysis.distance_percentiles import DistancePercentile
from painter_search.common.text import sentence_case
from painter_search.common.version import __version__
from painter_search.display.words.citation import bibtex_entry, citation_line
from painter_search.index.painting_index import PaintingIndex


def pair_standing(percentile: DistancePercentile) -> list[str]:
    """Whether a pair is closer or farther apart than most by two artists, and how it compares with those by one.

    Returns:
        `Closer than 94 of 100 pairs by two artists` and, the same way round, `Also closer than 45 of 100 pairs by one
        artist` if there are any; nothing without pairs by two artists.
    """
    two, one = percentile.nearer_than_different, percentile.nearer_than_same
    if two is None:
        return []
    closer = two >= 0.5
    how = "closer" if closer else "farther apart"
    than_two = _share_of(two if closer else 1 - two, percentile.pairs_different, "by two artists")
    standing = [sentence_case(f"{how} than {than_two}")]
    if one is not None:
        than_one = _share_of(one if closer else 1 - one, percentile.pairs_same, "by one artist")
        standing.append(f"Also {how} than {than_one}")
    return standing


def comparison_citation(comparison: Comparison, index: PaintingIndex) -> str:
    """What was compared and what came out, and all that it rests on."""
    digests = (f"{digest}." for digest in _digests(comparison))
    return " ".join([f"{_finding(comparison)}.", *digests, citation_line(index)])


def comparison_bibtex(comparison: Comparison, index: PaintingIndex) -> str:
    """The comparison as a BibTeX entry."""
    today = date.today()
    return bibtex_entry(
        index.digest[:8],
        title=_finding(comparison),
        howpublished=f"painter_search {__version__}, index {index.digest}",
        year=f"{today:%Y}",
        month=f"{today:%m}",
        note="; ".join([*_digests(comparison), f"compared {today.isoformat()}"]),
    )


def _share_of(share: float, pairs: int, by: str) -> str:
    """A share of pairs in whole numbers; of many pairs none says that it is closer than all or than none."""
    if pairs < 100:
        return f"{round(share * pairs)} of {pairs} pair{'' if pairs == 1 else 's'} {by}"
    return f"{min(99, max(1, round(100 * share)))} of 100 pairs {by}"


def _finding(comparison: Comparison) -> str:
    if comparison.kind == "groups":
        between = comparison.between.distance
        mean = "" if between is None else f", mean distance between them {between:.3f}"
        test = "" if comparison.test is None else f", p = {comparison.test.p:.4f} (permutation test)"
        return f"{_group(comparison.one)} and {_group(comparison.other)}{mean}{test}"
    pair = f"{_painting(comparison.one)} and {_painting(comparison.other)}, distance {comparison.distance:.3f}"
    if comparison.same_picture:
        return f"{pair}, the same picture"
    return ", ".join([pair, *(f"{one[:1].lower()}{one[1:]}" for one in pair_standing(comparison.percentile))])


def _painting(painting: ComparedPainting) -> str:
    return f"“{painting.name}”" + (f" ({painting.crop.sentence})" if painting.crop else "")


def _digests(comparison: Comparison) -> list[str]:
    """The digests of the files that a pair was read from; none of groups, and of works of the index."""
    sides = [] if comparison.kind == "groups" else [comparison.one, comparison.other]
    return [f"SHA-256 of “{side.name}”: {side.sha256}" for side in sides if side.sha256]


def _group(group: PaintingGroup) -> str:
    works = len(group.paintings)
    return f"“{group.name}” ({works:,} work{'' if works == 1 else 's'})"
