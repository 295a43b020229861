import math

import pytest

from painter_search.display.words.faithfulness import describe_faithfulness


@pytest.mark.parametrize(("works", "count"), [(5, 2), (16, 7), (21, 10), (500, 10)])
def test_faithfulness_is_told_of_as_many_neighbours_as_were_measured(works: int, count: int) -> None:
    told = describe_faithfulness(works, works, kept=0.5, trustworthiness=0.9)
    assert told.startswith(f"Of the {count} works nearest in style to a work, 50 % are among the {count} nearest")


def test_faithfulness_of_a_sample_is_that_among_its_works() -> None:
    told = describe_faithfulness(30, 31, kept=0.5, trustworthiness=0.9)
    assert told.startswith("Of the 10 works shown that are nearest in style to a work, 50 %")
    assert "shown" not in describe_faithfulness(30, 30, kept=0.5, trustworthiness=0.9)


def test_faithfulness_of_a_handful_of_works_is_not_known() -> None:
    assert "too few works" in describe_faithfulness(3, 3, kept=math.nan, trustworthiness=math.nan)
