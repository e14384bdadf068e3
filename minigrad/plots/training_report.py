"""The page of a watched training: what looks wrong, and each layer's statistics over time."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..arguments import explains_arguments
from ..utils.files import PathLike, atomic_write
from .line_charts import Band, Mark, line_chart

FOLDER = Path(__file__).parent
UPDATES = Band(1e-4, 1e-2, 1e-3, "usual: 1e-4 to 1e-2")


class _Chart(NamedTuple):
    """A statistic: its attribute, title and explanation, the usual band, the kind of axis."""

    name: str
    title: str
    text: str
    band: Band | None
    log: bool


CHARTS = [
    _Chart(
        "gradient",
        "Gradients",
        "Norm of the gradient of each layer's parameters. Lines that fall by powers of ten from "
        "the last layer to the first show gradients that vanish; lines that rise, ones that "
        "explode.",
        None,
        True,
    ),
    _Chart(
        "activation",
        "Activations",
        "Standard deviation of each layer's output. One that shrinks toward 0 no longer tells "
        "rows apart; one that grows from layer to layer saturates what comes after it.",
        None,
        True,
    ),
    _Chart(
        "update",
        "Updates beside weights",
        "Norm of a step's change of each layer's parameters, divided by the norm of the "
        "parameters. Near 1e-3 is usual: far above it training jumps about, far below it nothing "
        "is learned.",
        UPDATES,
        True,
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
        >>> history = model.fit(x, 2 * x, epochs=2, verbose=0, watch=True)
        >>> page = minigrad.plots.training_report(history.watcher, title="A line")
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
    page = re.sub(
        r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _read("training_report.html")
    )
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
    layers = len(_layer_names(statistics))
    return (
        f"{_counted(len(statistics.loss), 'step')}, {_counted(layers, 'layer')} measured at "
        f"{_counted(len(statistics.steps), 'step')} of them, "
        f"{_counted(len(watcher.findings), 'finding')}."
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
    step = "" if finding.step is None else f", step {finding.step}"
    where = html.escape(f"{finding.where}{step}")
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
        if finding.step is not None:
            numbers.setdefault(finding.step, []).append(number)
    return [Mark(step, ", ".join(map(str, listed))) for step, listed in numbers.items()]


# ---- charts --------------------------------------------------------------------------------------


def _charts(watcher: Any) -> str:
    """The loss, then a chart per statistic."""
    statistics = watcher.statistics
    marks = _marks(watcher.findings)
    steps = range(1, len(statistics.loss) + 1)
    is_positive = all(value > 0 for value in statistics.loss if value == value)
    loss = line_chart(
        {"loss": (steps, statistics.loss)},
        {"loss": "var(--accent)"},
        marks,
        log=is_positive,
        label="Loss by step",
    )
    text = "The loss of each step" + (", on a logarithmic axis." if is_positive else ".")
    if marks:
        text += " Dashed lines stand where a finding was made, under its number."
    colors = layer_colors(_layer_names(statistics))
    pieces = [_section("Loss", text, loss, {})]
    for chart in CHARTS:
        lines = getattr(statistics, chart.name)
        named = {name: (statistics.steps, lines[name]) for name in colors if name in lines}
        svg = line_chart(named, colors, marks, chart.band, chart.log, f"{chart.title} by step")
        used = {name: colors[name] for name in named}
        pieces.append(_section(chart.title, chart.text, svg, used))
    return "\n".join(pieces)


def _layer_names(statistics: Any) -> list[str]:
    """All layers, in the order in which the statistics list them."""
    return list(dict.fromkeys(name for chart in CHARTS for name in getattr(statistics, chart.name)))


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


def _section(title: str, text: str, svg: str, colors: Mapping[str, str]) -> str:
    """A heading, its explanation, the chart, and a legend from the first layer to the last."""
    items = "".join(
        f'<li data-name="{html.escape(name)}" style="--color: {color}">{html.escape(name)}</li>'
        for name, color in colors.items()
    )
    legend = f'<ul class="legend">{items}</ul>'
    return (
        f"<h2>{html.escape(title)}</h2>\n<p class=\"soft\">{html.escape(text)}</p>\n"
        f'<div class="chart">{svg}{legend}</div>'
    )
