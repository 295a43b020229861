"""Charts as inline SVG, whose colours are the page's: they follow its theme and print well."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 40
"""Margins, in units of the drawing, that hold the numbers and names of the axes."""


class Line(NamedTuple):
    """A line of a chart."""

    name: str
    points: Sequence[tuple[float, float]]
    kind: str = "one"
    """`one`, `two` or `three`: which colour and dash; `guide` for a dotted line of reference."""


class Axis(NamedTuple):
    """An axis from `low` to `high`."""

    name: str
    low: float
    high: float
    percent: bool = False
    whole: bool = False
    """Whether only whole numbers are written, such as epochs."""


def line_chart(title: str, lines: Sequence[Line], x: Axis, y: Axis) -> Markup:
    """Lines with a dot at each point and a legend."""
    across, down = _scales(x, y)
    parts = list(_axes(x, y))
    for line in lines:
        points = [(across(px), down(py)) for px, py in line.points if math.isfinite(py)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(f'<polyline class="line {line.kind}" points="{path}"/>')
        if line.kind != "guide":
            parts += [f'<circle class="dot {line.kind}" cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in points]
    return _figure(title, parts, [(line.name, line.kind) for line in lines])


def histogram_chart(
    title: str,
    edges: Sequence[float],
    shares: Sequence[tuple[str, str, Sequence[float]]],
    marker: tuple[float, str],
    x: str,
) -> Markup:
    """Outlined histograms over common `edges` `[n + 1]`, with a marked value.

    Args:
        title: What the chart shows, for those who do not see it.
        edges: The edges of the bins.
        shares: Of each histogram its name, its kind as a line has it, and the share of cases in each bin.
        marker: A value, and its name.
        x: The name of the horizontal axis.
    """
    peak = max((share for _, _, values in shares for share in values), default=1.0) or 1.0
    axis, up = Axis(x, edges[0], edges[-1]), Axis("", 0, 1.08 * peak)
    across, down = _scales(axis, up)
    parts = list(_axes(axis, up, numbers_y=False))
    for _, kind, values in shares:
        steps = [(across(edges[0]), down(0))]
        for left, right, share in zip(edges, edges[1:], values, strict=False):
            steps += [(across(left), down(share)), (across(right), down(share))]
        steps.append((across(edges[-1]), down(0)))
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in steps)
        parts.append(f'<polygon class="area {kind}" points="{path}"/>')
    value, name = marker
    at = across(min(max(value, edges[0]), edges[-1]))
    parts.append(f'<line class="marker" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    end = at > WIDTH - 110
    parts.append(
        f'<text class="mark-name" x="{at + (-6 if end else 6):.1f}" y="{TOP + 11}" '
        f'text-anchor="{"end" if end else "start"}">{escape(name)}</text>'
    )
    return _figure(title, parts, [(name, kind) for name, kind, _ in shares])


def ticks(low: float, high: float, most: int = 5, least_step: float = 0) -> list[float]:
    """Round numbers from `low` to `high`, at most about `most` of them, `least_step` or more apart."""
    span = max(high - low, 1e-9)
    step = 10 ** math.floor(math.log10(span / most))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= most)
    step = max(step, least_step)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def span_of(values: Iterable[float]) -> tuple[float, float]:
    """The range of the finite values with a little room on either side; 0 to 1 if there are none."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return 0.0, 1.0
    room = 0.06 * (max(finite) - min(finite)) or 0.5 * abs(max(finite)) or 1.0
    return min(finite) - room, max(finite) + room


def _scales(x: Axis, y: Axis) -> tuple[Callable[[float], float], Callable[[float], float]]:
    def across(value: float) -> float:
        return LEFT + (value - x.low) / (x.high - x.low) * (WIDTH - LEFT - RIGHT)

    def down(value: float) -> float:
        return HEIGHT - BOTTOM - (value - y.low) / (y.high - y.low) * (HEIGHT - TOP - BOTTOM)

    return across, down


def _axes(x: Axis, y: Axis, numbers_y: bool = True) -> Iterable[str]:
    across, down = _scales(x, y)
    floor = HEIGHT - BOTTOM
    if numbers_y:
        for value in ticks(y.low, y.high):
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(value):.1f}" y2="{down(value):.1f}"/>'
            yield f'<text x="{LEFT - 6}" y="{down(value) + 4:.1f}" text-anchor="end">{_number(value, y)}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>'
    for value in ticks(x.low, x.high, 6, 1 if x.whole else 0):
        yield f'<text x="{across(value):.1f}" y="{floor + 15}" text-anchor="middle">{_number(value, x)}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x.name)}</text>'


def _number(value: float, axis: Axis) -> str:
    if axis.percent:
        return f"{100 * value:.0f}"
    return f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.3g}"


def _figure(title: str, parts: Iterable[str], legend: Iterable[tuple[str, str]]) -> Markup:
    names = "".join(
        f'<li><span class="key {kind}" aria-hidden="true"></span>{escape(name)}</li>' for name, kind in legend if name
    )
    drawing = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    caption = f"<figcaption>{escape(title)}</figcaption>"
    return Markup(f'<figure class="chart">{caption}{drawing}<ul class="legend-line">{names}</ul></figure>')
