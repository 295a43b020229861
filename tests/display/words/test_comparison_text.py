import pytest

from painter_search.analysis.distance_percentiles import DistancePercentile
from painter_search.display.words.comparison_text import pair_standing


@pytest.mark.parametrize(
    ("different", "same", "pairs", "said"),
    [
        (0.941, 0.45, (900, 100), ["Closer than 94 of 100 pairs", "Also closer than 45 of 100 pairs"]),
        (0.19, 0.019, (900, 100), ["Farther apart than 81 of 100 pairs", "Also farther apart than 98 of 100 pairs"]),
        (0.9999, 0.0001, (900, 100), ["Closer than 99 of 100 pairs", "Also closer than 1 of 100 pairs"]),
        (0.75, 0.5, (12, 2), ["Closer than 9 of 12 pairs", "Also closer than 1 of 2 pairs"]),
        (1.0, None, (1, 0), ["Closer than 1 of 1 pair"]),
        (None, 0.5, (0, 3), []),
    ],
)
def test_pair_is_closer_or_farther_apart_than_most(
    different: float | None, same: float | None, pairs: tuple[int, int], said: list[str]
) -> None:
    kinds = ("by two artists", "by one artist")
    expected = [f"{sentence} {kind}" for sentence, kind in zip(said, kinds, strict=False)]
    assert pair_standing(DistancePercentile(different, same, *pairs)) == expected
