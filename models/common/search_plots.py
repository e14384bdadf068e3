"""Pictures of a search: scores by trial, importance, parallel coordinates."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import plots
from minigrad.plots.style import DARK, LIGHT, MEDIUM

from . import search
from .search_spaces import Choice, Range, Space

if TYPE_CHECKING:
    import optuna
    from matplotlib.axes import Axes

BLUE, ORANGE = plots.COLORS[:2]
ERROR = "validation error"
SMALLEST = 1e-3  # a logarithmic axis has no 0
BEST = 3  # trials that are drawn in orange


def draw_all(study: optuna.Study, space: Space, title: str, out: Path) -> None:
    """history.png, importance.png and parallel.png.

    Args:
        study: A study with a complete trial.
        space: Its hyperparameters.
        title: Title of all three.
        out: Folder of the pictures.
    """
    draw_history(study, title, out / "history.png")
    draw_importance(search.importances(study), title, out / "importance.png")
    draw_parallel(study, space, title, out / "parallel.png")


def error(trial: Any) -> float:
    """1 - score of a finished trial, for a logarithmic axis."""
    return max(1 - search.last_score(trial), SMALLEST)


def draw_history(study: optuna.Study, title: str, path: Path) -> None:
    """The error of each finished trial, and the lowest so far.

    Args:
        study: The study.
        title: Title.
        path: File to write.
    """
    trials = search.finished_trials(study)
    errors = np.array([error(trial) for trial in trials])
    complete = np.array([not search.is_pruned(trial) for trial in trials])
    numbers = np.arange(1, len(trials) + 1)
    lowest = np.minimum.accumulate(np.where(complete, errors, np.inf))
    with plots.new_figure(7.2, 4.0, path) as figure:
        axes = figure.subplots()
        axes.step(numbers, lowest, where="post", color=ORANGE, label="best so far")
        axes.plot(numbers[complete], errors[complete], "o", color=BLUE, label="complete")
        if not complete.all():
            pruned = {"color": MEDIUM, "label": "pruned, when it was"}
            axes.plot(numbers[~complete], errors[~complete], "x", **pruned)
        axes.set(xlabel="trial", ylabel=ERROR, title=title, yscale="log")
        axes.xaxis.set_major_locator(plots.integer_ticks())
        _label_shares(axes)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _label_shares(axes: Axes) -> None:
    """Ticks such as 5 % on the vertical axis."""
    from matplotlib.ticker import NullFormatter, NullLocator

    low, high = axes.get_ylim()
    ticks = [tick for tick in _nice_steps(low, high) if low <= tick <= high]
    axes.set_yticks(ticks, [f"{tick:.3g}" for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _nice_steps(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten, around low..high."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in (1, 2, 5)]


def draw_importance(shares: dict[str, float], title: str, path: Path) -> None:
    """One bar per hyperparameter.

    Args:
        shares: The importance of each, the largest first; may be empty.
        title: Title.
        path: File to write.
    """
    with plots.new_figure(6.4, 0.36 * max(len(shares), 3) + 1.1, path) as figure:
        axes = figure.subplots()
        names = [name.replace("_", " ") for name in reversed(shares)]
        bars = axes.barh(names, list(reversed(shares.values())), color=BLUE)
        axes.bar_label(bars, fmt="{:.2f}", padding=4)
        axes.grid(axis="y", visible=False)
        axes.set(title=title, xlabel="share of the variance of the validation accuracy")
        axes.margins(x=0.12)
        if not shares:
            axes.set_yticks([])
            place = {"transform": axes.transAxes, "ha": "center", "va": "center"}
            axes.text(0.5, 0.5, "fewer than four trials with different scores", **place)


# ---- parallel coordinates ------------------------------------------------------------------------


def draw_parallel(study: optuna.Study, space: Space, title: str, path: Path) -> None:
    """One line per finished trial through an axis per hyperparameter, to its error at the right.

    Args:
        study: The study.
        space: Its hyperparameters.
        title: Title.
        path: File to write.
    """
    ranked = search.best_first(study)
    errors = [error(trial) for trial in ranked]
    axis = Range(min(errors), max(max(errors), 1.1 * min(errors)), log=True)
    with plots.new_figure(1.35 * (len(space) + 1), 4.4, path) as figure:
        axes = figure.subplots()
        for rank, trial in reversed(list(enumerate(ranked))):
            heights = [_height(values, trial.params[name]) for name, values in space.items()]
            heights.append(1 - _height(axis, errors[rank]))
            axes.plot(heights, **_line_style(rank, search.is_pruned(trial)))
        for place, values in enumerate(space.values()):
            _draw_axis(axes, place, _ticks(values))
        levels = [step for step in _nice_steps(axis.low, axis.high) if _is_inside(step, axis)]
        _draw_axis(axes, len(space), [(1 - _height(axis, x), f"{x:.3g}") for x in levels])
        names = [name.replace("_", "\n") for name in (*space, ERROR.replace(" ", "_"))]
        axes.set_xticks(range(len(names)), names)
        _add_legend(axes, any(map(search.is_pruned, ranked)))
        axes.set(title=title, xlim=(-0.1, len(space) + 0.45), ylim=(-0.05, 1.05), yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)


def _add_legend(axes: Axes, has_pruned: bool) -> None:
    """What the colors mean."""
    looks = {f"best {BEST}": _line_style(0, False), "others": _line_style(BEST, False)}
    if has_pruned:
        looks["pruned"] = _line_style(0, True)
    for label, style in looks.items():
        axes.plot([], label=label, **style)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _line_style(rank: int, is_pruned: bool) -> dict[str, Any]:
    """How the line of a trial looks."""
    if is_pruned:
        return {"color": LIGHT, "linewidth": 1.0}
    if rank < BEST:
        return {"color": ORANGE, "linewidth": 2.2}
    return {"color": BLUE, "linewidth": 1.0, "alpha": 0.55}


def _draw_axis(axes: Axes, place: int, ticks: list[tuple[float, str]]) -> None:
    """A vertical line with its ticks at the right."""
    axes.axvline(place, color=DARK, linewidth=1.0)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8}
    for height, text in ticks:
        axes.text(place + 0.05, height, text, va="center", fontsize=8, bbox=box, zorder=3)


def _height(values: Range | Choice, value: Any) -> float:
    """Where a value is on the axis of a hyperparameter, from 0 to 1."""
    if isinstance(values, Choice):
        return values.values.index(value) / max(len(values.values) - 1, 1)
    if values.log:
        return math.log(value / values.low) / math.log(values.high / values.low)
    return (value - values.low) / (values.high - values.low)


def _ticks(values: Range | Choice) -> list[tuple[float, str]]:
    """Heights and texts of the ticks of a hyperparameter."""
    if isinstance(values, Choice):
        return [(_height(values, value), str(value)) for value in values.values]
    low, high = values.low, values.high
    if values.log:
        middle = _powers(low, high)
    elif isinstance(low, int):
        middle = list(range(int(low), int(high) + 1))
    else:
        middle = list(np.linspace(low, high, 5))
    ticks = sorted({low, *middle, high})
    return [(_height(values, tick), f"{tick:g}") for tick in ticks]


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten, or of two within a smaller range, away from the ends."""
    base = 10 if high / low >= 1000 else 2
    powers = range(round(math.log(low, base)), round(math.log(high, base)) + 1)
    return [tick for tick in (float(base) ** p for p in powers) if low * 1.2 < tick < high / 1.2]


def _is_inside(x: float, axis: Range) -> bool:
    """True if a tick is on the axis."""
    return axis.low <= x <= axis.high
