import re

from painter_search.display.charts import Axis, Line, histogram_chart, line_chart, span_of, ticks


def test_line_chart_draws_finite_points_and_escapes_names() -> None:
    line = Line("<b>loss", [(0, 1.0), (1, float("nan")), (2, 3.0)])
    chart = line_chart("A & B", [line], Axis("epoch", 0, 2), Axis("", 0, 4))
    assert chart.count("<circle") == 2
    assert "<b>" not in chart
    assert 'aria-label="A &amp; B"' in chart
    assert not re.search(r"#[0-9a-f]{3,6}|nan", chart)  # colours are the page's


def test_histogram_marks_a_value_within_its_range() -> None:
    for value in (-5.0, 1.0, 50.0):
        chart = histogram_chart("t", [0, 1, 2], [("one", "one", [0.5, 0.5])], (value, "this"), "distance")
        place = float(re.search(r'class="marker" x1="([\d.]+)"', chart)[1])  # type: ignore[index]
        assert 44 <= place <= 348


def test_ticks_are_round_numbers_within_the_axis() -> None:
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
    assert ticks(0, 17) == [0, 5, 10, 15]
    assert span_of([float("nan")]) == (0.0, 1.0)
    assert span_of([2.0, 2.0]) == (1.0, 3.0)


def test_ticks_of_whole_numbers_have_no_fractions_between_them() -> None:
    assert ticks(0, 2, 6, 1) == [0, 1, 2]
    assert ticks(0, 14, 6, 1) == [0, 5, 10]
