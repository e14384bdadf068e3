"""Pictures of sequences: a forecast against what came, what attention looks at, and the gradient that reaches each time step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from .. import losses
from ..backend import device_name, to_cpu
from ..config import as_data, settings, to_device
from ..engine.autograd import grad
from ..engine.tensor import Tensor
from ..layers import training
from ..training.model import Model
from .style import COLOURS, INK, PathLike, page, whole_numbers
from .training import curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _line(name: str, values: Any, n: int | None = None) -> np.ndarray:
    """A series (T,), given as that or as a column (T, 1)."""
    y = np.asarray(to_cpu(as_data(values)))
    if y.ndim not in (1, 2) or y.ndim == 2 and y.shape[1] != 1 or n not in (None, len(y)):
        raise ValueError(
            f"forecast: {name} of shape {y.shape}: expected one value for each of the {n or 'T'} steps; draw each column "
            "by itself"
        )
    return y.reshape(-1)


def forecast(
    truth: Any,
    predicted: Any,
    baseline: Any = None,
    *,
    xlabel: str = "step",
    ylabel: str = "",
    title: str = "",
    path: PathLike = None,
) -> Figure:
    """What came and what was forecast, in time; below, the residual truth - forecast. All (T,) or (T, 1).

    `baseline` is a forecast of the naive kind, dashed, or one number, such as the mean of the training targets.
    """
    y = _line("truth", truth)
    lines = {"forecast": _line("predicted", predicted, len(y))}
    if baseline is not None:
        lines["baseline"] = (
            np.full(len(y), float(baseline))
            if np.ndim(baseline) == 0
            else _line("baseline", baseline, len(y))
        )
    with page(path, 7.6, 4.8) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        above.plot(y, color=INK, label="truth", linewidth=1.4)
        below.axhline(0, color=INK, linewidth=1.0)
        for i, (name, line) in enumerate(lines.items()):
            rmse, style = (
                float(np.sqrt(np.mean((y - line) ** 2))),
                {"color": COLOURS[i], "linestyle": ("-", "--")[i]},
            )
            above.plot(line, label=f"{name}, RMSE {rmse:.3g}", **style)
            below.plot(y - line, linewidth=1.2, **style)
        above.set(title=title, ylabel=ylabel)
        below.set(xlabel=xlabel, ylabel="truth - forecast")
        below.xaxis.set_major_locator(whole_numbers())
        above.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def attention_maps(
    weights: Any,
    rows: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    path: PathLike = None,
) -> Figure:
    """Attention weights (heads, queries, keys) or (queries, keys), a panel a head, dark where a row's query looks.

    `rows` are the tokens that ask, `columns` those that are looked at (default: the same, where there are as many). All panels
    share one scale, 0..1.
    """
    maps = np.asarray(to_cpu(as_data(weights)))
    maps = maps[None] if maps.ndim == 2 else maps
    if maps.ndim != 3 or not maps.size:
        raise ValueError(
            f"attention_maps: expected weights (heads, queries, keys) of one example, got shape {maps.shape}"
        )
    heads, queries, keys = maps.shape
    columns = rows if columns is None and queries == keys else columns
    for name, tokens, n in (("rows", rows, queries), ("columns", columns, keys)):
        if tokens is not None and len(tokens) != n:
            raise ValueError(
                f"attention_maps: {len(tokens)} {name} for weights of shape {maps.shape}: expected {n}"
            )
    width, height = max(2.2, 0.21 * keys + 0.9), max(2.2, 0.21 * queries + 1.0)
    across = min(heads, 4 if width < 3.5 else 2)
    with page(path, width * across + 0.7, height * -(-heads // across) + 0.4) as figure:
        panels = figure.subplots(-(-heads // across), across, squeeze=False).ravel()
        for spare in panels[heads:]:
            spare.remove()
        for i, (axes, weight) in enumerate(zip(panels, maps)):
            image = axes.imshow(weight, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axes.set_title(names[i] if names else f"head {i + 1}" if heads > 1 else "")
            axes.grid(False)
            for axis, tokens in ((axes.xaxis, columns), (axes.yaxis, rows)):
                if tokens is None:
                    axis.set_major_locator(whole_numbers())
                else:
                    axis.set_ticks(
                        range(len(tokens)),
                        [_shown(token) for token in tokens],
                        fontsize=8,
                        rotation=90
                        if axis is axes.xaxis and max(map(len, map(_shown, tokens))) > 1
                        else 0,
                    )
                    axis.set_tick_params(length=0)
        figure.colorbar(
            image, ax=list(panels[:heads]), fraction=0.05, pad=0.02, shrink=0.8, label="weight"
        )
        figure.suptitle(title)
    return figure


def _shown(token: Any) -> str:
    """A token with its white space visible."""
    return str(token).replace(" ", "␣").replace("\n", "⏎") or "∅"


def token_shares(
    texts: Mapping[str, tuple[Sequence[Any], Any]], *, ylabel: str = "share", path: PathLike = None
) -> Figure:
    """What each token of some texts did for an answer, a panel a text: {title: (tokens, share of each)}; below 0 it spoke against.

    All panels share one scale.
    """
    shares = {title: np.asarray(to_cpu(as_data(values))) for title, (_, values) in texts.items()}
    for title, (tokens, _) in texts.items():
        if shares[title].shape != (len(tokens),):
            raise ValueError(
                f"token_shares: {title!r} has {len(tokens)} tokens and shares of shape {shares[title].shape}: expected one "
                "for each"
            )
    longest = max((len(tokens) for tokens, _ in texts.values()), default=0)
    if not longest:
        raise ValueError("token_shares: there is no token to draw")
    with page(path, max(4.0, 0.55 * longest + 1.0), 2.2 * len(texts)) as figure:
        panels = figure.subplots(len(texts), 1, squeeze=False, sharey=True).ravel()
        for axes, (title, (tokens, _)) in zip(panels, texts.items()):
            axes.bar(
                range(len(tokens)),
                shares[title],
                color=[COLOURS[0] if share > 0 else COLOURS[1] for share in shares[title]],
            )
            axes.axhline(0, color=INK, linewidth=1.0)
            axes.set_xticks(
                range(len(tokens)), [_shown(token) for token in tokens], rotation=35, ha="right"
            )
            axes.set_xlim(-0.6, longest - 0.4)
            axes.set_title(title, loc="left")
            axes.grid(False, axis="x")
        figure.supylabel(ylabel, fontsize=10)
    return figure


# ---- gradients through time ----------------------------------------------------------------------------------------------


def time_gradients_of(model: Model, x: Any, y: Any, loss: Any = "mse") -> np.ndarray:
    """|d loss_i / d x_i[t]| for each step t, the mean over the rows i of x (N, T, C): (T,). Where it is 0, nothing is learned from.

    The loss is the sum over rows, so that a row's gradient does not hang on how many there are.
    """
    x = as_data(x)
    if x.ndim != 3 or x.dtype.kind != "f":
        raise ValueError(
            f"time_gradients_of: expected floating sequences (N, T, C), got {x.dtype} of shape {x.shape}: of ids, which have "
            "no gradient, take the embedded ones"
        )
    device = device_name(model.weights[0].data) if model.built else None
    steps = Tensor(
        to_device(x.astype(settings.default_dtype), device) if device else x, requires_grad=True
    )
    with training(False):
        value = losses.get(loss)(to_device(as_data(y), steps.device), model(steps)) * len(x)
    (slope,) = grad(value, [steps])
    return np.linalg.norm(slope.numpy(), axis=-1).mean(0)


def time_gradients(norms: Mapping[str, Any], *, title: str = "", path: PathLike = None) -> Figure:
    """Gradient norm by time step, a line for each network, on a logarithmic scale: {name: what time_gradients_of gave}.

    Zeros, which have no logarithm, are gaps.
    """
    lines = {}
    for name, values in norms.items():
        y = np.asarray(to_cpu(as_data(values)), np.float64)
        if y.ndim != 1:
            raise ValueError(
                f"time_gradients: {name} has shape {y.shape}: expected one norm for each time step"
            )
        lines[name] = np.where(y > 0, y, np.nan)
    return curves(
        lines, log=True, xlabel="time step", ylabel="norm of the gradient", title=title, path=path
    )
