"""Gradients by depth: activations and initializers, depth in time, and what clipping by norm mends
(Hochreiter 1991; Glorot & Bengio 2010; He et al. 2015, arXiv:1502.01852; Pascanu, Mikolov & Bengio
2013, arXiv:1211.5063).

The chain rule multiplies, so a gradient shrinks or grows by a factor per layer. Part one measures
this factor in fresh networks: tanh, relu, selu and no activation have initializers that keep it
near 1; none of the six brings the sigmoid, whose slope is at most 1/4, up to a half. Part two is
the same in time: a recurrent network is as deep as its sequence is long, and the gain of its
recurrent kernel decides. A fresh LSTM is no exception: its forget gates stand near 0.7, and over 60
steps that vanishes too; it has to learn to keep them open.

Part three trains one: relu units whose recurrent kernel starts as the identity (Le, Jaitly & Hinton
2015, arXiv:1504.00941) on the adding problem. Its first gradients are a hundred times longer than
later ones, and more. Without a limit the loss explodes in the first steps, and overflows, or leaves
units that are dead; at a tenth of the rate and less it survives, and learns little or nothing in
the same time. With the gradient cut to a norm of 1 it learns at the rate that exploded. Clipping
cannot mend a gradient that vanishes.

Lesson: tutorials/09_vanishing_and_exploding.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, grad, initializers, plots, training
from minigrad.config import default_device
from minigrad.datasets.adding_problem import load_data
from minigrad.layers import LSTM, Dense, Input, SimpleRNN
from minigrad.losses import MeanSquaredError
from minigrad.optimizers.sgd import SGD
from minigrad.random import generator

from .training_study import gradient_norms

# ---- by layer ------------------------------------------------------------------------------------

ACTIVATIONS = ("sigmoid", "tanh", "relu", "selu", "linear")
INITIALIZERS = {
    "normal 0.05": initializers.RandomNormal(stddev=0.05),
    "LeCun": initializers.LecunNormal(),
    "Glorot": initializers.GlorotUniform(),
    "orthogonal": initializers.Orthogonal(),
    "He": initializers.HeNormal(),
    "normal 0.25": initializers.RandomNormal(stddev=0.25),
}


def factors(depth: int) -> dict[str, list[float]]:
    """The factor per layer of the gradient's norm, of each activation with each initializer.

    It is the root, over the layers, of the norm at the first layer over that at the last.

    Args:
        depth: Number of layers.
    """
    table = {}
    for activation in ACTIVATIONS:
        firsts = [gradient_norms(activation, kind, depth)[0] for kind in INITIALIZERS.values()]
        table[activation] = [first ** (1 / (depth - 1)) for first in firsts]
    return table


# ---- by time step --------------------------------------------------------------------------------

GAINS = (0.7, 1.0, 1.5)


def time_norms(length: int, units: int = 32) -> dict[str, np.ndarray]:
    """|dL/dx[t]| by time step for tanh networks with a recurrent kernel of some gains, and an LSTM.

    Args:
        length: Number of time steps.
        units: Units of the recurrent layer.
    """
    x, y = load_data(100, length, seed=0)
    norms = {}
    for gain in GAINS:
        cell = SimpleRNN(units, recurrent_initializer=initializers.Orthogonal(gain))
        model = Sequential([Input((length, 2)), cell, Dense(1)])
        norms[f"tanh, gain {gain}"] = plots.compute_time_gradients(model, x, y)
    model = Sequential([Input((length, 2)), LSTM(units), Dense(1)])
    norms["LSTM"] = plots.compute_time_gradients(model, x, y)
    return norms


# ---- clipping ------------------------------------------------------------------------------------

CLIPPED_RATE = 0.01
UNLIMITED_RATES = (0.0003, 0.001, CLIPPED_RATE)
BASELINE = 1 / 6  # the loss of always answering 1: the variance of a sum of two uniform numbers


def relu_rnn(length: int, units: int = 32) -> Sequential:
    """(N, length, 2) -> (N, 1): units of relu whose recurrent kernel starts as the identity.

    Args:
        length: Number of time steps.
        units: Units of the recurrent layer.
    """
    cell = SimpleRNN(units, activation="relu", recurrent_initializer=initializers.Identity())
    return Sequential([Input((length, 2)), cell, Dense(1)])


def follow(
    rate: float, clip: float | None, length: int, steps: int, seed: int
) -> dict[str, list[float]]:
    """Loss and norm of the gradient, before it is clipped, at each step of a training.

    Args:
        rate: Learning rate of SGD, whose momentum is 0.9.
        clip: Largest norm of all gradients together; None for no limit.
        length: Number of time steps.
        steps: Number of training steps; the first gradient that is not finite ends it.
        seed: Seed of the weights and of the samples.
    """
    minigrad.seed(seed)
    model = relu_rnn(length)
    optimizer = SGD(rate, momentum=0.9, global_clipnorm=clip)
    curve: dict[str, list[float]] = {"loss": [], "norm": []}
    for _ in range(steps):
        rows = load_data(32, length, seed=int(generator().integers(2**63)))
        x, y = (Tensor(part, device=default_device()) for part in rows)
        with training(), np.errstate(all="ignore"):  # some overflow, which is to be shown
            loss = MeanSquaredError()(y, model(x))
            gradients = grad(loss, model.trainable_weights)
            norm = norm_of(gradients)
        curve["loss"].append(loss.item())
        curve["norm"].append(norm)
        if not math.isfinite(norm):
            break
        optimizer.apply(gradients, model.trainable_weights)
    return curve


def norm_of(gradients: list[Any]) -> float:
    """The Euclidean norm of all gradients together.

    Args:
        gradients: A Tensor per parameter.
    """
    return math.hypot(*(float(np.linalg.norm(g.numpy().astype(float))) for g in gradients))


# ---- all of it -----------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = (
    "Glorot and Bengio want the variance of gradients kept from layer to layer, He et al. twice "
    "that of LeCun for relu: both factors are 1 here within a tenth"
)
TARGETS = [
    "sigmoid_He_factor <= 0.5",
    "relu_Glorot_factor <= 0.8",
    "relu_He_factor >= 0.9",
    "relu_He_factor <= 1.1",
    "tanh_Glorot_factor >= 0.9",
    "relu_normal_0.25_factor >= 1.3",
    "tanh_gain_0.7_first_over_last <= 1e-6",
    "tanh_gain_1.5_first_over_last >= 10",
    "clipped_learns == 1",  # a mean of 1 over the seeds is 1 in each
    "rates_that_learn_without_a_limit == 0",
    "explodes_without_a_limit == 1",
]


def train(
    depth: int = 20, length: int = 30, steps: int = 1000, seed: int = 0
) -> tuple[dict[str, Any], dict[str, float]]:
    """Measure by layer and by time step, train with and without clipping: (findings, metrics).

    Args:
        depth: Layers of the networks whose gradients are measured.
        length: Time steps of the sequences in training; gradients are measured over twice as many.
        steps: Training steps of the recurrent networks.
        seed: Seed of weights and samples.
    """
    minigrad.seed(seed)
    table, norms = factors(depth), time_norms(2 * length)
    curves = {
        f"no limit, rate {rate}": follow(rate, None, length, steps, seed)
        for rate in UNLIMITED_RATES
    }
    clipped = f"norm at most 1, rate {CLIPPED_RATE}"
    curves[clipped] = follow(CLIPPED_RATE, 1.0, length, steps, seed)
    found = {"factors": table, "time": norms, "curves": curves}
    return found, gradient_metrics(table, norms) | clipping_metrics(curves)


def gradient_metrics(
    table: dict[str, list[float]], norms: dict[str, np.ndarray]
) -> dict[str, float]:
    """Some factors per layer, and what is left at the first time step."""
    metrics = {}
    for activation, factors_of in table.items():
        for kind, factor in zip(INITIALIZERS, factors_of):
            if kind in ("Glorot", "He", "normal 0.25"):
                metrics[f"{activation}_{kind}_factor".replace(" ", "_")] = factor
    for name, values in norms.items():
        key = name.replace(",", "").replace(" ", "_")
        metrics[f"{key}_first_over_last"] = float(values[0] / values[-1])
    return metrics


def clipping_metrics(curves: dict[str, dict[str, list[float]]]) -> dict[str, float]:
    """Who learns: whose loss falls below a third of the baseline; who explodes: beyond 1000."""
    *unlimited, clipped = curves.values()
    lowest = [lowest_loss(curve) for curve in unlimited]
    same_rate = np.array(unlimited[-1]["loss"])
    return {
        "clipped_loss": lowest_loss(clipped),
        "clipped_learns": int(lowest_loss(clipped) < BASELINE / 3),
        "clipped_largest_loss": max(clipped["loss"]),
        "clipped_largest_norm": max(clipped["norm"]),
        "clipped_median_norm": float(np.median(clipped["norm"])),
        "lowest_loss_without_a_limit": min(lowest),
        "rates_that_learn_without_a_limit": sum(loss < BASELINE / 3 for loss in lowest),
        "explodes_without_a_limit": int(not np.all(same_rate < 1000)),
    }


def lowest_loss(curve: dict[str, list[float]]) -> float:
    """The lowest mean of fifty losses in a row; the baseline if the training ended before.

    Args:
        curve: What `follow` returned.
    """
    if len(curve["loss"]) < 50:
        return BASELINE
    means = np.convolve(curve["loss"], np.full(50, 1 / 50), "valid")
    return float(np.nanmin(means))


# ---- pictures ------------------------------------------------------------------------------------


def pictures(found: dict[str, Any], out: Path) -> None:
    """The factors as a table, gradients by time step, loss and gradient norm by training step."""
    draw_factors(found["factors"], out / "factors.png")
    plots.time_gradients(found["time"], title="Gradients by time step", path=out / "time.png")
    with plots.new_figure(11, 4.2, out / "curves.png") as figure:
        left, right = figure.subplots(1, 2)
        for name, curve in found["curves"].items():
            marker = "x" if len(curve["loss"]) < 20 else None  # it ended here
            left.plot(smooth(curve["loss"]), marker=marker, label=name)
        left.axhline(BASELINE, color="gray", linestyle=":", label="always answering 1")
        left.set(xlabel="step", ylabel="squared error, mean of 20 steps", ylim=(0, 0.4))
        left.set_title("A recurrent network of relu")
        left.legend(fontsize=8)
        name, curve = list(found["curves"].items())[-1]
        right.plot(curve["norm"], linewidth=0.8, color=plots.COLORS[3], label="before clipping")
        right.axhline(1, color="black", linestyle="--", label="limit")
        right.set(yscale="log", xlabel="step", ylabel="norm of the gradient")
        right.set_title("Its gradient in the training with a limit")
        right.legend()


def smooth(values: list[float]) -> np.ndarray:
    """The mean of the last twenty values at each step, of fewer at the beginning."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - 20, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def draw_factors(table: dict[str, list[float]], path: Path) -> None:
    """Factors per layer as colored cells: blue shrinks, red grows."""
    factors_of = np.array(list(table.values()))
    with plots.new_figure(7.6, 3.8, path) as figure:
        axes = figure.subplots()
        image = axes.imshow(np.log2(factors_of), cmap="RdBu_r", vmin=-2, vmax=2, aspect="auto")
        for (row, column), value in np.ndenumerate(factors_of):
            color = "white" if abs(np.log2(value)) > 1.3 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=color)
        axes.set_xticks(range(len(INITIALIZERS)), list(INITIALIZERS))
        axes.set_yticks(range(len(table)), list(table))
        axes.grid(False)
        axes.set_title("Factor per layer on the gradient's way back")
        figure.colorbar(image, label="log2 of the factor")
