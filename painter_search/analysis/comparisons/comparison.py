"""Comparison of whatever is given: two paintings, two groups, or a painting and a group."""

from __future__ import annotations

from typing import TypeAlias

from painter_search.analysis.comparisons.comparison_inputs import (
    PaintingGroup,
    is_painting_group,
    read_group,
    read_painting,
)
from painter_search.analysis.comparisons.group_comparison import GroupComparison, compare_groups
from painter_search.analysis.comparisons.pair_comparison import PairComparison, compare_pair
from painter_search.attribution.query_inputs import PaintingInput
from painter_search.images.photographs.crop import Crop, CropInput, parse_crop
from painter_search.index.painting_index import PaintingIndex, check_opened

Comparison: TypeAlias = PairComparison | GroupComparison


def compare_paintings(
    index: PaintingIndex, one: PaintingInput, other: PaintingInput, *, crop: CropInput = "auto"
) -> Comparison:
    """Compare two paintings, two groups of paintings, or a painting with a group.

    Args:
        index: Its encoder measures the distances; its works and calibration say what they mean.
        one: A painting (a path, the bytes of an image file or an open one, a PIL image or an array; or `"#17"`, the
            work of the index with this id), or the path of a group: a folder or a zip archive.
        other: Another of these. If only one of the two is a painting, the result names it first.
        crop: What of each photograph is used, as in `attribute`; of two paintings also what may be the other in it.

    Returns:
        A `PairComparison` of two paintings; a `GroupComparison` if one of them is a group.

    Raises:
        InvalidValueError: A side is not a painting, such as a list of them.
        NotFoundError: A path does not exist.
        DamagedFileError: One of two paintings cannot be read. In a group such files are left out.
        NotEnoughDataError: A group has no painting that can be read.

    Example:
        >>> pair = compare_paintings(index, "one.jpg", "other.jpg")  # doctest: +SKIP
        >>> pair.distance, pair.same_artist  # doctest: +SKIP
        (0.84, 0.31)
        >>> groups = compare_paintings(index, "scans/early", "scans/late.zip")  # doctest: +SKIP
        >>> groups.test.p  # doctest: +SKIP
        0.0012
    """
    check_opened(index)
    part = parse_crop(crop)
    one_is_group, other_is_group = is_painting_group(one), is_painting_group(other)
    if not one_is_group and not other_is_group:
        return compare_pair(index, read_painting(one, index, 1, part), read_painting(other, index, 2, part))
    if not other_is_group:
        one, other = other, one
    return compare_groups(index, _read_side(one, index, part), _read_side(other, index, part))


def _read_side(side: PaintingInput, index: PaintingIndex, crop: Crop) -> PaintingGroup:
    if is_painting_group(side):
        return read_group(side, index, crop)
    painting = read_painting(side, index, crop=crop)
    return PaintingGroup(painting.name, (painting,), ())
