"""Line charts as SVG for a page that is light or dark: lines in the colors of its style sheet."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 640, 300  # of a chart, in units of its view box
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 26, 36  # room around the lines
LARGEST_DECADES = 12  # of a logarithmic axis: what lies lower is left out
MOST_POINTS = 800  # of a line


Line = tuple[Sequence[float], Sequence[float]]  # (x, y), of equal length


class Band(NamedTuple):
    """Values that are usual, as a strip behind the lines; `usual` is the dashed line in it."""

    low: float
    high: float
    usual: float


class Mark(NamedTuple):
    """A numbered vertical line."""

    x: float
    label: str


class Axis:
    """A range of values on a stretch of the chart.

    Args:
        low: The least value.
        high: The largest value.
        start: Where the least value lies.
        stop: Where the largest value lies.
        log: True for a logarithmic axis, of values above 0.
    """

    def __init__(self, low: float, high: float, start: float, stop: float, log: bool) -> None:
        self.low, self.high, self.log = low, high, log
        self.start, self.stop = start, stop

    def place(self, value: float) -> float:
        """Where a value lies.

        Args:
            value: The value.
        """
        low, high, x = self.low, self.high, value
        if self.log:
            low, high, x = math.log10(low), math.log10(high), math.log10(value)
        return self.start + (x - low) / (high - low) * (self.stop - self.start)

    def ticks(self) -> list[float]:
        """Round values in the range: on a logarithmic axis powers of ten, or 1, 2 and 5 times."""
        if self.log:
            return self._log_ticks()
        step = _round_step(self.high - self.low)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]

    def _log_ticks(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        factors = [1, 2, 5] if last - first <= 2 else [1]
        step = max(1, math.ceil((last - first + 1) / 7))
        values = [10.0**power * n for power in range(first, last + 1, step) for n in factors]
        return [value for value in values if self.low <= value <= self.high]


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, that divides a span into at most six parts."""
    power = 10.0 ** math.floor(math.log10(span / 5))
    return next(n * power for n in (1, 2, 5, 10) if span / (n * power) <= 6)


def line_chart(
    lines: Mapping[str, Line],
    colors: Mapping[str, str],
    marks: Sequence[Mark] = (),
    band: Band | None = None,
    log: bool = False,
    label: str = "",
) -> str:
    """A chart of named lines as an SVG element.

    Values that are not finite, and on a logarithmic axis those not above 0, are gaps.

    Args:
        lines: {name: (x, y)}, of equal length.
        colors: The color of each name, in CSS.
        marks: Numbered vertical lines.
        band: Values that are usual.
        log: True for a logarithmic vertical axis.
        label: What the chart shows, for screen readers.

    Example:
        >>> svg = line_chart({"a": ([1, 2], [0.1, 0.2])}, {"a": "red"})
        >>> svg.count("<polyline")
        1
    """
    parts = {name: _runs(xs, ys, log) for name, (xs, ys) in lines.items()}
    points = [point for runs in parts.values() for run in runs for point in run]
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(label)}">'
    if not points:
        middle = f'x="{WIDTH / 2:g}" y="{HEIGHT / 2:g}"'
        return f'{head}<text class="empty" {middle}>nothing was measured</text></svg>'
    x_axis, y_axis = _axes(points, marks, band, log)
    pieces = [
        *_band(band, y_axis),
        *_grid(x_axis, y_axis),
        *(_line(name, run, colors[name], x_axis, y_axis) for name in parts for run in parts[name]),
        *_marks(marks, x_axis),
    ]
    return "\n".join([head, *pieces, "</svg>"])


def _runs(xs: Sequence[float], ys: Sequence[float], log: bool) -> list[list[tuple[float, float]]]:
    """The points of a line, cut where a value cannot be drawn."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in _thinned(list(zip(xs, ys))):
        if math.isfinite(y) and (y > 0 or not log):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most MOST_POINTS points: of equal parts of the line the least and the largest.

    So a spike stays, which a mean would hide.
    """
    size = math.ceil(2 * len(points) / (MOST_POINTS - 1))
    if size <= 2:
        return points
    kept = []
    for start in range(0, len(points), size):
        part = range(start, min(start + size, len(points)))
        gaps = [i for i in part if not math.isfinite(points[i][1])]
        least = min(part, key=lambda i: points[i][1])
        largest = max(part, key=lambda i: points[i][1])
        kept += sorted({*gaps[:1], least, largest})
    return [points[i] for i in sorted({*kept, len(points) - 1})]


