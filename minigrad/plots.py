"""Pictures: how training went, what a model sees, and the functions it is made of.

Each function returns a matplotlib Figure. With `path=` the picture is also written there; without it the figure belongs to
pyplot, so that `plt.show()`, notebooks and galleries find it. matplotlib is imported at the first picture, not before.
"""
from __future__ import annotations

import math
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, Sequence

import numpy as np

from . import ops
from .autograd import grad, no_grad
from .backend import to_cpu
from .tensor import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PathLike = str | os.PathLike[str] | None

# ---- one look for all pictures -------------------------------------------------------------------------------------

INK, PALE, RED = "#1f2933", "#d8dde3", "#c8373c"
COLOURS = ["#2f6db3", "#e07b27", "#3a9a5b", "#7d5ba6", "#b8902a", "#d76fa8", "#3aa6a6", "#6b7280"]
STYLE: dict[str, Any] = {
    "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.labelsize": 10, "legend.fontsize": 9,
    "text.color": INK, "axes.labelcolor": INK, "axes.titlecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.edgecolor": "#8a94a0", "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.grid": True, "grid.color": PALE, "grid.linewidth": 0.7, "lines.linewidth": 1.8, "legend.frameon": False,
    "figure.facecolor": "white", "axes.facecolor": "white", "savefig.dpi": 130, "image.interpolation": "nearest",
}


@contextmanager
def page(path: PathLike, width: float, height: float) -> Iterator[Figure]:
    """An empty figure of `width` x `height` inches in the common style, saved to `path` when the block ends."""
    import matplotlib
    from cycler import cycler
    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycler(color=COLOURS)}):
        if path is None:
            from matplotlib import pyplot
            yield pyplot.figure(figsize=(width, height), layout="constrained")
            return
        from matplotlib.figure import Figure
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)


def _array(x: Any) -> np.ndarray:
    """A NumPy array of a Tensor, an array on any device, or a list."""
    return to_cpu(getattr(x, "_array", x))


