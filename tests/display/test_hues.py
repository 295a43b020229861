import numpy as np
import pytest

from painter_search.display.hues import SHAPES, colours, luminance, shapes


def test_luminance_is_wcags() -> None:
    assert luminance("#000000") == 0
    assert luminance("#ffffff") == pytest.approx(1)
    assert luminance("#808080") == pytest.approx(0.2159, abs=1e-4)


def test_every_colour_stands_out_from_light_and_from_dark_paper() -> None:
    light, dark = luminance("#fbfaf7"), luminance("#17191b")
    for colour in colours(300):
        assert (light + 0.05) / (luminance(colour) + 0.05) >= 3
        assert (luminance(colour) + 0.05) / (dark + 0.05) >= 3


def test_neighbours_in_the_list_differ_in_hue_and_in_shape() -> None:
    found = colours(100)
    assert len(set(zip(found, shapes(100), strict=True))) == 100
    for first in range(96):
        assert len(set(shapes(100)[first : first + len(SHAPES)])) == len(SHAPES)
        one, other = (np.array([int(found[n][i : i + 2], 16) for i in (1, 3, 5)]) for n in (first, first + 1))
        assert np.abs(one - other).max() > 40
