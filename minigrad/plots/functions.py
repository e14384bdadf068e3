"""Pictures of functions: activations, losses, decisions, paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping

import numpy as np

from .. import ops
from ..engine.autograd import grad, no_grad
from ..engine.tensor import Tensor
from .style import COLOURS, INK, RED, PathLike, _array, _panels, page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def decision(
    panels: Mapping[str, tuple[Callable[[Any], Any], Any, Any]],
    *,
    margin: float = 0.5,
    path: PathLike = None,
) -> Figure:
    """Regions that models of two inputs tell apart: {title: (predict, points (N, 2), labels 0 or 1)}, a panel each.

    predict maps (M, 2) to M scores in 0..1; the line is where it says 1/2, and points on the wrong side are ringed red.
    """
    from matplotlib.colors import LinearSegmentedColormap

    columns = min(len(panels), 4)
    with page(path, 2.9 * columns, 3.25 * -(-len(panels) // columns)) as figure:
        shades = LinearSegmentedColormap.from_list("sides", ["#f6d3b5", "#ffffff", "#bcd4ee"])
        for axes, (title, (predict, points, labels)) in zip(
            _panels(figure, len(panels), columns), panels.items()
        ):
            points, labels = _array(points), _array(labels).reshape(-1)
            low, high = points.min(0) - margin, points.max(0) + margin
            x, y = np.meshgrid(*(np.linspace(a, b, 401) for a, b in zip(low, high)))
            scores = _array(
                predict(np.stack([x.ravel(), y.ravel()], 1).astype(points.dtype))
            ).reshape(x.shape)
            axes.pcolormesh(
                x, y, scores, cmap=shades, vmin=0, vmax=1, shading="nearest", rasterized=True
            )
            if scores.min() < 0.5 < scores.max():
                axes.contour(x, y, scores, levels=[0.5], colors=INK, linewidths=1.2)
            wrong = (_array(predict(points)).reshape(-1) >= 0.5) != (labels >= 0.5)
            for value, colour, marker in ((0, COLOURS[1], "o"), (1, COLOURS[0], "s")):
                x, y = points[labels == value].T
                axes.scatter(x, y, c=colour, marker=marker, s=70, edgecolors="white", zorder=3)
            x, y = points[wrong].T
            axes.scatter(x, y, s=260, facecolors="none", edgecolors=RED, linewidths=2, zorder=4)
            axes.set(
                title=title,
                aspect="equal",
                xticks=[0, 1],
                yticks=[0, 1],
                xlabel="$x_1$",
                ylabel="$x_2$",
            )
            axes.grid(False)
    return figure


# ---- functions -----------------------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
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


def slope(f: Callable[[Tensor], Tensor], x: Any) -> tuple[np.ndarray, np.ndarray]:
    """f(x) and f'(x) at each element of x, the slope found by minigrad.grad."""
    at = Tensor(x, requires_grad=True, dtype="float64")
    y = f(at)
    return y.numpy(), grad(y.sum(), [at])[0].numpy()


def activations(
    functions: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    *,
    low: float = -5,
    high: float = 5,
    path: PathLike = None,
) -> Figure:
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
            axes.set(
                title=name,
                ylim=(min(0, y.min(), dy.min()) - 0.15, min(3.0, max(y.max(), dy.max()) + 0.15)),
            )
        handles = axes.get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=2)
    return figure


def losses(
    groups: Mapping[str, tuple[str, np.ndarray, Mapping[str, Callable[[Tensor], Tensor]]]],
    *,
    path: PathLike = None,
) -> Figure:
    """Loss of one example against one quantity, and its slope dashed: {title: (x label, x values, {name: f})}, a panel each."""
    with page(path, 4.3 * len(groups), 3.6) as figure:
        for axes, (title, (xlabel, x, functions)) in zip(
            _panels(figure, len(groups), len(groups)), groups.items()
        ):
            axes.axhline(0, color="#8a94a0", linewidth=0.8)
            for i, (name, f) in enumerate(functions.items()):
                y, dy = slope(f, x)
                axes.plot(x, y, color=COLOURS[i], label=name)
                axes.plot(x, dy, "--", color=COLOURS[i], linewidth=1.1)
            axes.set(title=title, xlabel=xlabel, ylabel="loss; slope dashed", ylim=(-4, 6))
            axes.legend(loc="upper center")
    return figure


def paths(
    f: Callable[[Any, Any], Any],
    routes: Mapping[str, Any],
    *,
    goal: tuple[float, float] | None = None,
    window: tuple[float, float, float, float] = (-2, 2, -1, 3),
    title: str = "",
    path: PathLike = None,
) -> Figure:
    """Routes (steps, 2) of optimizers over the contours of f(x, y), all on one picture, each with the f at its end.

    A route that leaves the window ends in an arrow.
    """
    x, y = np.meshgrid(np.linspace(*window[:2], 301), np.linspace(*window[2:], 301))
    with no_grad():
        height = _array(f(x, y))
    with page(path, 8.4, 5.2) as figure:
        axes = figure.subplots()
        depth = np.log1p(height - height.min())  # narrow valleys and steep walls on one scale
        axes.pcolormesh(
            x,
            y,
            depth,
            cmap="Greys",
            vmin=0,
            vmax=2.2 * depth.max(),
            shading="gouraud",
            rasterized=True,
        )
        axes.contour(
            x,
            y,
            depth,
            levels=np.linspace(0.02, 1, 16) * depth.max(),
            colors="#9aa5b1",
            linewidths=0.6,
        )
        for i, (name, route) in enumerate(routes.items()):
            if np.isfinite(_array(route)[-1]).all():
                name += f": {float(f(*_array(route)[-1])):.3g}"
            _route(
                axes, name, _array(route), window, COLOURS[i % len(COLOURS)], 1 - i / len(routes)
            )
        if goal is not None:
            axes.plot(*goal, "*", color=RED, markersize=15, markeredgecolor="white", zorder=5)
        axes.set(xlim=window[:2], ylim=window[2:], xlabel="x", ylabel="y", title=title)
        axes.grid(False)
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.6, title="f at the end"
        )
    return figure


def _route(
    axes: Axes,
    name: str,
    route: np.ndarray,
    window: tuple[float, float, float, float],
    colour: str,
    weight: float,
) -> None:
    """One route up to the step that leaves the window, which becomes an arrow; the label says when it stopped being finite.

    The first routes are drawn widest and longest (`weight` falls from 1 to 0), so that those under others still show.
    """
    inside = (route >= np.array(window[::2])) & (route <= np.array(window[1::2]))
    stays = int(
        np.argmin(np.append(inside.all(1), False))
    )  # the number of points before the first outside
    lost = np.flatnonzero(~np.isfinite(route).all(1))
    if lost.size:
        name += f"\n(leaves for infinity in {lost[0]} steps)"
    axes.plot(
        *route[:stays].T,
        color=colour,
        label=name,
        marker=".",
        markersize=2 + 2 * weight,
        linewidth=1 + 1.6 * weight,
    )
    if stays == len(route):
        axes.plot(*route[-1], "o", color=colour, markersize=7, markeredgecolor="white", zorder=4)
    elif stays:
        start, away = route[stays - 1], route[stays] - route[stays - 1]
        reach = (0.04 + 0.16 * weight) * (window[1] - window[0])
        axes.annotate(
            "",
            start + away / np.linalg.norm(away) * reach,
            start,
            zorder=4 - weight,
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "linewidth": 2,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