def _axes(
    points: Sequence[tuple[float, float]], marks: Sequence[Mark], band: Band | None, log: bool
) -> tuple[Axis, Axis]:
    """The horizontal and the vertical axis, with room for all that is drawn."""
    xs = [x for x, _ in points] + [mark.x for mark in marks]
    ys = [y for _, y in points] + ([band.low, band.high] if band else [])
    low, high = min(ys), max(ys)
    low = low if log else min(low, 0.0)
    if log:
        low = 10 ** (math.log10(max(low, high / 10.0**LARGEST_DECADES)) - 0.15)
        high = 10 ** (math.log10(high) + 0.15)
    else:
        margin = 0.05 * (high - low) or abs(high) or 1.0
        low, high = low - margin, high + margin
    left, right = min(xs), max(xs)
    x_axis = Axis(left, right if right > left else left + 1, LEFT, WIDTH - RIGHT, False)
    return x_axis, Axis(low, high, HEIGHT - BOTTOM, TOP, log)


def _band(band: Band | None, y_axis: Axis) -> list[str]:
    """The strip of usual values, and the dashed line in it."""
    if band is None:
        return []
    top, bottom, usual = map(y_axis.place, (band.high, band.low, band.usual))
    width, height = WIDTH - RIGHT - LEFT, bottom - top
    return [
        f'<rect class="band" x="{LEFT}" y="{top:.1f}" width="{width}" height="{height:.1f}"/>',
        f'<line class="usual" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{usual:.1f}" y2="{usual:.1f}"/>',
    ]


def _grid(x_axis: Axis, y_axis: Axis) -> list[str]:
    """Lines and numbers at round values of both axes."""
    pieces = []
    for value in y_axis.ticks():
        y = y_axis.place(value)
        pieces += [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text class="y" x="{LEFT - 7}" y="{y + 4:.1f}">{_number(value)}</text>',
        ]
    bottom = HEIGHT - BOTTOM
    for value in (tick for tick in x_axis.ticks() if tick == round(tick)):
        x = x_axis.place(value)
        pieces += [
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>',
            f'<text class="x" x="{x:.1f}" y="{bottom + 18}">{value:.0f}</text>',
        ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*pieces, f'<text class="x" x="{middle:g}" y="{HEIGHT - 3}">step</text>']


def _number(value: float) -> str:
    """A tick: powers of ten far from 1 in short."""
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 or not value else f"{value:.0e}"


def _line(
    name: str, run: Sequence[tuple[float, float]], color: str, x_axis: Axis, y_axis: Axis
) -> str:
    """A part of a line, or a dot where it is a single point."""
    style = f'data-name="{html.escape(name)}" style="--color: {color}"'
    title = f"<title>{html.escape(name)}</title>"
    drawn = [(x, max(y, y_axis.low)) for x, y in run]
    places = [(x_axis.place(x), y_axis.place(y)) for x, y in drawn]
    if len(places) == 1:
        x, y = places[0]
        return f'<circle class="line" {style} cx="{x:.1f}" cy="{y:.1f}" r="3">{title}</circle>'
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="line" {style} points="{text}">{title}</polyline>'


def _marks(marks: Sequence[Mark], x_axis: Axis) -> list[str]:
    """A dashed line per step with findings, under the numbers of them."""
    pieces, free = [], 0.0
    for mark in sorted(marks):
        x = x_axis.place(mark.x)
        pieces.append(
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{HEIGHT - BOTTOM}"/>'
        )
        label = html.escape(mark.label)
        place = min(max(x, free), WIDTH - 6.0 * len(label))
        free = place + 7.0 * len(label) + 6
        pieces.append(f'<text class="mark" x="{place:.1f}" y="{TOP - 9}">{label}</text>')
    return pieces
