"""The learning-rate finder: the range test (Smith 2015, arXiv:1506.01186) against the best of a
grid.

Two passes over the digits, each step at a higher rate than the one before: a tenth of the rate at
which the loss was lowest is the suggestion of `callbacks.LearningRateFinder`. Beside it eleven
rates are tried in full, fifty-five passes. For each of six models the suggestion lies within about
a decade of the best of them, and reaches less than half of the loss that the default rate of the
optimizer does. It is no optimum: with Adam it is near the best rate, with SGD three to ten times
below.

Lesson: tutorials/08_learning_rates.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad
from minigrad import Sequential, datasets
from minigrad.callbacks import LearningRateFinder
from minigrad.layers import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    ReLU,
    Reshape,
)
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.optimizers import SGD, Adam
from minigrad.plots import new_figure
from minigrad.plots.style import MEDIUM, RED, add_panels

# ---- the models ----------------------------------------------------------------------------------


def mlp() -> list[Any]:
    """One hidden layer."""
    return [Dense(64, activation="relu")]


def deep() -> list[Any]:
    """Six hidden layers."""
    return [Dense(64, activation="tanh") for _ in range(6)]


def normalized() -> list[Any]:
    """Batch normalization, under which weights and gradients lose their scale."""
    return [Dense(64), BatchNormalization(), ReLU()]


def convolutional() -> list[Any]:
    """Two convolutions."""
    return [
        Reshape((8, 8, 1)),
        Conv2D(8, 3, activation="relu", padding="same"),
        MaxPooling2D(2),
        Conv2D(16, 3, activation="relu", padding="same"),
        Flatten(),
    ]


def recurrent() -> list[Any]:
    """The rows of a digit as a sequence."""
    return [Reshape((8, 8)), LSTM(32)]


CASES = {
    "MLP, SGD": (mlp, SGD),
    "deep tanh, SGD": (deep, SGD),
    "batch norm, SGD": (normalized, SGD),
    "MLP, Adam": (mlp, Adam),
    "CNN, Adam": (convolutional, Adam),
    "LSTM, Adam": (recurrent, Adam),
}
DEFAULTS = {SGD: 0.01, Adam: 0.001}  # what compile("sgd") and compile("adam") take
GRIDS = {SGD: 10.0 ** (np.arange(-9, 2) / 3), Adam: 10.0 ** (np.arange(-12, -1) / 3)}
BATCH_SIZE = 32


def compiled(case: str, rate: float, seed: int) -> Sequential:
    """A fresh model of a case.

    Args:
        case: A key of CASES.
        rate: Its learning rate.
        seed: Seed of the weights.
    """
    layers, optimizer = CASES[case]
    minigrad.seed(seed)
    model = Sequential([Input((64,)), *layers(), Dense(10)])
    model.compile(optimizer(rate), SparseCategoricalCrossentropy(from_logits=True))
    return model


# ---- the test and the grid -----------------------------------------------------------------------


class Result(NamedTuple):
    """What a case gives."""

    finder: LearningRateFinder
    rates: np.ndarray  # the grid
    losses: np.ndarray  # at each of them
    suggested: float  # the loss at the suggestion
    default: float  # the loss at the default of the optimizer


def final_loss(case: str, rate: float, epochs: int, seed: int) -> float:
    """Cross-entropy over the training digits at the end; infinite if it is not a number.

    Args:
        case: A key of CASES.
        rate: The learning rate.
        epochs: Passes over the training digits.
        seed: Seed of the weights and of the order of rows.
    """
    (x, y), _ = datasets.digits.load_data()
    model = compiled(case, rate, seed)
    model.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    loss = model.evaluate(x, y, batch_size=len(x), verbose=0)
    return loss if np.isfinite(loss) else np.inf


def examine(case: str, epochs: int, seed: int) -> Result:
    """The range test of a case, and the losses of full trainings.

    Args:
        case: A key of CASES.
        epochs: Passes over the training digits of a full training.
        seed: Seed of the weights and of the order of rows.
    """
    (x, y), _ = datasets.digits.load_data()
    optimizer = CASES[case][1]
    finder = LearningRateFinder()
    model = compiled(case, 1e-3, seed)
    model.fit(x, y, batch_size=BATCH_SIZE, epochs=3, verbose=0, callbacks=finder)
    rates = GRIDS[optimizer]
    losses = np.array([final_loss(case, float(rate), epochs, seed) for rate in rates])
    suggested = final_loss(case, finder.suggestion(), epochs, seed)
    return Result(
        finder, rates, losses, suggested, final_loss(case, DEFAULTS[optimizer], epochs, seed)
    )


# ---- all of it -----------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "the rates of the grid are a third of a decade apart; sgd begins at 0.01, adam at 0.001"
TARGETS = [
    "decades_from_best_at_most <= 1.25",
    "decades_from_best_adam <= 0.4",
    "loss_over_default_at_most <= 0.5",
]


def train(epochs: int = 5, seed: int = 0) -> tuple[dict[str, Result], dict[str, float]]:
    """The suggestion and the grid for each model: ({case: result}, metrics).

    Args:
        epochs: Passes over the training digits of a full training.
        seed: Seed of the weights and of the order of rows.
    """
    with np.errstate(all="ignore"):  # the highest rates diverge
        results = {case: examine(case, epochs, seed) for case in CASES}
    metrics = {}
    for case, r in results.items():
        key = case.lower().replace(", ", "_").replace(" ", "_")
        best = r.rates[r.losses.argmin()]
        metrics[f"{key}_suggestion"] = r.finder.suggestion()
        metrics[f"{key}_best_rate"] = best
        metrics[f"{key}_loss"] = r.suggested
        metrics[f"{key}_best_loss"] = r.losses.min()
        metrics[f"{key}_default_loss"] = r.default
    return results, metrics | summary(results)


def summary(results: dict[str, Result]) -> dict[str, float]:
    """How far the suggestions are from the best rates, and their losses beside the default's.

    Args:
        results: The result of each case.
    """
    best = [r.rates[r.losses.argmin()] for r in results.values()]
    suggested = [r.finder.suggestion() for r in results.values()]
    with_adam = [CASES[case][1] is Adam for case in results]
    decades = np.abs(np.log10(np.array(suggested) / best))
    return {
        "decades_from_best": float(decades.mean()),
        "decades_from_best_at_most": float(decades.max()),
        "decades_from_best_adam": float(decades[with_adam].mean()),
        "loss_over_default_at_most": max(r.suggested / r.default for r in results.values()),
    }


def pictures(results: dict[str, Result], out: Path) -> None:
    """Of each model the loss of the test, that of the grid, and the suggestion."""
    with new_figure(11, 6, out / "rate_finder.png") as figure:
        for axes, (case, r) in zip(add_panels(figure, len(results), 3), results.items()):
            axes.plot(r.finder.rates, r.finder.smoothed, color=MEDIUM, label="range test")
            axes.plot(r.rates, r.losses, "o-", label="full trainings", markersize=4)
            label = "suggestion, trained in full"
            axes.plot(
                r.finder.suggestion(), r.suggested, "*", color=RED, markersize=13, label=label
            )
            default = DEFAULTS[CASES[case][1]]
            axes.plot(default, r.default, "D", color="black", markersize=5, label="default rate")
            axes.set(title=case, xscale="log", yscale="log", ylim=(None, 5), xlim=(1e-5, 10))
            axes.set_xlabel("learning rate")
        figure.supylabel("cross-entropy", fontsize=10)
        handles = axes.get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=4)
