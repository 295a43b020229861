"""Colours and marker shapes that tell any number of artists apart."""

from __future__ import annotations

import colorsys

SHAPES = ("circle", "square", "triangle", "diamond")
"""Artists next to each other in the list differ in shape as well as in hue."""
GOLDEN_RATIO = 0.618034
"""Hues a golden-ratio step of the circle apart stay distinct, however many there are."""
LUMINANCES = (0.16, 0.22, 0.28)
"""Relative luminances (WCAG 2) with a contrast of 3 : 1 or more to the page's light and its dark background."""


def artist_colors(count: int) -> list[str]:
    """`count` colours as `#rrggbb`."""
    return [_color((number * GOLDEN_RATIO) % 1, LUMINANCES[number % len(LUMINANCES)]) for number in range(count)]


def artist_shapes(count: int) -> list[str]:
    """`count` of the `SHAPES`, in turn."""
    return [SHAPES[number % len(SHAPES)] for number in range(count)]


def luminance(color: str) -> float:
    """Relative luminance of a colour `#rrggbb`, 0 to 1 (WCAG 2)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _color(hue: float, target_luminance: float) -> str:
    low, high = 0.0, 1.0
    for _ in range(12):  # bisection: luminance grows with lightness
        lightness = (low + high) / 2
        red, green, blue = (round(255 * c) for c in colorsys.hls_to_rgb(hue, lightness, 0.7))
        color = f"#{red:02x}{green:02x}{blue:02x}"
        low, high = (lightness, high) if luminance(color) < target_luminance else (low, lightness)
    return color
