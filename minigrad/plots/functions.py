"""Figures of functions: activations, losses, decision boundaries, optimizers' trajectories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

import numpy as np

from .. import ops
from ..arguments import explains_arguments
from ..config import settings
from ..engine.autograd import grad, no_grad
from ..engine.tensor import Tensor
from ..utils.files import PathLike
from .style import COLORS, DARK, MEDIUM, RED, add_panels, new_figure, nth_color, row_count, to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Function = Callable[..., Any]
Window = tuple[float, float, float, float]  # x from, x to, y from, y to


# ---- decision boundaries -------------------------------------------------------------------------


@explains_arguments
def decision_boundaries(
    panels: Mapping[str, tuple[Function, Any, Any]],
    *,
    margin: float = 0.5,
    path: PathLike | None = None,
) -> Figure:
    """Regions that binary classifiers of two inputs tell apart, one panel per model.

    The line is where the score is 1/2; points on the wrong side of it are ringed red.

    Args:
        panels: {title: (predict, points, labels)}: predict maps (M, 2) to M scores in 0..1, points
            are (N, 2), labels 0 or 1.
        margin: Space around the points.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> points = np.array([[0.0, 0.0], [1.0, 1.0]])
        >>> panels = {"x > 1/2": (lambda x: x[:, 0], points, [0, 1])}
        >>> figure = minigrad.plots.decision_boundaries(panels)
        >>> figure.axes[0].get_title()
        'x > 1/2'
    """
    columns = min(len(panels), 4)
    rows = row_count(len(panels), columns)
    with new_figure(2.9 * columns, 3.25 * rows + 0.3, path) as figure:
        axes_list = add_panels(figure, len(panels), columns)
        for axes, (title, model) in zip(axes_list, panels.items()):
            predict, points, labels = model
            x = to_numpy(points)
            if x.dtype.kind != "f":  # between whole numbers lie others
                x = x.astype(settings.default_dtype)
            _draw_regions(axes, predict, x, margin)
            _draw_labeled(axes, predict, x, to_numpy(labels).reshape(-1))
            axes.set_title(title)
            axes.set_aspect("equal")
            axes.set_xticks([0, 1])
            axes.set_yticks([0, 1])
            axes.set_xlabel("$x_1$")
            axes.set_ylabel("$x_2$")
            axes.grid(False)
        handles, names = _legend_of_all(axes_list)
        figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def _legend_of_all(panels: Sequence[Axes]) -> tuple[list[Any], list[str]]:
    """The marks of all panels and their labels, each label once."""
    pairs = [pair for axes in panels for pair in zip(*axes.get_legend_handles_labels())]
    by_label = {label: handle for handle, label in reversed(pairs)}
    return list(by_label.values())[::-1], list(by_label)[::-1]


def _plane(window: Window, count: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y, each (count, count), of evenly spaced points in a part of the plane."""
    left, right, bottom, top = window
    x = np.linspace(left, right, count)
    y = np.linspace(bottom, top, count)
    return np.meshgrid(x, y)


def _draw_regions(axes: Axes, predict: Function, points: np.ndarray, margin: float) -> None:
    """The score at each place in view, and the line where it is 1/2."""
    from matplotlib.colors import LinearSegmentedColormap

    left, bottom = points.min(0) - margin
    right, top = points.max(0) + margin
    x, y = _plane((left, right, bottom, top), 401)
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    scores = to_numpy(predict(grid.astype(points.dtype)))
    scores = scores.reshape(x.shape)
    colors = ["#f6d3b5", "#ffffff", "#bcd4ee"]
    cmap = LinearSegmentedColormap.from_list("regions", colors)
    image = axes.pcolormesh(x, y, scores, cmap=cmap, shading="nearest")
    image.set(clim=(0, 1), rasterized=True)
    if scores.min() < 0.5 < scores.max():
        axes.contour(x, y, scores, levels=[0.5], colors=DARK, linewidths=1.2)
        axes.plot([], [], color=DARK, linewidth=1.2, label="score 1/2")


