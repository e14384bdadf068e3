"""Pictures of a training: histories, curves, schedules, confusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from .style import COLOURS, INK, PALE, RED, PathLike, _array, _panels, page, whole_numbers

# ---- training ------------------------------------------------------------------------------------------------------

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def history(record: Any, *, title: str | None = None, path: PathLike = None) -> Figure:
    """Loss and metrics by epoch, one panel each; validation dashed. `record` is what fit returned, or its dict of lists."""
    values: Mapping[str, Sequence[float]] = getattr(record, "history", record)
    names = [name for name in values if not name.startswith("val_")]
    if not names:
        raise ValueError("history: nothing was recorded: did fit run for at least one epoch?")
    columns = 2 if len(names) == 4 else min(len(names), 3)
    rows = -(-len(names) // columns)
    with page(path, 4.6 * columns, 3.3 * rows) as figure:
        for axes, name in zip(_panels(figure, len(names), columns), names):
            for key, dashes, label in (
                (name, "-", "training"),
                ("val_" + name, "--", "validation"),
            ):
                if key in values:
                    epochs = np.arange(1, len(values[key]) + 1)
                    axes.plot(
                        epochs,
                        values[key],
                        dashes,
                        color=COLOURS[dashes == "--"],
                        label=label,
                        marker="o" if len(epochs) < 2 else None,
                    )
            axes.set(title=name.replace("_", " "), xlabel="epoch")
            axes.xaxis.set_major_locator(whole_numbers())
            if "val_" + name in values:
                axes.legend()
        figure.suptitle(title or "")
    return figure


def curves(
    lines: Mapping[str, Any],
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    log: bool = False,
    marker: str | None = None,
    path: PathLike = None,
) -> Figure:
    """Named lines in one panel: each a sequence of values, or a pair (x, y); `log` makes the vertical axis logarithmic."""
    with page(path, 7.2, 4.0) as figure:
        axes = figure.subplots()
        for name, line in lines.items():
            x, y = line if isinstance(line, tuple) else (np.arange(len(line)), line)
            axes.plot(_array(x), _array(y), label=name, marker=marker, markersize=4)
        axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
        if log:
            axes.set_yscale("log")
        elif all(np.asarray(line.get_ydata()).dtype.kind in "iu" for line in axes.lines):
            axes.yaxis.set_major_locator(whole_numbers())
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def schedules(rates: Mapping[str, Any], *, path: PathLike = None) -> Figure:
    """Learning rates by epoch, a panel each, all from zero: {name: sequence of rates}."""
    columns = min(len(rates), 4)
    with page(path, 3.1 * columns, 2.4 * -(-len(rates) // columns)) as figure:
        panels = _panels(figure, len(rates), columns, sharex=True)
        for i, (axes, (name, values)) in enumerate(zip(panels, rates.items())):
            axes.plot(_array(values), color=COLOURS[i % len(COLOURS)])
            axes.set(title=name, ylim=(0, 1.08 * float(_array(values).max())))
            axes.ticklabel_format(axis="y", style="plain")
            axes.tick_params(labelbottom=True)
        figure.supxlabel("epoch", fontsize=10)
        figure.supylabel("learning rate", fontsize=10)
    return figure


def confusion(
    labels: Any, predicted: Any, *, names: Sequence[str] | None = None, path: PathLike = None
) -> Figure:
    """How often each true class (row) was taken for each class (column): counts, coloured by their share of the row."""
    from sklearn.metrics import confusion_matrix

    labels, predicted = _array(labels), _array(predicted)
    if predicted.ndim == 2:
        predicted = predicted.argmax(1)
    classes = (
        np.unique(np.concatenate([labels, predicted])) if names is None else np.arange(len(names))
    )
    counts = confusion_matrix(labels, predicted, labels=classes)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size = max(3.6, 0.52 * len(classes) + 1)
    with page(path, size, size) as figure:
        axes = figure.subplots()
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1.15)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = INK if share[row, column] < 0.6 else "white"
                axes.text(
                    column,
                    row,
                    str(count),
                    ha="center",
                    va="center",
                    fontsize=10,
                    color=colour if row == column else RED,
                    fontweight="normal" if row == column else "bold",
                )
        ticks = np.arange(len(classes))
        axes.set(xlabel="predicted", ylabel="true", xticks=ticks, yticks=ticks)
        axes.set_title(f"{np.trace(counts) / max(counts.sum(), 1):.1%} of {counts.sum()} right")
        axes.set_xticklabels(
            classes if names is None else names, rotation=0 if names is None else 40
        )
        axes.set_yticklabels(classes if names is None else names)
        axes.set_xticks(ticks[:-1] + 0.5, minor=True)
        axes.set_yticks(ticks[:-1] + 0.5, minor=True)
        axes.grid(False, which="major")
        axes.grid(True, which="minor", color=PALE)
        axes.tick_params(which="both", length=0)
    return figure
