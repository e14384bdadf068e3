"""Figures of sequences: forecasts, attention, attributions, gradients by time step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from .. import losses
from ..arguments import explains_arguments
from ..backend import to_cpu
from ..config import as_data, settings, to_device
from ..engine.autograd import grad
from ..engine.tensor import Tensor
from ..layers import training
from ..layers.module import device_of
from ..training.model import Model
from ..utils.files import PathLike
from .style import COLORS, DARK, add_panels, integer_ticks, new_figure, row_count
from .training import curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# ---- forecasts -----------------------------------------------------------------------------------


@explains_arguments
def forecast(
    truth: Any,
    predicted: Any,
    baseline: Any = None,
    *,
    xlabel: str = "step",
    ylabel: str = "",
    title: str = "",
    path: PathLike | None = None,
) -> Figure:
    """A series and its forecast; below them the residual, truth - forecast.

    Args:
        truth: The series (T,) or (T, 1).
        predicted: Its forecast, of the same length.
        baseline: A naive forecast, drawn dashed: a series of the same length, or one number.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the series.
        title: Title of the figure.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        ValueError: If a series does not have one value per step.

    Example:
        >>> figure = minigrad.plots.forecast([1.0, 2.0, 4.0], [1.0, 3.0, 3.0], baseline=2.0)
        >>> [line.get_label() for line in figure.axes[0].lines]
        ['truth', 'forecast, RMSE 0.816', 'baseline, RMSE 1.29']
    """
    y = _as_series("truth", truth)
    lines = {"forecast": _as_series("predicted", predicted, len(y))}
    if baseline is not None:
        values = np.full(len(y), float(baseline)) if np.ndim(baseline) == 0 else baseline
        lines["baseline"] = _as_series("baseline", values, len(y))
    with new_figure(7.6, 4.8, path) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        above.plot(y, color=DARK, label="truth", linewidth=1.4)
        below.axhline(0, color=DARK, linewidth=1.0)
        for (name, line), color, linestyle in zip(lines.items(), COLORS, ("-", "--")):
            rmse = float(np.sqrt(np.mean((y - line) ** 2)))
            label = f"{name}, RMSE {rmse:.3g}"
            above.plot(line, label=label, color=color, linestyle=linestyle)
            below.plot(y - line, linewidth=1.2, color=color, linestyle=linestyle)
        above.set(title=title, ylabel=ylabel)
        below.set(xlabel=xlabel, ylabel="truth - forecast")
        below.xaxis.set_major_locator(integer_ticks())
        above.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _as_series(name: str, values: Any, length: int | None = None) -> np.ndarray:
    """A series (T,), given as that or as a column (T, 1)."""
    y = np.asarray(to_cpu(as_data(values)))
    is_series = y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)
    if not is_series or length not in (None, len(y)):
        raise ValueError(
            f"forecast: {name} of shape {y.shape}: expected one value for each of the "
            f"{length or 'T'} steps; draw each column by itself"
        )
    return y.reshape(-1)


# ---- attention -----------------------------------------------------------------------------------


@explains_arguments
def attention_maps(
    weights: Any,
    rows: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    path: PathLike | None = None,
) -> Figure:
    """Attention weights, one panel per head, all on the scale 0..1: dark is much.

    Args:
        weights: Weights (heads, queries, keys) or (queries, keys) of one example.
        rows: The tokens of the queries.
        columns: The tokens of the keys; None for `rows` where queries and keys are equally many.
        names: Titles of the panels; None for "head 1", "head 2", ...
        title: Title of the figure.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        ValueError: For weights of another rank, or tokens that are not one per row or column.

    Example:
        >>> figure = minigrad.plots.attention_maps(np.full((2, 3, 3), 1 / 3), "abc")
        >>> [axes.get_title() for axes in figure.axes[:2]]
        ['head 1', 'head 2']
    """
    maps = _as_attention_maps(weights)
    heads, queries, keys = maps.shape
    if columns is None and queries == keys:
        columns = rows
    _check_token_count("rows", rows, queries, maps.shape)
    _check_token_count("columns", columns, keys, maps.shape)
    titles = names or ([f"head {i + 1}" for i in range(heads)] if heads > 1 else [""])
    width = max(2.2, 0.21 * keys + 0.9)
    height = max(2.2, 0.21 * queries + 1.0)
    across = min(heads, 4 if width < 3.5 else 2)
    down = row_count(heads, across)
    full_width = max(width * across + 0.7, 0.11 * len(title))
    with new_figure(full_width, height * down + 0.4, path) as figure:
        panels = add_panels(figure, heads, across)
        for axes, weight, name in zip(panels, maps, titles):
            image = axes.imshow(weight, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axes.set_title(name)
            axes.grid(False)
            _label_tokens(axes.xaxis, columns, upright=False)
            _label_tokens(axes.yaxis, rows, upright=True)
        figure.colorbar(image, ax=panels, fraction=0.05, pad=0.02, shrink=0.8, label="weight")
        figure.suptitle(title)
    return figure


def _as_attention_maps(weights: Any) -> np.ndarray:
    """Weights (heads, queries, keys)."""
    maps = np.asarray(to_cpu(as_data(weights)))
    if maps.ndim == 2:
        maps = maps[None]
    if maps.ndim != 3 or not maps.size:
        raise ValueError(
            "attention_maps: expected weights (heads, queries, keys) of one example, "
            f"got shape {maps.shape}"
        )
    return maps


def _check_token_count(
    name: str, tokens: Sequence[Any] | None, count: int, shape: tuple[int, ...]
) -> None:
    """Raise ValueError where there are tokens, but not `count`."""
    if tokens is not None and len(tokens) != count:
        raise ValueError(
            f"attention_maps: {len(tokens)} {name} for weights of shape {shape}: expected {count}"
        )


def _label_tokens(axis: Any, tokens: Sequence[Any] | None, upright: bool) -> None:
    """Tokens, or integers, along an axis; turned if longer than a character and not `upright`."""
    if tokens is None:
        axis.set_major_locator(integer_ticks())
        return
    labels = [_visible(token) for token in tokens]
    turned = not upright and max(len(label) for label in labels) > 1
    axis.set_ticks(range(len(labels)), labels, fontsize=8, rotation=90 if turned else 0)
    axis.set_tick_params(length=0)


def _visible(token: Any) -> str:
    """A token with visible white space."""
    return str(token).replace(" ", "␣").replace("\n", "⏎") or "∅"


# ---- attributions --------------------------------------------------------------------------------


@explains_arguments
def token_attributions(
    texts: Mapping[str, tuple[Sequence[Any], Any]],
    *,
    ylabel: str = "attribution",
    path: PathLike | None = None,
) -> Figure:
    """The contribution of each token to an output, one panel per text, all on one scale.

    Args:
        texts: {title: (tokens, attribution of each)}; below 0 a token lowers the output.
        ylabel: Label of the vertical axis.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        ValueError: If attributions are not one per token, or there is no token.

    Example:
        >>> texts = {"praise": (["not", "dull"], [0.75, -0.25])}
        >>> figure = minigrad.plots.token_attributions(texts)
        >>> [float(bar.get_height()) for bar in figure.axes[0].patches]
        [0.75, -0.25]
    """
    attributions = {title: np.asarray(to_cpu(as_data(a))) for title, (_, a) in texts.items()}
    for title, (tokens, _) in texts.items():
        if attributions[title].shape != (len(tokens),):
            raise ValueError(
                f"token_attributions: {title!r} has {len(tokens)} tokens and attributions of "
                f"shape {attributions[title].shape}: expected one for each"
            )
    longest = max((len(tokens) for tokens, _ in texts.values()), default=0)
    if not longest:
        raise ValueError("token_attributions: there is no token to draw")
    with new_figure(max(4.0, 0.55 * longest + 1.0), 2.2 * len(texts), path) as figure:
        panels = figure.subplots(len(texts), 1, squeeze=False, sharey=True).ravel()
        for axes, (title, (tokens, _)) in zip(panels, texts.items()):
            _draw_bars(axes, tokens, attributions[title])
            axes.set_xlim(-0.6, longest - 0.4)
            axes.set_title(title, loc="left")
        figure.supylabel(ylabel, fontsize=10)
    return figure


def _draw_bars(axes: Axes, tokens: Sequence[Any], values: np.ndarray) -> None:
    """One bar per token; the color is that of its sign."""
    positions = range(len(tokens))
    colors = [COLORS[0] if value > 0 else COLORS[1] for value in values]
    axes.bar(positions, values, color=colors)
    axes.axhline(0, color=DARK, linewidth=1.0)
    axes.set_xticks(positions, [_visible(token) for token in tokens], rotation=35, ha="right")
    axes.grid(False, axis="x")


# ---- gradients through time ----------------------------------------------------------------------


@explains_arguments
def compute_time_gradients(model: Model, x: Any, y: Any, loss: Any = "mse") -> np.ndarray:
    """|d loss_i / d x_i[t]| at each time step t, the mean over rows i.

    A row's gradient does not depend on the number of rows. Where it is 0, nothing is learned.

    Args:
        model: A model of floating sequences.
        x: Sequences (N, T, C).
        y: Targets.
        loss: Name or function of the loss.

    Shape:
        (N, T, C) -> (T,)

    Raises:
        ValueError: If x is not floating or not (N, T, C).

    Example:
        >>> from minigrad.layers import Dense, Flatten
        >>> model = minigrad.Sequential([Flatten(input_shape=(4, 2)), Dense(1)])
        >>> minigrad.plots.compute_time_gradients(model, np.ones((3, 4, 2)), np.ones((3, 1))).shape
        (4,)
    """
    sequences = as_data(x)
    if sequences.ndim != 3 or sequences.dtype.kind != "f":
        raise ValueError(
            f"compute_time_gradients: expected floating sequences (N, T, C), got "
            f"{sequences.dtype} of shape {sequences.shape}: of ids, which have no gradient, "
            "take the embedded ones"
        )
    if model.built:
        sequences = to_device(sequences.astype(settings.default_dtype), device_of(model))
    steps = Tensor(sequences, requires_grad=True)
    targets = to_device(as_data(y), steps.device)
    with training(False):
        mean_loss = losses.get(loss)(targets, model(steps))
    (gradient,) = grad(mean_loss * len(sequences), [steps])
    return np.linalg.norm(gradient.numpy(), axis=-1).mean(0)


@explains_arguments
def time_gradients(
    norms: Mapping[str, Any], *, title: str = "", path: PathLike | None = None
) -> Figure:
    """Gradient norms by time step, one line per network, on a logarithmic scale.

    Args:
        norms: {name: result of `compute_time_gradients`}; zeros are gaps.
        title: Title of the figure.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        ValueError: If norms are not one per time step.

    Example:
        >>> figure = minigrad.plots.time_gradients({"LSTM": [0.5, 1.0], "SimpleRNN": [1e-9, 1.0]})
        >>> figure.axes[0].get_yscale()
        'log'
    """
    lines = {}
    for name, values in norms.items():
        y = np.asarray(to_cpu(as_data(values)), np.float64)
        if y.ndim != 1:
            raise ValueError(
                f"time_gradients: {name} has shape {y.shape}: expected one norm for each time step"
            )
        lines[name] = np.where(y > 0, y, np.nan)
    labels = {"xlabel": "time step", "ylabel": "norm of the gradient"}
    return curves(lines, log=True, title=title, path=path, **labels)