def _draw_labeled(axes: Axes, predict: Function, points: np.ndarray, labels: np.ndarray) -> None:
    """The points of both classes, the misclassified ones ringed."""
    for value, marker in ((0, "o"), (1, "s")):
        x, y = points[labels == value].T
        dots = axes.scatter(x, y, s=70, c=COLORS[1 - value], marker=marker)
        dots.set(edgecolors="white", zorder=3, label=f"class {value}")
    scores = to_numpy(predict(points)).reshape(-1)
    wrong = (scores >= 0.5) != (labels >= 0.5)
    if wrong.any():
        x, y = points[wrong].T
        rings = axes.scatter(x, y, s=260, facecolors="none", edgecolors=RED)
        rings.set(linewidths=2, zorder=4, label="wrong side")


# ---- functions of one variable -------------------------------------------------------------------

ACTIVATIONS: dict[str, Function] = {
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "relu": ops.relu,
    "leaky relu (0.2)": ops.leaky_relu,
    "elu": ops.elu,
    "selu": ops.selu,
    "gelu": ops.gelu,
    "swish": ops.swish,
    "softplus": ops.softplus,
    "softsign": ops.softsign,
    "hard sigmoid": ops.hard_sigmoid,
    "hard swish": ops.hard_swish,
}


@explains_arguments
def value_and_derivative(f: Function, x: Any) -> tuple[np.ndarray, np.ndarray]:
    """f(x) and f'(x) at each element of x, in float64, by minigrad.grad.

    Args:
        f: An elementwise function of a Tensor.
        x: The points.

    Example:
        >>> from minigrad.plots import value_and_derivative
        >>> y, dy = value_and_derivative(minigrad.square, [1.0, 3.0])
        >>> y.tolist(), dy.tolist()
        ([1.0, 9.0], [2.0, 6.0])
    """
    points = Tensor(x, requires_grad=True, dtype="float64")
    y = f(points)
    (derivative,) = grad(y.sum(), [points])
    return y.numpy(), derivative.numpy()


@explains_arguments
def activations(
    functions: Mapping[str, Function] | None = None,
    *,
    low: float = -5,
    high: float = 5,
    path: PathLike | None = None,
) -> Figure:
    """Functions and, dashed, their derivatives, one panel each.

    Args:
        functions: {name: function of a Tensor}; None for twelve activations of minigrad.
        low: Left end of the horizontal axis.
        high: Right end of the horizontal axis.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> figure = minigrad.plots.activations({"tanh": minigrad.tanh, "relu": minigrad.relu})
        >>> [axes.get_title() for axes in figure.axes]
        ['tanh', 'relu']
    """
    drawn = functions or ACTIVATIONS
    x = np.linspace(low, high, 1001)
    columns = min(len(drawn), 4)
    rows = row_count(len(drawn), columns)
    with new_figure(2.9 * columns, 2.3 * rows + 0.3, path) as figure:
        axes_list = add_panels(figure, len(drawn), columns)
        for axes, (name, f) in zip(axes_list, drawn.items()):
            y, dy = value_and_derivative(f, x)
            bottom = min(0, y.min(), dy.min()) - 0.15
            top = max(y.max(), dy.max()) + 0.15
            axes.axhline(0, color=MEDIUM, linewidth=0.8)
            axes.axvline(0, color=MEDIUM, linewidth=0.8)
            axes.plot(x, y, label="f(x)")
            axes.plot(x, dy, "--", label="f'(x)")
            axes.set_title(name)
            axes.set_ylim(bottom, min(3.0, top))
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


@explains_arguments
def losses(
    groups: Mapping[str, tuple[str, np.ndarray, Mapping[str, Function]]],
    *,
    path: PathLike | None = None,
) -> Figure:
    """Losses of one example as functions of one quantity, derivatives dashed, one panel per group.

    Args:
        groups: {title: (x label, values of x, {name: function of a Tensor})}.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> error = np.linspace(-1, 1, 5)
        >>> groups = {"regression": ("error", error, {"MSE": minigrad.square})}
        >>> len(minigrad.plots.losses(groups).axes)
        1
    """
    with new_figure(4.3 * len(groups), 3.6, path) as figure:
        panels = add_panels(figure, len(groups), len(groups))
        for axes, (title, group) in zip(panels, groups.items()):
            xlabel, x, functions = group
            axes.axhline(0, color=MEDIUM, linewidth=0.8)
            for i, (name, f) in enumerate(functions.items()):
                y, dy = value_and_derivative(f, x)
                color = nth_color(i)
                axes.plot(x, y, color=color, label=name)
                axes.plot(x, dy, "--", color=color, linewidth=1.1)
            axes.set_title(title)
            axes.set_xlabel(xlabel)
            axes.set_ylabel("loss; derivative dashed")
            axes.set_ylim(-4, 6)
            axes.legend(loc="upper center")
    return figure


