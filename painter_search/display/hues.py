"""A colour and a shape for each of any number of artists."""

from __future__ import annotations

import colorsys

SHAPES = ("circle", "square", "triangle", "diamond")
"""Artists who come after one another differ in shape as well as in hue."""
GOLDEN = 0.618034
"""Steps of this share of the circle keep hues apart, however many there are."""
LUMINANCES = (0.16, 0.22, 0.28)
"""Relative luminances (WCAG 2) that stand out by 3 : 1 or more from the page's light paper and from its dark one."""


def colours(number: int) -> list[str]:
    """`number` colours as `#rrggbb`."""
    return [_of_luminance((place * GOLDEN) % 1, LUMINANCES[place % len(LUMINANCES)]) for place in range(number)]


def shapes(number: int) -> list[str]:
    """`number` of the `SHAPES`, in turn."""
    return [SHAPES[place % len(SHAPES)] for place in range(number)]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _of_luminance(hue: float, wanted: float) -> str:
    low, high = 0.0, 1.0
    for _ in range(12):  # Luminance grows with lightness, so that halving the interval finds it.
        middle = (low + high) / 2
        red, green, blue = (round(255 * c) for c in colorsys.hls_to_rgb(hue, middle, 0.7))
        colour = f"#{red:02x}{green:02x}{blue:02x}"
        low, high = (middle, high) if luminance(colour) < wanted else (low, middle)
    return colour
