"""The page of a watched training: what looks wrong, and each layer's statistics over time."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..arguments import explains_arguments
from ..utils.files import PathLike, atomic_write
from .line_charts import Band, Line, Mark, line_chart

FOLDER = Path(__file__).parent
UPDATES = Band(1e-4, 1e-2, 1e-3)


class _Chart(NamedTuple):
    """A statistic of each layer: where it is kept, what it shows, how it is drawn."""

    series: str  # its name in the statistics
    value: str  # the attribute of a point
    title: str
    text: str
    band: Band | None = None
    log: bool = True
    is_optional: bool = False  # True: left out where it is 0 throughout


CHARTS = [
    _Chart(
        "gradient",
        "value",
        "Gradients",
        "Norm of the gradient of each layer's parameters. Lines that fall by powers of ten from "
        "the last layer to the first show gradients that vanish; lines that rise, ones that "
        "explode.",
    ),
    _Chart(
        "activation",
        "std",
        "Activations",
        "Standard deviation of each layer's output. One that shrinks toward 0 no longer tells "
        "rows apart; one that grows from layer to layer saturates what comes after it.",
    ),
    _Chart(
        "activation",
        "zero",
        "Outputs that are 0",
        "Share of each layer's outputs that are 0. A ReLU has half of them; near 1 most of its "
        "units are dead.",
        log=False,
        is_optional=True,
    ),
    _Chart(
        "activation",
        "saturated",
        "Outputs at an end",
        "Share of the outputs, or of the gates of an LSTM or GRU, that stand at an end of sigmoid "
        "or tanh, where the slope is next to 0.",
        log=False,
        is_optional=True,
    ),
    _Chart(
        "update",
        "value",
        "Updates beside weights",
        "Norm of a step's change of each layer's parameters, divided by the norm of the "
        "parameters. In the strip, 1e-4 to 1e-2, and most of all near 1e-3, the dashed line, is "
        "usual: far above it training jumps about, far below it nothing is learned.",
        UPDATES,
    ),
]


@explains_arguments
def training_report(watcher: Any, path: PathLike | None = None, title: str = "") -> str:
    """The page of a watched training: findings on top, then loss and each layer's statistics.

    It is one file that needs no network, light or dark as the reader's system is.

    Args:
        watcher: The Watcher of a run: of `minigrad.watch`, or `history.watcher` after
            `fit(..., watch=True)`.
        path: File to write, such as "report.html"; None writes none.
        title: Title of the page.

    Returns:
        The page as text.

    Raises:
        OSError: If the file cannot be written; a file that was there stays.

    Example:
        >>> model = minigrad.Sequential([minigrad.layers.Dense(1, name="line")])
        >>> model.compile("sgd", "mse")
        >>> x = np.linspace(-1, 1, 64)[:, None]
        >>> with minigrad.watch(model) as watcher:
        ...     history = model.fit(x, 2 * x, epochs=2, verbose=0)
        >>> page = minigrad.plots.training_report(watcher, title="A line")
        >>> "<h1>A line</h1>" in page, page.count("<svg")
        (True, 4)
    """
    title = title or "Training report"
    parts = {
        "TITLE": html.escape(title),
        "STYLE": _read("training_report.css"),
        "SUMMARY": html.escape(_summary(watcher)),
        "FINDINGS": _findings(watcher.findings),
        "CHARTS": _charts(watcher),
    }
    page = re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _read("training_report.html"))
    if path is not None:
        with atomic_write(path) as file:
            file.write(page.encode("utf-8"))
    return page


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


# ---- findings ------------------------------------------------------------------------------------


def _summary(watcher: Any) -> str:
    """How much was seen."""
    statistics = watcher.statistics
    series = list(statistics["gradient"].values())
    measured = max(map(len, series), default=0)
    return (
        f"{_counted(len(statistics['loss']), 'step')}, "
        f"{_counted(len(_layer_names(statistics)), 'layer')}, measured in "
        f"{_counted(measured, 'step')} of them; {_counted(len(watcher.findings), 'finding')}."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _findings(findings: Sequence[Any]) -> str:
    """The list of findings, numbered as the charts mark them."""
    if not findings:
        return '<p class="none">Nothing looks wrong.</p>'
    items = "\n".join(_finding(number, finding) for number, finding in enumerate(findings, 1))
    return f'<ol class="findings">\n{items}\n</ol>'


def _finding(number: int, finding: Any) -> str:
    where = html.escape(f"{finding.where}, step {finding.step}")
    return (
        f'<li class="finding"><div class="head"><span class="number">{number}</span>'
        f"{html.escape(finding.rule.replace('_', ' '))} "
        f'<span class="where">{where}</span></div>'
        f"<p>{html.escape(finding.message)}</p>"
        f'<p class="advice">{html.escape(finding.advice)}</p></li>'
    )


def _marks(findings: Sequence[Any]) -> list[Mark]:
    """One mark per step, with the numbers of its findings."""
    numbers: dict[int, list[int]] = {}
    for number, finding in enumerate(findings, 1):
        numbers.setdefault(finding.step, []).append(number)
    return [Mark(step, ", ".join(map(str, listed))) for step, listed in numbers.items()]


# ---- charts --------------------------------------------------------------------------------------


def _charts(watcher: Any) -> str:
    """The loss, then a chart per statistic."""
    statistics = watcher.statistics
    marks = _marks(watcher.findings)
    colors = layer_colors(_layer_names(statistics))
    pieces = [_loss(statistics["loss"], marks)]
    for chart in CHARTS:
        lines = _lines(statistics[chart.series], chart.value)
        if chart.is_optional and not any(
            value > 0 for _, values in lines.values() for value in values
        ):
            continue
        named = {name: lines[name] for name in colors if name in lines}
        svg = line_chart(named, colors, marks, chart.band, chart.log, f"{chart.title} by step")
        used = {name: colors[name] for name in named}
        pieces.append(_section(chart.title, chart.text, svg, used))
    return "\n".join(pieces)


def _lines(series: Mapping[str, Sequence[Any]], value: str) -> dict[str, Line]:
    """{layer: (steps, values)} of one attribute of the points."""
    return {
        name: ([point.step for point in points], [getattr(point, value) for point in points])
        for name, points in series.items()
    }


def _loss(points: Sequence[Any], marks: Sequence[Mark]) -> str:
    """The section of the loss, on a logarithmic axis where it is above 0 throughout."""
    steps, values = _lines({"loss": points}, "value")["loss"]
    log = all(value > 0 for value in values if value == value)
    text = "The loss of each step" + (", on a logarithmic axis." if log else ".")
    broken = [step for step, value in zip(steps, values) if not math.isfinite(value)]
    if broken:
        text += f" It is NaN or infinite in {_counted(len(broken), 'step')}, first in {broken[0]}."
    if marks:
        text += " Dashed lines stand where a finding was made, under its number."
    lines, colors = {"loss": (steps, values)}, {"loss": "var(--accent)"}
    return _section("Loss", text, line_chart(lines, colors, marks, log=log, label="Loss by step"))


def _layer_names(statistics: Mapping[str, Any]) -> list[str]:
    """All layers, in the order in which the model calls them."""
    return list(dict.fromkeys(name for chart in CHARTS for name in statistics[chart.series]))


def layer_colors(names: Sequence[str]) -> dict[str, str]:
    """A color per layer in CSS, from blue for the first through green to red for the last.

    Args:
        names: The layers in their order.

    Example:
        >>> layer_colors(["a", "b"])["a"]
        'hsl(230 70% var(--lightness))'
    """
    last = max(len(names) - 1, 1)
    return {
        name: f"hsl({230 - 230 * i / last:.0f} 70% var(--lightness))"
        for i, name in enumerate(names)
    }


def _section(title: str, text: str, svg: str, colors: Mapping[str, str] | None = None) -> str:
    """A heading, its explanation, the chart, and a legend from the first layer to the last."""
    items = "".join(
        f'<li data-name="{html.escape(name)}" style="--color: {color}">{html.escape(name)}</li>'
        for name, color in (colors or {}).items()
    )
    legend = f'<ul class="legend">{items}</ul>' if items else ""
    return (
        f'<h2>{html.escape(title)}</h2>\n<p class="soft">{html.escape(text)}</p>\n'
        f'<div class="chart">{svg}{legend}</div>'
    )