# ---- trajectories of optimizers ------------------------------------------------------------------


@explains_arguments
def trajectories(
    f: Function,
    paths: Mapping[str, Any],
    *,
    goal: tuple[float, float] | None = None,
    window: Window = (-2, 2, -1, 3),
    title: str = "",
    path: PathLike | None = None,
) -> Figure:
    """Trajectories of optimizers over the contours of f(x, y), each labeled with f at its end.

    A trajectory that leaves the window ends in an arrow.

    Args:
        f: The function that is minimized, of arrays x and y.
        paths: {name: points (steps, 2)}.
        goal: The minimum, drawn as a star.
        window: The part of the plane in view: x from, x to, y from, y to.
        title: Title of the figure.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> paths = {"descent": [[1.0, 1.0], [0.5, 0.5], [0.0, 0.0]]}
        >>> figure = minigrad.plots.trajectories(lambda x, y: x**2 + y**2, paths)
        >>> figure.axes[0].lines[0].get_label()
        'descent: 0'
    """
    with new_figure(8.4, 5.2, path) as figure:
        axes = figure.subplots()
        _draw_contours(axes, f, window)
        for i, (name, points) in enumerate(paths.items()):
            xy = to_numpy(points)
            label = _trajectory_label(f, name, xy)
            weight = 1 - i / len(paths)
            _draw_trajectory(axes, label, xy, window, nth_color(i), weight)
        if goal is not None:
            (star,) = axes.plot(*goal, "*", color=RED)
            star.set(markersize=15, markeredgecolor="white", zorder=5, label="minimum")
        axes.set_title(title)
        axes.set_xlim(window[:2])
        axes.set_ylim(window[2:])
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        axes.grid(False)
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.6, title="f at the end"
        )
    return figure


def _draw_contours(axes: Axes, f: Function, window: Window) -> None:
    """log(1 + f - min f), which shows narrow valleys and steep walls on one scale."""
    x, y = _plane(window, 301)
    with no_grad():
        height = to_numpy(f(x, y))
    depth = np.log1p(height - height.min())
    top = depth.max()
    levels = np.linspace(0.02, 1, 16) * top
    image = axes.pcolormesh(x, y, depth, cmap="Greys", shading="gouraud")
    image.set(clim=(0, 2.2 * top), rasterized=True)
    axes.contour(x, y, depth, levels=levels, colors="#9aa5b1", linewidths=0.6)


def _trajectory_label(f: Function, name: str, points: np.ndarray) -> str:
    """The name with f at the last point, or with the first step that is not finite."""
    is_finite = np.isfinite(points).all(1)
    if not is_finite.all():
        return f"{name}\n(diverges in {is_finite.argmin()} steps)"
    end = float(f(*points[-1]))
    return f"{name}: {end:.3g}"


def _draw_trajectory(
    axes: Axes, label: str, points: np.ndarray, window: Window, color: str, weight: float
) -> None:
    """Points up to the step that leaves the window, which becomes an arrow.

    `weight` falls from 1 to 0: the first trajectories are widest, to show below later ones.
    """
    x, y = points.T
    left, right, bottom, top = window
    inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    count = len(points) if inside.all() else int(inside.argmin())  # points before the first outside
    (line,) = axes.plot(x[:count], y[:count], ".-", color=color, label=label)
    line.set(markersize=2 + 2 * weight, linewidth=1 + 1.6 * weight)
    if count == len(points):
        (end,) = axes.plot(x[-1], y[-1], "o", color=color)
        end.set(markersize=7, markeredgecolor="white", zorder=4)
    elif count:
        length = (0.04 + 0.16 * weight) * (right - left)
        arrow = _draw_arrow(axes, points[count - 1], points[count], length, color)
        arrow.set_zorder(4 - weight)


def _draw_arrow(
    axes: Axes, start: np.ndarray, target: np.ndarray, length: float, color: str
) -> Any:
    """An arrow of a length, from start towards target."""
    step = target - start
    end = start + step / np.linalg.norm(step) * length
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 2}
    style |= {"shrinkA": 0, "shrinkB": 0}
    return axes.annotate("", tuple(end), tuple(start), arrowprops=style)