def _panels(figure: Figure, n: int, columns: int, **options: Any) -> list[Axes]:
    """`n` axes in rows of `columns`; the places left over in the last row stay blank."""
    grid = figure.subplots(-(-n // columns), columns, squeeze=False, **options).ravel()
    for spare in grid[n:]:
        spare.remove()
    return list(grid[:n])


def whole_numbers() -> Any:
    """A locator that puts ticks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator
    return MaxNLocator(integer=True, min_n_ticks=1)     # also where a single epoch leaves one number in view


# ---- training ------------------------------------------------------------------------------------------------------

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
            for key, dashes, label in ((name, "-", "training"), ("val_" + name, "--", "validation")):
                if key in values:
                    epochs = np.arange(1, len(values[key]) + 1)
                    axes.plot(epochs, values[key], dashes, color=COLOURS[dashes == "--"], label=label,
                              marker="o" if len(epochs) < 2 else None)
            axes.set(title=name.replace("_", " "), xlabel="epoch")
            axes.xaxis.set_major_locator(whole_numbers())
            if "val_" + name in values:
                axes.legend()
        figure.suptitle(title or "")
    return figure


def curves(lines: Mapping[str, Any], *, xlabel: str = "", ylabel: str = "", title: str = "", log: bool = False,
           marker: str | None = None, path: PathLike = None) -> Figure:
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


# ---- what a model sees ---------------------------------------------------------------------------------------------

def pictures_of(x: Any) -> np.ndarray:
    """Rows as pictures, (N, H, W) or (N, H, W, 3): a single channel is dropped, flat rows must make squares."""
    x = _array(x)
    if x.ndim == 2:
        side = math.isqrt(x.shape[1])
        if side * side != x.shape[1]:
            raise ValueError(f"rows of {x.shape[1]} values are no square pictures: reshape them to (N, height, width)")
        x = x.reshape(-1, side, side)
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]
    if x.ndim != 3 and not (x.ndim == 4 and x.shape[-1] == 3):
        raise ValueError(f"expected pictures (N, H, W), (N, H, W, 1 or 3) or flat squares (N, H*H), got shape {x.shape}")
    return x


def thumbnails(figure: Figure, images: np.ndarray, columns: int) -> list[Axes]:
    """Bare axes in rows of `columns`, each showing one image; all grey images share black and white points."""
    panels = _panels(figure, len(images), columns)
    low, high = float(images.min()), float(images.max())
    for axes, image in zip(panels, images):
        shown = (image - low) / (high - low or 1) if image.ndim == 3 else image
        axes.imshow(shown, cmap="gray", vmin=low, vmax=high)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, linewidth=0.6)
    return panels


def samples(images: Any, *, columns: int = 8, titles: Sequence[Any] | None = None, title: str = "",
            path: PathLike = None) -> Figure:
    """A grid of pictures, such as a generator's: (N, H, W), (N, H, W, 1 or 3) or flat squares (N, H*H)."""
    images = pictures_of(images)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    with page(path, 1.05 * columns, (1.3 if titles is not None else 1.05) * rows + (0.3 if title else 0)) as figure:
        for i, axes in enumerate(thumbnails(figure, images, columns)):
            if titles is not None:
                axes.set_title(str(titles[i]), fontsize=9, fontweight="normal", pad=3)
        figure.suptitle(title)
    return figure


def predictions(images: Any, labels: Any, predicted: Any, *, names: Sequence[str] | None = None, columns: int = 8,
                path: PathLike = None) -> Figure:
    """A grid of pictures, each titled "true / predicted", wrong ones red: labels (N,), predicted (N,) or scores (N, classes)."""
    images, labels, predicted = pictures_of(images), _array(labels), _array(predicted)
    if predicted.ndim == 2:
        predicted = predicted.argmax(1)
    if not len(images) == len(labels) == len(predicted) or labels.ndim != 1:
        raise ValueError(f"predictions: {len(images)} pictures, labels of shape {labels.shape}, predicted {predicted.shape}: "
                         "expected one label and one prediction for each picture")
    name = (lambda label: str(label)) if names is None else (lambda label: names[label])
    columns = min(columns, len(images))
    with page(path, 1.15 * columns, 1.42 * -(-len(images) // columns) + 0.4) as figure:
        for axes, true, guess in zip(thumbnails(figure, images, columns), labels, predicted):
            wrong = bool(true != guess)
            axes.set_title(f"{name(true)} / {name(guess)}", color=RED if wrong else INK, fontsize=10, pad=3,
                           fontweight="bold" if wrong else "normal")
            if wrong:
                for spine in axes.spines.values():
                    spine.set(color=RED, linewidth=2)
        figure.suptitle(f"true / predicted: {int((labels != predicted).sum())} of {len(labels)} wrong", fontsize=10)
    return figure


def confusion(labels: Any, predicted: Any, *, names: Sequence[str] | None = None, path: PathLike = None) -> Figure:
    """How often each true class (row) was taken for each class (column): counts, coloured by their share of the row."""
    from sklearn.metrics import confusion_matrix
    labels, predicted = _array(labels), _array(predicted)
    if predicted.ndim == 2:
        predicted = predicted.argmax(1)
    classes = np.unique(np.concatenate([labels, predicted])) if names is None else np.arange(len(names))
    counts = confusion_matrix(labels, predicted, labels=classes)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size = max(3.6, 0.52 * len(classes) + 1)
    with page(path, size, size) as figure:
        axes = figure.subplots()
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1.15)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = INK if share[row, column] < 0.6 else "white"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=10,
                          color=colour if row == column else RED, fontweight="normal" if row == column else "bold")
        ticks = np.arange(len(classes))
        axes.set(xlabel="predicted", ylabel="true", xticks=ticks, yticks=ticks)
        axes.set_title(f"{np.trace(counts) / max(counts.sum(), 1):.1%} of {counts.sum()} right")
        axes.set_xticklabels(classes if names is None else names, rotation=0 if names is None else 40)
        axes.set_yticklabels(classes if names is None else names)
        axes.set_xticks(ticks[:-1] + 0.5, minor=True)
        axes.set_yticks(ticks[:-1] + 0.5, minor=True)
        axes.grid(False, which="major")
        axes.grid(True, which="minor", color=PALE)
        axes.tick_params(which="both", length=0)
    return figure


def decision(panels: Mapping[str, tuple[Callable[[Any], Any], Any, Any]], *, margin: float = 0.5,
             path: PathLike = None) -> Figure:
    """Regions that models of two inputs tell apart: {title: (predict, points (N, 2), labels 0 or 1)}, a panel each.

    predict maps (M, 2) to M scores in 0..1; the line is where it says 1/2, and points on the wrong side are ringed red.
    """
    from matplotlib.colors import LinearSegmentedColormap
    columns = min(len(panels), 4)
    with page(path, 2.9 * columns, 3.25 * -(-len(panels) // columns)) as figure:
        shades = LinearSegmentedColormap.from_list("sides", ["#f6d3b5", "#ffffff", "#bcd4ee"])
        for axes, (title, (predict, points, labels)) in zip(_panels(figure, len(panels), columns), panels.items()):
            points, labels = _array(points), _array(labels).reshape(-1)
            low, high = points.min(0) - margin, points.max(0) + margin
            x, y = np.meshgrid(*(np.linspace(a, b, 401) for a, b in zip(low, high)))
            scores = _array(predict(np.stack([x.ravel(), y.ravel()], 1).astype(points.dtype))).reshape(x.shape)
            axes.pcolormesh(x, y, scores, cmap=shades, vmin=0, vmax=1, shading="nearest", rasterized=True)
            if scores.min() < 0.5 < scores.max():
                axes.contour(x, y, scores, levels=[0.5], colors=INK, linewidths=1.2)
            wrong = (_array(predict(points)).reshape(-1) >= 0.5) != (labels >= 0.5)
            for value, colour, marker in ((0, COLOURS[1], "o"), (1, COLOURS[0], "s")):
                x, y = points[labels == value].T
                axes.scatter(x, y, c=colour, marker=marker, s=70, edgecolors="white", zorder=3)
            x, y = points[wrong].T
            axes.scatter(x, y, s=260, facecolors="none", edgecolors=RED, linewidths=2, zorder=4)
            axes.set(title=title, aspect="equal", xticks=[0, 1], yticks=[0, 1], xlabel="$x_1$", ylabel="$x_2$")
            axes.grid(False)
    return figure


# ---- functions -----------------------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": ops.sigmoid, "tanh": ops.tanh, "relu": ops.relu, "leaky relu (0.2)": ops.leaky_relu,
    "elu": ops.elu, "selu": ops.selu, "gelu": ops.gelu, "swish": ops.swish,
    "softplus": ops.softplus, "softsign": ops.softsign, "hard sigmoid": ops.hard_sigmoid, "hard swish": ops.hard_swish,
}


def slope(f: Callable[[Tensor], Tensor], x: Any) -> tuple[np.ndarray, np.ndarray]:
    """f(x) and f'(x) at each element of x, the slope found by minigrad.grad."""
    at = Tensor(x, requires_grad=True, dtype="float64")
    y = f(at)
    return y.numpy(), grad(y.sum(), [at])[0].numpy()


def activations(functions: Mapping[str, Callable[[Tensor], Tensor]] | None = None, *, low: float = -5, high: float = 5,
                path: PathLike = None) -> Figure:
    """Each function (default: twelve activations) and, dashed, its slope as minigrad.grad finds it."""
    functions = functions or ACTIVATIONS
    x = np.linspace(low, high, 1001)
    columns = min(len(functions), 4)
    rows = -(-len(functions) // columns)
    with page(path, 2.9 * columns, 2.3 * rows + 0.3) as figure:
        for axes, (name, f) in zip(_panels(figure, len(functions), columns), functions.items()):
            y, dy = slope(f, x)
            axes.axhline(0, color="#8a94a0", linewidth=0.8)
            axes.axvline(0, color="#8a94a0", linewidth=0.8)
            axes.plot(x, y, label="f(x)")
            axes.plot(x, dy, "--", label="f'(x)")
            axes.set(title=name, ylim=(min(0, y.min(), dy.min()) - 0.15, min(3.0, max(y.max(), dy.max()) + 0.15)))
        handles = axes.get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=2)
    return figure


def losses(groups: Mapping[str, tuple[str, np.ndarray, Mapping[str, Callable[[Tensor], Tensor]]]], *,
           path: PathLike = None) -> Figure:
    """Loss of one example against one quantity, and its slope dashed: {title: (x label, x values, {name: f})}, a panel each."""
    with page(path, 4.3 * len(groups), 3.6) as figure:
        for axes, (title, (xlabel, x, functions)) in zip(_panels(figure, len(groups), len(groups)), groups.items()):
            axes.axhline(0, color="#8a94a0", linewidth=0.8)
            for i, (name, f) in enumerate(functions.items()):
                y, dy = slope(f, x)
                axes.plot(x, y, color=COLOURS[i], label=name)
                axes.plot(x, dy, "--", color=COLOURS[i], linewidth=1.1)
            axes.set(title=title, xlabel=xlabel, ylabel="loss; slope dashed", ylim=(-4, 6))
            axes.legend(loc="upper center")
    return figure


def paths(f: Callable[[Any, Any], Any], routes: Mapping[str, Any], *, goal: tuple[float, float] | None = None,
          window: tuple[float, float, float, float] = (-2, 2, -1, 3), title: str = "", path: PathLike = None) -> Figure:
    """Routes (steps, 2) of optimizers over the contours of f(x, y), all on one picture, each with the f at its end.

    A route that leaves the window ends in an arrow.
    """
    x, y = np.meshgrid(np.linspace(*window[:2], 301), np.linspace(*window[2:], 301))
    with no_grad():
        height = _array(f(x, y))
    with page(path, 8.4, 5.2) as figure:
        axes = figure.subplots()
        depth = np.log1p(height - height.min())                      # narrow valleys and steep walls on one scale
        axes.pcolormesh(x, y, depth, cmap="Greys", vmin=0, vmax=2.2 * depth.max(), shading="gouraud", rasterized=True)
        axes.contour(x, y, depth, levels=np.linspace(0.02, 1, 16) * depth.max(), colors="#9aa5b1", linewidths=0.6)
        for i, (name, route) in enumerate(routes.items()):
            if np.isfinite(_array(route)[-1]).all():
                name += f": {float(f(*_array(route)[-1])):.3g}"
            _route(axes, name, _array(route), window, COLOURS[i % len(COLOURS)], 1 - i / len(routes))
        if goal is not None:
            axes.plot(*goal, "*", color=RED, markersize=15, markeredgecolor="white", zorder=5)
        axes.set(xlim=window[:2], ylim=window[2:], xlabel="x", ylabel="y", title=title)
        axes.grid(False)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.6, title="f at the end")
    return figure


def _route(axes: Axes, name: str, route: np.ndarray, window: tuple[float, float, float, float], colour: str,
           weight: float) -> None:
    """One route up to the step that leaves the window, which becomes an arrow; the label says when it stopped being finite.

    The first routes are drawn widest and longest (`weight` falls from 1 to 0), so that those under others still show.
    """
    inside = (route >= np.array(window[::2])) & (route <= np.array(window[1::2]))
    stays = int(np.argmin(np.append(inside.all(1), False)))          # the number of points before the first outside
    lost = np.flatnonzero(~np.isfinite(route).all(1))
    if lost.size:
        name += f"\n(leaves for infinity in {lost[0]} steps)"
    axes.plot(*route[:stays].T, color=colour, label=name, marker=".", markersize=2 + 2 * weight, linewidth=1 + 1.6 * weight)
    if stays == len(route):
        axes.plot(*route[-1], "o", color=colour, markersize=7, markeredgecolor="white", zorder=4)
    elif stays:
        start, away = route[stays - 1], route[stays] - route[stays - 1]
        reach = (0.04 + 0.16 * weight) * (window[1] - window[0])
        axes.annotate("", start + away / np.linalg.norm(away) * reach, start, zorder=4 - weight,
                      arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0})
