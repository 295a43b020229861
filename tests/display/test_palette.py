import numpy as np
import pytest

from painter_search.display.palette import SHAPES, artist_colors, artist_shapes, luminance


@pytest.mark.parametrize(("color", "expected"), [("#000000", 0), ("#ffffff", 1), ("#808080", 0.2159)])
def test_luminance_is_that_of_wcag(color: str, expected: float) -> None:
    assert luminance(color) == pytest.approx(expected, abs=1e-4)


def test_artist_colors_contrast_with_light_and_dark_paper() -> None:
    light, dark = luminance("#fbfaf7"), luminance("#17191b")
    for color in artist_colors(300):
        assert (light + 0.05) / (luminance(color) + 0.05) >= 3
        assert (luminance(color) + 0.05) / (dark + 0.05) >= 3


def test_artist_colors_and_shapes_differ_between_neighbours_in_the_list() -> None:
    colors, shapes = artist_colors(100), artist_shapes(100)
    assert len(set(zip(colors, shapes, strict=True))) == 100
    for first in range(96):
        assert len(set(shapes[first : first + len(SHAPES)])) == len(SHAPES)
        one, other = (np.array([int(colors[n][i : i + 2], 16) for i in (1, 3, 5)]) for n in (first, first + 1))
        assert np.abs(one - other).max() > 40
