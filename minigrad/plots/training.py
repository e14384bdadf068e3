"""Figures of a training run: loss and metrics by epoch, curves, schedules, confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from ..arguments import explains_arguments
from ..utils.files import PathLike
from .style import (
    COLORS,
    DARK,
    LIGHT,
    RED,
    add_panels,
    integer_ticks,
    new_figure,
    nth_color,
    row_count,
    titled,
    to_numpy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# ---- by epoch ------------------------------------------------------------------------------------


@explains_arguments
def history(record: Any, *, title: str = "", path: PathLike | None = None) -> Figure:
    """Loss and metrics by epoch, one panel each: training solid, validation dashed.

    Args:
        record: The History that `fit` returns, or its dict of lists.
        title: Title above all panels.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        ValueError: If nothing was recorded.

    Example:
        >>> figure = minigrad.plots.history({"loss": [1.0, 0.5], "val_loss": [1.1, 0.7]})
        >>> [axes.get_title() for axes in figure.axes]
        ['loss']
    """
    values: Mapping[str, Sequence[float]] = getattr(record, "history", record)
    names = [name for name in values if not name.startswith("val_")]
    if not names:
        raise ValueError("history: nothing was recorded: did fit run for at least one epoch?")
    columns = 2 if len(names) == 4 else min(len(names), 3)
    rows = row_count(len(names), columns)
    with new_figure(4.6 * columns, 3.3 * rows, path) as figure:
        for axes, name in zip(add_panels(figure, len(names), columns), names):
            _draw_epochs(axes, values[name], "training", COLORS[0], "-")
            if "val_" + name in values:
                _draw_epochs(axes, values["val_" + name], "validation", COLORS[1], "--")
                axes.legend()
            axes.set(title=name.replace("_", " "), xlabel="epoch")
            axes.xaxis.set_major_locator(integer_ticks())
        figure.suptitle(title)
    return figure


def _draw_epochs(axes: Axes, y: Sequence[float], label: str, color: str, linestyle: str) -> None:
    """One value per epoch, from epoch 1; a dot where a line would have no length."""
    epochs = np.arange(1, len(y) + 1)
    marker = "o" if len(y) < 2 else None
    axes.plot(epochs, y, linestyle, color=color, label=label, marker=marker)


@explains_arguments
def curves(
    lines: Mapping[str, Any],
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    log: bool = False,
    marker: str | None = None,
    path: PathLike | None = None,
) -> Figure:
    """Named lines in one panel.

    Args:
        lines: {name: values}, where values are a sequence or a pair (x, y).
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.
        title: Title of the panel.
        log: True for a logarithmic vertical axis.
        marker: Marker of matplotlib at each point; None for none.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> figure = minigrad.plots.curves({"a": [3.0, 1.0], "b": ([0, 10], [2.0, 1.0])}, log=True)
        >>> [line.get_label() for line in figure.axes[0].lines]
        ['a', 'b']
    """
    with new_figure(7.2, 4.0, path) as figure:
        axes = figure.subplots()
        for name, line in lines.items():
            x, y = line if isinstance(line, tuple) else (np.arange(len(line)), line)
            axes.plot(to_numpy(x), to_numpy(y), label=name, marker=marker, markersize=4)
        axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
        if all(_is_integer(line.get_xdata()) for line in axes.lines):
            axes.xaxis.set_major_locator(integer_ticks())
        if log:
            axes.set_yscale("log")
        elif all(_is_integer(line.get_ydata()) for line in axes.lines):
            axes.yaxis.set_major_locator(integer_ticks())
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _is_integer(values: Any) -> bool:
    """True for whole numbers, of integer type or not."""
    numbers = np.asarray(values)
    return numbers.dtype.kind in "iuf" and bool(np.all(numbers == np.round(numbers)))


@explains_arguments
def schedules(rates: Mapping[str, Any], *, path: PathLike | None = None) -> Figure:
    """Learning rates by epoch, one panel each, all from zero.

    Args:
        rates: {name: one learning rate per epoch}.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> figure = minigrad.plots.schedules({"constant": [0.1] * 3, "decay": [0.1, 0.05, 0.025]})
        >>> [axes.get_title() for axes in figure.axes]
        ['constant', 'decay']
    """
    columns = min(len(rates), 4)
    rows = row_count(len(rates), columns)
    with new_figure(3.1 * columns, 2.4 * rows, path) as figure:
        panels = add_panels(figure, len(rates), columns, sharex=True)
        for i, (axes, (name, values)) in enumerate(zip(panels, rates.items())):
            y = to_numpy(values)
            axes.plot(y, color=nth_color(i))
            axes.set(title=name, ylim=(0, 1.08 * float(y.max())))
            axes.xaxis.set_major_locator(integer_ticks())
            axes.ticklabel_format(axis="y", style="plain")
            axes.tick_params(labelbottom=True)
        figure.supxlabel("epoch", fontsize=10)
        figure.supylabel("learning rate", fontsize=10)
    return figure


# ---- confusion matrix ----------------------------------------------------------------------------


@explains_arguments
def confusion_matrix(
    labels: Any,
    predicted: Any,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    path: PathLike | None = None,
) -> Figure:
    """Counts of each true class (row) predicted as each class (column), colored by row share.

    Args:
        labels: True classes (N,).
        predicted: Predicted classes (N,), or scores (N, classes).
        names: Names of the classes 0, 1, ...; None for the classes themselves.
        title: Put before the share that is right, such as the name of the data.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> figure = minigrad.plots.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
        >>> figure.axes[0].get_title()
        '75.0% of 4 right'
    """
    from sklearn import metrics

    true, guesses = to_numpy(labels), to_numpy(predicted)
    if guesses.ndim == 2:
        guesses = guesses.argmax(1)
    if names is None:
        classes = np.unique(np.concatenate([true, guesses]))
    else:
        classes = np.arange(len(names))
    counts = metrics.confusion_matrix(true, guesses, labels=classes)
    size = max(3.6, 0.52 * len(classes) + 1)
    with new_figure(size, size, path) as figure:
        axes = figure.subplots()
        _draw_counts(axes, counts)
        accuracy = np.trace(counts) / max(counts.sum(), 1)
        axes.set_title(titled(title, f"{accuracy:.1%} of {counts.sum()} right"))
        axes.set(xlabel="predicted", ylabel="true")
        if names is None:
            _label_cells(axes, classes.tolist(), rotation=0)
        else:
            _label_cells(axes, names, rotation=40)
    return figure


def _draw_counts(axes: Axes, counts: np.ndarray) -> None:
    """A colored cell and a number for each pair of classes; mistakes are red."""
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1.15)
    for (row, column), count in np.ndenumerate(counts):
        if not count:
            continue
        right = row == column
        text = axes.text(column, row, str(count), ha="center", va="center", fontsize=10)
        if right:
            text.set_color(DARK if share[row, column] < 0.6 else "white")
        else:
            text.set(color=RED, fontweight="bold")


def _label_cells(axes: Axes, names: Sequence[Any], rotation: float) -> None:
    """A name at each row and column, a thin line between cells."""
    ticks = np.arange(len(names))
    axes.set(xticks=ticks, yticks=ticks)
    axes.set_xticklabels(names, rotation=rotation)
    axes.set_yticklabels(names)
    axes.set_xticks(ticks[:-1] + 0.5, minor=True)
    axes.set_yticks(ticks[:-1] + 0.5, minor=True)
    axes.grid(False, which="major")
    axes.grid(True, which="minor", color=LIGHT)
    axes.tick_params(which="both", length=0)
